"""Runs a command on a terminal of its own: on-a-terminal.py ANSWERS COMMAND...

ANSWERS is JSON, [[question, answer], ...]: each answer is typed once its question stands on the screen. Prints
{"code", "screen"}, where the screen is all that was ever shown.
"""
import json, os, pty, select, sys, time

answers = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
screen = b""
seen = 0
deadline = time.time() + 45
while time.time() < deadline:
    if not select.select([terminal], [], [], 1)[0]:
        continue
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        piece = b""
    if piece == b"":
        break
    screen += piece
    if answers and answers[0][0].encode() in screen[seen:]:
        seen = len(screen)
        os.write(terminal, answers.pop(0)[1].encode())
else:
    os.kill(pid, 9)
status = os.waitpid(pid, 0)[1]
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "screen": screen.decode()}))

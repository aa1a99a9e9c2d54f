"""One JSON line: messages per second of processor time that PyKMIP's codec reads and writes. Input: a JSON list of [kind, hex], and seconds."""
import json
import sys
import time

from kmip.core.messages import messages
from kmip.core.utils import BytearrayStream

asked = json.load(sys.stdin)
KINDS = {"request": messages.RequestMessage, "response": messages.ResponseMessage}
items = [(KINDS[kind], bytes.fromhex(data)) for kind, data in asked["messages"]]


def once(kind, data):
    message = kind()
    message.read(BytearrayStream(data))
    target = BytearrayStream()
    message.write(target)
    return target.buffer


# Only messages that it brings back as they were are compared, so that both do the same work.
able = []
for index, (kind, data) in enumerate(items):
    try:
        if once(kind, data) == data:
            able.append(index)
    except Exception:
        pass
done = 0
end = time.perf_counter() + asked["seconds"]
start = time.process_time()
while time.perf_counter() < end:
    for index in able:
        once(*items[index])
    done += len(able)
print(json.dumps({"able": able, "perSecond": done / (time.process_time() - start)}))

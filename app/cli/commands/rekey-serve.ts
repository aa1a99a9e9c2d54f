import { InvalidArgumentError, type Command } from 'commander';
import { HealthEndpoint } from '../../services/health-endpoint.ts';
import { RekeyServer } from '../../services/rekey-serve.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { consoleLog, failureOf } from '../../error-log.ts';
import type { Session } from '../session.ts';
import { printable } from '../text.ts';

/** `fkc rekey serve` */
export function addRekeyServe(rekey: Command, choose: Choose): void {
  rekey
    .command('serve')
    .description('work on every running campaign and act on the schedules, until SIGTERM or Ctrl+C; then finish what is in hand and end with exit code 0')
    .option('--health-port <port>', 'answer GET http://127.0.0.1:PORT/health with 200 or 503 and a JSON document; 0 takes a free port', port)
    .addHelpText('after', examples('fkc --profile prod rekey serve --health-port 9480'))
    .action((options: { healthPort?: number }) => choose((session) => serve(session, options.healthPort)));
}

async function serve(session: Session, healthPort: number | undefined) {
  const abort = new AbortController();
  session.onInterrupt(() => abort.abort());
  const { cluster, rekeys } = await session.unlocked();
  const log = consoleLog(session.home);
  const worker = rekeys.workers.name;
  const say = (line: string): void => void session.err.write(`${new Date().toISOString()} ${printable(line)}\n`).catch(() => undefined);
  const server = new RekeyServer({ cluster, worker, signal: abort.signal, explain: (where, error) => failureOf(log, where, error), say });
  const endpoint = healthPort === undefined ? null : await HealthEndpoint.open(healthPort, () => ({ ok: server.state.status === 'ok', document: server.state }));
  try {
    say(`worker ${worker} serves profile ${cluster.profile.name}${endpoint === null ? '' : `, health on ${endpoint.address}`}`);
    await server.run();
    say('stopped: ranges and leases are given back');
  } finally {
    await endpoint?.close();
  }
  return { document: { ok: true, worker, startedAt: server.state.startedAt, endedAt: Date.now() }, text: '' };
}

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('It is a port number from 0 to 65535.');
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '../../main/errors.ts';

const LOOPBACK = '127.0.0.1';

/** A health endpoint for the machine's own monitoring: `GET /health`, 200 or 503, one JSON document. */
export class HealthEndpoint {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * @param port on 127.0.0.1; 0 takes a free one
   * @param report what is told, and whether all is well; never a secret
   * @throws AppError `HEALTH_PORT_UNAVAILABLE`
   */
  static async open(port: number, report: () => { ok: boolean; document: object }): Promise<HealthEndpoint> {
    const server = createServer((request, response) => {
      request.resume();
      const path = (request.url ?? '').split('?')[0];
      const { ok, document } = report();
      const status = path !== '/health' ? 404 : request.method !== 'GET' && request.method !== 'HEAD' ? 405 : ok ? 200 : 503;
      const body = status === 200 || status === 503 ? `${JSON.stringify(document)}\n` : '';
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', 'content-length': Buffer.byteLength(body), connection: 'close' });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    server.requestTimeout = 5_000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, LOOPBACK, resolve);
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new AppError('HEALTH_PORT_UNAVAILABLE', `The health endpoint can not listen on ${LOOPBACK}:${port} (${cause.code ?? 'unknown'}). Nothing was begun.`, 'Give another port, or 0 for a free one.', { details: { port }, cause });
    });
    return new HealthEndpoint(server);
  }

  get address(): string {
    // Loopback alone, and nothing secret: no TLS.
    // eslint-disable-next-line @microsoft/sdl/no-insecure-url
    return `http://${LOOPBACK}:${(this.#server.address() as AddressInfo).port}/health`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

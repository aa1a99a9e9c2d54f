import { afterAll, beforeAll } from 'vitest';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type KmsServer, startLocalStack } from './python-server.ts';

/** AWS for the tests of one file, or of one suite. */
export interface AwsPeer {
  /** LocalStack itself, past the fault proxy: what a test asks there counts for nothing. */
  readonly url: string;
  /** What everything that this process starts asks. */
  readonly proxy: FaultProxy;
}

/**
 * Starts LocalStack behind a fault proxy before the tests of the file or suite that it is called in, names it to the SDK,
 * and ends it after them.
 * @param python that has LocalStack. Install it before any hook: the first time it takes minutes.
 */
export function useAws(python: string): AwsPeer {
  let server: KmsServer | undefined;
  let proxy: FaultProxy | undefined;
  beforeAll(async () => {
    server = await startLocalStack(python);
    proxy = await startFaultProxy(server.url);
    process.env['AWS_ENDPOINT_URL_KMS'] = proxy.url;
  });
  afterAll(async () => {
    delete process.env['AWS_ENDPOINT_URL_KMS'];
    await proxy?.stop();
    await server?.stop();
  });
  return {
    get url() {
      return started(server).url;
    },
    get proxy() {
      return started(proxy);
    },
  };
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('AWS is started before the tests that use it, and is there within them alone.');
  return part;
}

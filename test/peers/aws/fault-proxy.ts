import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is done to a request instead of handing it on, or to its answer. */
export type Fault =
  /** An error as AWS answers it. */
  | { readonly kind: 'error'; readonly status: number; readonly type: string; readonly message?: string }
  /** A whole answer of another's making. */
  | { readonly kind: 'answer'; readonly status: number; readonly body: string | Buffer }
  /** Nothing for so long, then the real answer. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The request waits until something else has happened. */
  | { readonly kind: 'held'; readonly until: () => Promise<unknown> }
  /** The head at once and the body never. */
  | { readonly kind: 'no-body' }
  /** The connection ends after so many bytes of the real answer; null: before any. */
  | { readonly kind: 'cut'; readonly after: number | null }
  /** The first so many bytes of the real answer, as if they were all. */
  | { readonly kind: 'half'; readonly bytes: number }
  /** The real answer, changed. */
  | { readonly kind: 'changed'; readonly change: (answer: Readonly<Record<string, unknown>>) => unknown }
  /** The real answer to a changed request: valid, and for something else. */
  | { readonly kind: 'asked-otherwise'; readonly change: (asked: Readonly<Record<string, unknown>>) => unknown };

export interface Rule {
  /** Operation as in `x-amz-target`; any where left out. */
  readonly operation?: string;
  /** Region of the credential scope; any where left out. */
  readonly region?: string;
  readonly fault: Fault;
  /** How many requests it is for; all where left out. */
  readonly times?: number;
}

export interface Passed {
  readonly operation: string;
  readonly region: string;
  /** Who asked: the access key ID of the credential scope. */
  readonly accessKeyId: string;
  /** The session token that came with it; empty where none did. */
  readonly sessionToken: string;
  /** When it came, by a clock that never jumps. */
  readonly at: number;
}

export interface FaultProxy {
  readonly url: string;
  /** Requests in the order of their coming. */
  readonly passed: readonly Passed[];
  /** From now on; the first rule that fits is used. */
  set(...rules: Rule[]): void;
  stop(): Promise<void>;
}

/** Stands between the SDK and a server, and does what no stand-in for AWS does: fail. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  let rules: { rule: Rule; left: number }[] = [];
  const passed: Passed[] = [];
  const server = createServer((incoming, outgoing) => {
    const asked = { operation: operationOf(incoming), region: scopeOf(incoming, 2), accessKeyId: scopeOf(incoming, 0), sessionToken: String(incoming.headers['x-amz-security-token'] ?? ''), at: performance.now() };
    passed.push(asked);
    const found = rules.find(({ rule, left }) => left > 0 && (rule.operation ?? asked.operation) === asked.operation && (rule.region ?? asked.region) === asked.region);
    if (found !== undefined) found.left -= 1;
    // Whoever asked may be gone.
    outgoing.on('error', () => undefined);
    pass(upstream, incoming, outgoing, found?.rule.fault ?? null).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    set(...next) {
      rules = next.map((rule) => ({ rule, left: rule.times ?? Infinity }));
      passed.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pass(upstream: string, incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | null): Promise<void> {
  const body = await gathered(incoming);
  const real = (sent: Buffer = body): Promise<Answer> => ask(upstream, incoming, sent);
  switch (fault?.kind) {
    case undefined:
      return write(outgoing, await real());
    case 'error':
      return write(outgoing, { status: fault.status, body: Buffer.from(JSON.stringify({ __type: fault.type, message: fault.message ?? '' })) });
    case 'answer':
      return write(outgoing, { status: fault.status, body: Buffer.from(fault.body) });
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.ms).unref());
      return write(outgoing, await real());
    case 'held':
      await fault.until();
      return write(outgoing, await real());
    case 'no-body':
      outgoing.writeHead(200, { 'content-type': TYPE, 'content-length': '512' });
      outgoing.flushHeaders();
      return;
    case 'cut': {
      if (fault.after === null) return void outgoing.destroy();
      const answer = await real();
      outgoing.writeHead(answer.status, { 'content-type': TYPE, 'content-length': String(answer.body.length) });
      outgoing.write(answer.body.subarray(0, fault.after), () => outgoing.destroy());
      return;
    }
    case 'half': {
      const answer = await real();
      return write(outgoing, { ...answer, body: answer.body.subarray(0, fault.bytes) });
    }
    case 'changed': {
      const answer = await real();
      return write(outgoing, { ...answer, body: changed(answer.body, fault.change) });
    }
    case 'asked-otherwise':
      return write(outgoing, await real(changed(body, fault.change)));
  }
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const TYPE = 'application/x-amz-json-1.1';

function write(outgoing: ServerResponse, { status, body }: Answer): void {
  outgoing.writeHead(status, { 'content-type': TYPE, 'content-length': String(body.length), 'x-amzn-requestid': 'from-the-fault-proxy' });
  outgoing.end(body);
}

function changed(body: Buffer, change: (value: Readonly<Record<string, unknown>>) => unknown): Buffer {
  return Buffer.from(JSON.stringify(change(JSON.parse(body.toString('utf8')) as Record<string, unknown>)));
}

async function ask(upstream: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${upstream}${url ?? '/'}`, { method, headers: { ...headers, 'content-length': String(body.length) } }, (answer) => {
      gathered(answer).then((read) => resolve({ status: answer.statusCode ?? 502, body: read }), reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function gathered(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** `TrentService.Decrypt` is what the protocol calls the operation. */
function operationOf({ headers }: IncomingMessage): string {
  return String(headers['x-amz-target'] ?? '').split('.').at(-1) ?? '';
}

/** `AWS4-HMAC-SHA256 Credential=ID/20260101/eu-west-1/kms/aws4_request, …` (Signature Version 4). */
function scopeOf({ headers }: IncomingMessage, part: number): string {
  return /Credential=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split('/')[part] ?? '';
}

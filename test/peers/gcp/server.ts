import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server, type Socket, connect } from 'node:net';
import { dirname, join } from 'node:path';
import { grpc, GrpcClient, protobuf } from 'google-gax';
import { KmsModel, type Message, type Refusal, Refused } from './kms-model.ts';

const resolve = createRequire(import.meta.url).resolve;
const KMS_PROTOS = join(dirname(resolve('@google-cloud/kms')), '..', 'protos', 'protos.json');
// Its "exports" hide the descriptors.
const GAX_PROTOS = join(dirname(resolve('google-gax')), '..', 'protos');

/** What goes wrong with the next requests. */
export type Fault =
  | { readonly kind: 'status'; readonly refusal: Refusal }
  /** The answer comes, but later. */
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'silence' }
  /** The connection ends: at once, or after so many bytes of what the server sends. The act was done then. */
  | { readonly kind: 'cut'; readonly after: number | null }
  /** Another answer than the right one. */
  | { readonly kind: 'answer'; readonly change: (answer: Message) => Message }
  /** Bytes that are no message at all, after the act was done. */
  | { readonly kind: 'garbage' }
  /** The right answer to another request: valid, and for something else. */
  | { readonly kind: 'asked-otherwise'; readonly change: (asked: Message) => Message };

export interface Rule {
  /** Null: every one. */
  readonly operation?: string;
  readonly location?: string;
  /** How many requests it concerns; default all. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface Asked {
  readonly operation: string;
  readonly request: Message;
  readonly authorization: string | null;
}

export interface GcpPeer {
  readonly model: KmsModel;
  /** As the provider's setting `endpoint`. */
  readonly endpoint: string;
  readonly port: number;
  readonly asked: readonly Asked[];
  /** From now on; none: all goes well. Forgets what was asked. */
  set(...rules: Rule[]): void;
  stop(): Promise<void>;
}

export interface PeerTls {
  readonly key: string;
  readonly certificate: string;
}

/**
 * A server made of Google's own descriptors (KeyManagementService, IAMPolicy), on 127.0.0.1, behind a relay that can cut
 * connections; in plain text, or with TLS.
 */
export async function startGcpPeer(tls: PeerTls | null = null): Promise<GcpPeer> {
  const model = new KmsModel();
  const relay = new Relay();
  let rules: { rule: Rule; left: number }[] = [];
  let asked: Asked[] = [];

  const handle = (operation: string) => (call: { request: Message; metadata: { get(name: string): unknown[] } }, done: (error: unknown, answer?: Message) => void): void => {
    const [authorization] = call.metadata.get('authorization');
    asked.push({ operation, request: structuredClone(call.request), authorization: typeof authorization === 'string' ? authorization : null });
    const found = rules.find(({ rule, left }) => left > 0 && (rule.operation ?? operation) === operation && (rule.location === undefined || JSON.stringify(call.request).includes(`/locations/${rule.location}/`)));
    if (found !== undefined) found.left -= 1;
    const fault = found?.rule.fault;
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'status') return done(wireError(fault.refusal));
    let answer: Message;
    try {
      answer = model.answer(operation, fault?.kind === 'asked-otherwise' ? fault.change(call.request) : call.request);
    } catch (error) {
      return done(error instanceof Refused ? wireError(error.refusal) : error);
    }
    if (fault?.kind === 'cut') {
      relay.cut(fault.after);
      if (fault.after === null) return;
    }
    if (fault?.kind === 'answer') answer = fault.change(answer);
    if (fault?.kind === 'garbage') answer = GARBAGE;
    if (fault?.kind === 'slow') setTimeout(() => done(null, answer), fault.ms).unref();
    else done(null, answer);
  };

  const server = new grpc.Server();
  for (const service of services()) server.addService(service, Object.fromEntries(Object.entries(service).map(([name, { path }]) => [name, handle(path.split('/').at(-1) ?? '')])) as never);
  const credentials = tls === null ? grpc.ServerCredentials.createInsecure() : grpc.ServerCredentials.createSsl(null, [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) }]);
  const inner = await new Promise<number>((bound, failed) => server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? bound(port) : failed(error))));
  const port = await relay.listen(inner);
  return {
    model,
    port,
    endpoint: `${tls === null ? 'http://' : ''}127.0.0.1:${port}`,
    get asked() {
      return asked;
    },
    set: (...next) => {
      rules = next.map((rule) => ({ rule, left: rule.times ?? Infinity }));
      asked = [];
    },
    stop: async () => {
      server.forceShutdown();
      await relay.stop();
    },
  };
}

function services(): grpc.ServiceDefinition[] {
  const load = (file: string): Message => new GrpcClient().loadProtoJSON(JSON.parse(readFileSync(file, 'utf8')));
  const defined: grpc.ServiceDefinition[] = [load(KMS_PROTOS).google.cloud.kms.v1.KeyManagementService.service, load(join(GAX_PROTOS, 'iam_service.json')).google.iam.v1.IAMPolicy.service];
  return defined.map((service) => Object.fromEntries(Object.entries(service).map(([name, method]) => [name, { ...method, responseSerialize: (answer: Message) => (answer === GARBAGE ? GARBAGE : method.responseSerialize(answer)) }])));
}

/** In no message of protobuf does a field have the number 0, or the wire type 7. */
const GARBAGE = Buffer.from([7, 255, 1, 254, 0, 128, 255, 7]);

/** With its details as AIP-193 has them: google.rpc.Status in the trailer. */
function wireError({ code, details, info, violations }: Refusal): Message {
  const metadata = new grpc.Metadata();
  const root = protobuf.Root.fromJSON(JSON.parse(readFileSync(join(GAX_PROTOS, 'status.json'), 'utf8')));
  const any = (type: string, value: Message): Message => {
    const message = root.lookupType(type);
    return { type_url: `type.googleapis.com/${type}`, value: message.encode(message.fromObject(value)).finish() };
  };
  const packed = [
    ...(info === undefined ? [] : [any('google.rpc.ErrorInfo', { domain: 'cloudkms.googleapis.com', ...info })]),
    ...(violations === undefined ? [] : [any('google.rpc.PreconditionFailure', { violations: violations.map((type) => ({ type })) })]),
  ];
  const status = root.lookupType('google.rpc.Status');
  metadata.set('grpc-status-details-bin', Buffer.from(status.encode(status.fromObject({ code, message: details, details: packed })).finish()));
  return { code, details, metadata };
}

/** Hands bytes on, until it is told to cut. */
class Relay {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  /** Bytes from the server that still pass; null: no limit. */
  #left: number | null = null;

  cut(after: number | null): void {
    if (after === null) this.#end();
    else this.#left = after;
  }

  async listen(to: number): Promise<number> {
    const server = createServer((client) => {
      const inner = connect(to, '127.0.0.1');
      for (const socket of [client, inner]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          client.destroy();
          inner.destroy();
        });
      }
      client.on('data', (bytes) => inner.write(bytes));
      inner.on('data', (bytes) => {
        if (this.#left === null) return void client.write(bytes);
        const passing = bytes.subarray(0, this.#left);
        this.#left -= passing.length;
        client.write(passing, () => {
          if (this.#left !== 0) return;
          this.#left = null;
          this.#end();
        });
      });
    });
    this.#server = server;
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#end();
    await new Promise((closed) => this.#server?.close(closed));
  }

  #end(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type TLSSocket, connect, createServer } from 'node:tls';
import { OPERATION, type OperationName, RESULT_REASON, type ResultReasonName, nameOf } from '../../../main/kms/kmip/enumerations.ts';
import { inner, required } from '../../../main/kms/kmip/fields.ts';
import { protocolVersion } from '../../../main/kms/kmip/message.ts';
import { TAG } from '../../../main/kms/kmip/tags.ts';
import { decodeItem, messageLength } from '../../../main/kms/kmip/ttlv/decode.ts';
import { encodeItem } from '../../../main/kms/kmip/ttlv/encode.ts';
import { type TtlvItem, type TtlvPart, type TtlvStructure, enumeration, integer, structure, text } from '../../../main/kms/kmip/ttlv/item.ts';
import type { KmipVersion } from '../../../main/kms/kmip/version.ts';
import type { Certificate } from '../cassandra/certificates.ts';
import type { Pki } from './servers.ts';

/** What becomes of the answer to one operation. */
export type Fault =
  /** The connection ends after so many bytes of the answer; null: the request is not even handed on. */
  | { readonly kind: 'cut'; readonly after: number | null }
  /** These bytes come in place of the answer. */
  | { readonly kind: 'answer'; readonly bytes: Uint8Array }
  /** So many bytes of the answer, and then silence. */
  | { readonly kind: 'half'; readonly bytes: number }
  | { readonly kind: 'slow'; readonly ms: number }
  /** The request waits until something else has happened. */
  | { readonly kind: 'held'; readonly until: () => Promise<unknown> }
  /** One byte at a time. */
  | { readonly kind: 'dribble' }
  /** The answer, and something behind it. */
  | { readonly kind: 'more'; readonly bytes: Uint8Array }
  /** The connection ends behind the answer. */
  | { readonly kind: 'last' }
  | { readonly kind: 'changed'; readonly change: (item: TtlvItem) => TtlvPart }
  /** The right answer to another request: valid, and for something else. */
  | { readonly kind: 'asked-otherwise'; readonly change: (item: TtlvItem) => TtlvPart }
  | { readonly kind: 'refused'; readonly reason: ResultReasonName | number | null; readonly words?: string; readonly version?: KmipVersion; readonly status?: number };

export interface Rule {
  /** Every one, where not told. */
  readonly operation?: OperationName;
  readonly fault: Fault;
  /** Once it was applied so often, it ends. */
  readonly times?: number;
}

export interface FaultProxy {
  readonly port: number;
  /** Operations that came, since the last {@link set}. */
  readonly asked: readonly OperationName[];
  /** Connections that were made, since the last {@link set}. */
  readonly connections: number;
  set(...rules: readonly Rule[]): void;
  stop(): Promise<void>;
}

/** A KMIP server that asks another one (as alice), and answers as the rules say. */
export async function startFaultProxy(pki: Pki, upstream: number, { server: own = pki.server }: { readonly server?: Certificate } = {}): Promise<FaultProxy> {
  let rules: { rule: Rule; left: number }[] = [];
  let asked: OperationName[] = [];
  let connections = 0;
  const sockets = new Set<TLSSocket>();
  const tls = { ca: readFileSync(pki.authority.ca), cert: readFileSync(own.cert), key: readFileSync(own.key) };

  const take = (operation: OperationName): Fault | null => {
    const found = rules.find(({ rule, left }) => left > 0 && (rule.operation === undefined || rule.operation === operation));
    if (found === undefined) return null;
    found.left -= 1;
    return found.rule.fault;
  };

  const serve = async (socket: TLSSocket): Promise<void> => {
    for await (const request of messages(socket)) {
      const operation = operationOf(request);
      asked.push(operation);
      const fault = take(operation);
      if (fault?.kind === 'cut' && fault.after === null) return void socket.destroy();
      if (fault?.kind === 'refused') socket.write(refusalOf(operation, fault));
      else {
        if (fault?.kind === 'held') await fault.until();
        const sent = fault?.kind === 'asked-otherwise' ? Buffer.from(encodeItem(fault.change(decodeItem(request)))) : request;
        await give(socket, fault, await ask(pki, upstream, sent));
      }
    }
  };

  const listening = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    serve(socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return {
    port: (listening.address() as AddressInfo).port,
    get asked() {
      return asked;
    },
    get connections() {
      return connections;
    },
    set(...changed) {
      rules = changed.map((rule) => ({ rule, left: rule.times ?? Infinity }));
      asked = [];
      connections = 0;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listening.close(resolve));
    },
  };
}

/** One request on a connection of its own, as alice; answers the message that comes back. */
export async function ask(pki: Pki, port: number, request: Uint8Array): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(pki.authority.ca), cert: readFileSync(pki.alice.cert), key: readFileSync(pki.alice.key) });
  try {
    socket.write(request);
    for await (const answer of messages(socket)) return answer;
    throw new Error('The server ended the connection.');
  } finally {
    socket.destroy();
  }
}

async function* messages(socket: TLSSocket): AsyncGenerator<Buffer> {
  let got = Buffer.alloc(0);
  for await (const chunk of socket) {
    got = Buffer.concat([got, chunk as Buffer]);
    while (got.length >= 8 && got.length >= messageLength(got)) {
      const length = messageLength(got);
      yield got.subarray(0, length);
      got = got.subarray(length);
    }
  }
}

async function give(socket: TLSSocket, fault: Fault | null, answer: Buffer): Promise<void> {
  switch (fault?.kind) {
    case 'cut':
      socket.write(answer.subarray(0, fault.after ?? 0), () => socket.destroy());
      return;
    case 'answer':
      socket.write(fault.bytes);
      return;
    case 'half':
      socket.write(answer.subarray(0, fault.bytes));
      return;
    case 'slow':
      await delay(fault.ms);
      break;
    case 'dribble':
      for (const byte of answer) {
        socket.write(Uint8Array.of(byte));
        await delay(0);
      }
      return;
    case 'more':
      socket.write(Buffer.concat([answer, fault.bytes]));
      return;
    case 'last':
      socket.end(answer);
      return;
    case 'changed':
      socket.write(encodeItem(fault.change(decodeItem(answer))));
      return;
    default:
  }
  socket.write(answer);
}

function operationOf(request: Buffer): OperationName {
  const item = inner(decodeItem(request) as TtlvStructure, TAG.batchItem);
  return nameOf(OPERATION, required(item, TAG.operation, 'Enumeration')) ?? 'Query';
}

function refusalOf(operation: OperationName, { reason, words, version = '1.4', status = 1 }: Extract<Fault, { kind: 'refused' }>): Buffer {
  return encodeItem(
    structure(TAG.responseMessage, [
      structure(TAG.responseHeader, [protocolVersion(version), integer(TAG.batchCount, 1)]),
      structure(TAG.batchItem, [
        enumeration(TAG.operation, OPERATION[operation]),
        enumeration(TAG.resultStatus, status),
        reason === null ? undefined : enumeration(TAG.resultReason, typeof reason === 'number' ? reason : RESULT_REASON[reason]),
        words === undefined ? undefined : text(TAG.resultMessage, words),
      ]),
    ]),
  );
}

/** An item with every field `tag` inside of it changed. */
export function withField(tag: number, change: (field: TtlvItem) => TtlvPart | null): (item: TtlvItem) => TtlvPart {
  const walk = (item: TtlvItem): TtlvPart | null => {
    if (item.tag === tag) return change(item);
    return item.type === 'Structure' ? { ...item, value: item.value.flatMap((child) => walk(child) ?? []) } : item;
  };
  return (item) => walk(item) ?? structure(item.tag, []);
}

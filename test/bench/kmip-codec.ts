import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { OPERATION } from '../../main/kms/kmip/enumerations.ts';
import { encodeCall, readAnswer } from '../../main/kms/kmip/exchange.ts';
import { every, required } from '../../main/kms/kmip/fields.ts';
import { protocolVersion } from '../../main/kms/kmip/message.ts';
import { encrypt } from '../../main/kms/kmip/operations/encrypt.ts';
import { TAG } from '../../main/kms/kmip/tags.ts';
import { decodeItem } from '../../main/kms/kmip/ttlv/decode.ts';
import { encodeItem } from '../../main/kms/kmip/ttlv/encode.ts';
import { type TtlvStructure, bytes, enumeration, integer, structure, text } from '../../main/kms/kmip/ttlv/item.ts';
import { SecretBytes } from '../../main/secret.ts';
import { oasisMessages } from '../kms/kmip/vectors.ts';
import type { BenchRow } from './row.ts';

/** Messages per second of processor time that the codec is to reach: far more than any KMIP server answers. */
const GOAL = 100_000;
const SECONDS = 2;
const BOUND = 'objects and one ArrayBuffer a message';

const OURS: ReadonlySet<number> = new Set(
  (['DiscoverVersions', 'Query', 'Locate', 'GetAttributes', 'Create', 'Activate', 'Encrypt', 'Decrypt', 'ReKey', 'Revoke', 'Destroy'] as const).map((name) => OPERATION[name]),
);

interface Message {
  readonly kind: 'request' | 'response';
  readonly bytes: Buffer;
}

/**
 * The codec on the messages of the OASIS test cases that are about the product's operations: decode and encode against
 * 100,000 a second, and against PyKMIP 0.10.0 on those that it brings back itself, where the machine has it
 * (Debian `python3-pykmip`, or on PYTHONPATH); and a whole Encrypt, from parameters to checked answer.
 */
export async function kmipCodecBench(): Promise<BenchRow[]> {
  const messages = productMessages();
  const rows = [
    row('KMIP: messages decoded and encoded, against 100,000/s', perSecond(messages) / GOAL, 1),
    row('KMIP: messages of Encrypt (request written, answer read and checked), against 100,000/s', callsPerSecond() / GOAL, 1),
  ];
  const peer = pykmip(messages);
  if (peer === undefined) {
    process.stderr.write('kmip-codec: this machine has no PyKMIP, so nothing is compared with it.\n');
    return rows;
  }
  const shared = peer.able.map((index) => messages[index] as Message);
  return [...rows, row(`KMIP: ${shared.length} messages decoded and encoded, against PyKMIP 0.10.0`, perSecond(shared) / peer.perSecond, 5)];
}

function row(name: string, ratio: number, goal: number): BenchRow {
  return { name, ratio, goal, met: ratio >= goal, bound: BOUND };
}

/** Every third message whose batch items are all about operations of the product. */
function productMessages(): Message[] {
  return oasisMessages()
    .map(({ bytes: wire }, index): Message => ({ kind: index % 2 === 0 ? 'request' : 'response', bytes: wire }))
    .filter(({ bytes: wire }) =>
      every(decodeItem(wire) as TtlvStructure, TAG.batchItem, 'Structure').every((item) => OURS.has(required({ tag: TAG.batchItem, type: 'Structure', value: item }, TAG.operation, 'Enumeration'))),
    )
    .filter((_message, index) => index % 3 === 0);
}

function perSecond(messages: readonly Message[]): number {
  return rate(messages.length, () => {
    for (const message of messages) encodeItem(decodeItem(message.bytes));
  });
}

/** A request and a response count as two messages. */
function callsPerSecond(): number {
  using plain = SecretBytes.copyOf(randomBytes(32));
  const asked = { uniqueIdentifier: 'b4faee10-aa2a-4446-8ad4-0881f3422959', iv: randomBytes(12), additionalData: randomBytes(60), plain };
  const answer = encodeItem(
    structure(TAG.responseMessage, [
      structure(TAG.responseHeader, [protocolVersion('1.4'), { tag: TAG.timeStamp, type: 'DateTime', value: 1_700_000_000n }, integer(TAG.batchCount, 1)]),
      structure(TAG.batchItem, [
        enumeration(TAG.operation, OPERATION.Encrypt),
        enumeration(TAG.resultStatus, 0),
        structure(TAG.responsePayload, [text(TAG.uniqueIdentifier, asked.uniqueIdentifier), bytes(TAG.data, randomBytes(32)), bytes(TAG.authenticatedEncryptionTag, randomBytes(16))]),
      ]),
    ]),
  );
  return rate(2, () => {
    encodeCall(encrypt, asked, { version: '1.4' }).fill(0);
    readAnswer(encrypt, asked, '1.4', answer);
  });
}

/**
 * Messages that `run`, which does `count` each time, does in a second of processor time: what else the machine does
 * counts neither for us nor for the peer. The first part warms the compiler up.
 */
function rate(count: number, run: () => void): number {
  for (const end = performance.now() + SECONDS * 250; performance.now() < end; ) run();
  let done = 0;
  const start = process.cpuUsage();
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    run();
    done += count;
  }
  const { user, system } = process.cpuUsage(start);
  return (done * 1e6) / (user + system);
}

/** PyKMIP's rate and which of the messages it brings back; undefined where it is not installed. */
function pykmip(messages: readonly Message[]): { readonly able: readonly number[]; readonly perSecond: number } | undefined {
  const input = JSON.stringify({ seconds: SECONDS, messages: messages.map(({ kind, bytes: wire }) => [kind, wire.toString('hex')]) });
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      execFileSync(python, ['-c', 'import kmip'], { stdio: 'ignore' });
    } catch {
      continue;
    }
    const output = execFileSync(python, [new URL('kmip-codec.py', import.meta.url).pathname], { input, encoding: 'utf8', maxBuffer: 1 << 24, stdio: ['pipe', 'pipe', 'ignore'] });
    return JSON.parse(output) as { able: number[]; perSecond: number };
  }
  return undefined;
}

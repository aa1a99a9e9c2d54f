import type { KmipOperation } from './operations/operation.ts';
import { type RequestHeader, decodeResponse, encodeRequest, mismatched } from './message.ts';
import { refusal } from './errors.ts';
import { invalidMessage } from './fields.ts';
import { TAG } from './tags.ts';
import type { TtlvStructure } from './ttlv/item.ts';
import { wipe } from './ttlv/secret.ts';
import { type KmipVersion, demand } from './version.ts';

/** A success may come without a payload where the operation answers nothing. */
const NO_PAYLOAD: TtlvStructure = { tag: TAG.responsePayload, type: 'Structure', value: [] };

/**
 * The request message of one operation. The caller zeroes it after it was sent.
 * @throws AppError `KMIP_OPERATION_UNAVAILABLE` where the version does not have it; as the operation's `request` and `encodeItem`
 */
export function encodeCall<Asked, Answer>(operation: KmipOperation<Asked, Answer>, asked: Asked, header: RequestHeader): Buffer {
  demand(header.version, operation.since, `The operation ${operation.name}`);
  return encodeRequest(header, [{ operation: operation.name, payload: operation.request(asked, header.version) }]);
}

/**
 * What the server answered in `message` to `asked`. An answer that is refused is zeroed where it could hold key
 * material; in any case the caller zeroes `message` when the answer was used.
 * @throws AppError as `decodeResponse` and the operation's `response`; the server's refusals (see docs/kmip.md);
 *   `KMIP_RESPONSE_MISMATCH` where it is the answer to another request
 */
export function readAnswer<Asked, Answer>(operation: KmipOperation<Asked, Answer>, asked: Asked, version: KmipVersion, message: Uint8Array): Answer {
  const response = decodeResponse(message);
  const [item] = response.items;
  if (item === undefined || response.items.length > 1) throw invalidMessage(`it holds ${response.items.length} batch items, and one was asked for`);
  if (item.operation !== undefined && item.operation !== operation.name) throw mismatched(`it is about ${item.operation} and not ${operation.name}`);
  // A server that can not read a version refuses it in the one that it knows: only a success must be in ours.
  if (item.status !== 'Success') throw refusal(operation.name, item);
  try {
    if (item.operation === undefined) throw invalidMessage('Operation is missing in BatchItem');
    // Discover Versions is the same in all versions, and is how ours is found.
    if (response.version !== version && operation.name !== 'DiscoverVersions') throw mismatched(`it is in version ${response.version} and not ${version}`);
    return operation.response(item.payload ?? NO_PAYLOAD, asked, version);
  } catch (error) {
    if (item.payload !== undefined) wipe(item.payload);
    throw error;
  }
}

import { AppError, type ErrorCode } from '../../../errors.ts';

/** The codes of bytes that are no TTLV item, each with what is wrong about them. */
const WRONG = {
  KMIP_TRUNCATED: 'it ends in the middle of an item',
  KMIP_TOO_LONG: 'it is longer than the console takes',
  KMIP_TOO_DEEP: 'its structures are nested too deeply',
  KMIP_TAG_INVALID: 'an item has a tag that is neither of the standard nor an extension',
  KMIP_TYPE_UNKNOWN: 'an item has a type that no version knows',
  KMIP_LENGTH_INVALID: 'an item has a length that its type or the structure around it does not allow',
  KMIP_PADDING_INVALID: 'an item is padded with other bytes than zeros',
  KMIP_BOOLEAN_INVALID: 'a boolean is neither 0 nor 1',
  KMIP_TEXT_INVALID: 'a text is not UTF-8',
  KMIP_TRAILING_BYTES: 'something follows after its end',
} as const satisfies Partial<Record<ErrorCode, string>>;

export type WireErrorCode = keyof typeof WRONG;

/** The failure of a message that was received: `offset` in bytes from its start, of the item (or byte) that is wrong. */
export function unreadable(code: WireErrorCode, offset: number): AppError {
  return new AppError(
    code,
    `The KMIP server's message can not be read: ${WRONG[code]} (at byte ${offset}). Nothing of it was used.`,
    'Check that BASE_URL_TEMPLATE leads to a KMIP server (TTLV over TLS, usually port 5696) and not to a web or proxy port; then look into the server\'s log.',
    { details: { offset } },
  );
}

/** The failure of a message that we were asked to write. */
export function unwritable(code: WireErrorCode | 'KMIP_VALUE_INVALID', tag: number, what: string): AppError {
  return new AppError(
    code,
    `A KMIP request can not be written: ${what}. Nothing was sent.`,
    'Correct the value named here; if it comes from no setting of yours, report it.',
    { details: { tag: `0x${tag.toString(16).toUpperCase().padStart(6, '0')}` } },
  );
}

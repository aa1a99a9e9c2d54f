/**
 * Takes typed fields out of a structure that was read. Fields that the console does not know are let be, as the
 * specification wants (servers add their own); a field that is missing, of another type, or there twice is refused.
 */
import { AppError } from '../../errors.ts';
import { tagName } from './tag-names.ts';
import type { TtlvItem, TtlvStructure, TtlvType, TtlvValues } from './ttlv/item.ts';

/** The value of the field `tag`, which must be there. @throws AppError `KMIP_MESSAGE_INVALID` */
export function required<T extends TtlvType>(from: TtlvStructure, tag: number, type: T): TtlvValues[T] {
  const value = optional(from, tag, type);
  if (value === undefined) throw invalidMessage(`${tagName(tag)} is missing in ${tagName(from.tag)}`);
  return value;
}

/** The value of the field `tag`, undefined where it is not there. @throws AppError `KMIP_MESSAGE_INVALID` */
export function optional<T extends TtlvType>(from: TtlvStructure, tag: number, type: T): TtlvValues[T] | undefined {
  let found: TtlvItem | undefined;
  for (const child of from.value) {
    if (child.tag !== tag) continue;
    if (found !== undefined) throw invalidMessage(`${tagName(tag)} is there twice in ${tagName(from.tag)}`);
    found = child;
  }
  return found === undefined ? undefined : valueOf(found, type);
}

/** The values of all fields `tag`, in their order. @throws AppError `KMIP_MESSAGE_INVALID` */
export function every<T extends TtlvType>(from: TtlvStructure, tag: number, type: T): TtlvValues[T][] {
  return from.value.filter((child) => child.tag === tag).map((child) => valueOf(child, type));
}

/** The structure `tag` inside of `from`, which must be there. @throws AppError `KMIP_MESSAGE_INVALID` */
export function inner(from: TtlvStructure, tag: number): TtlvStructure {
  return { tag, type: 'Structure', value: required(from, tag, 'Structure') };
}

/** The value of `item`, which must be of `type`. @throws AppError `KMIP_MESSAGE_INVALID` */
export function valueOf<T extends TtlvType>(item: TtlvItem, type: T): TtlvValues[T] {
  if (item.type !== type) throw invalidMessage(`${tagName(item.tag)} is of type ${item.type} and not ${type}`);
  return item.value as TtlvValues[T];
}

/** The failure of an answer that is well-formed TTLV but not what the specification describes. */
export function invalidMessage(what: string): AppError {
  return new AppError(
    'KMIP_MESSAGE_INVALID',
    `The KMIP server's answer is not as the standard describes it: ${what}. Nothing of it was used.`,
    'Try another protocol version, and ask the maker of the server; the answer broke the KMIP specification.',
    { details: { what } },
  );
}

/**
 * Attributes of keys. Up to KMIP 1.4 an attribute is a structure of its name, an index and a value whatever its type
 * (KMIP 1.4, section 2.1.1); since 2.0 each has the tag of its own, inside of one Attributes structure (KMIP 2.1,
 * section 3.2).
 */
import { CRYPTOGRAPHIC_ALGORITHM, type KmipState, LINK_TYPE, NAME_TYPE, OBJECT_TYPE, STATE, enumerationName, nameOf } from './enumerations.ts';
import { every, invalidMessage, optional, required, valueOf } from './fields.ts';
import { tagName } from './tag-names.ts';
import { TAG } from './tags.ts';
import { type TtlvItem, type TtlvPart, type TtlvStructure, dateTime, enumeration, integer, structure, text } from './ttlv/item.ts';
import { type KmipVersion, atLeast } from './version.ts';

/** The attributes that the console reads, by their tag; in KMIP 1 they go by the tag's name in words. */
const ATTRIBUTES = {
  uniqueIdentifier: TAG.uniqueIdentifier,
  name: TAG.name,
  objectType: TAG.objectType,
  algorithm: TAG.cryptographicAlgorithm,
  lengthBits: TAG.cryptographicLength,
  usageMask: TAG.cryptographicUsageMask,
  state: TAG.state,
  link: TAG.link,
  initialDate: TAG.initialDate,
  activationDate: TAG.activationDate,
  deactivationDate: TAG.deactivationDate,
  destroyDate: TAG.destroyDate,
  compromiseDate: TAG.compromiseDate,
  lastChangeDate: TAG.lastChangeDate,
} as const;

export type AttributeKey = keyof typeof ATTRIBUTES;

export const ATTRIBUTE_KEYS = Object.keys(ATTRIBUTES) as AttributeKey[];

type DateKey = Extract<AttributeKey, `${string}Date`>;

/** What a server tells of a key; what it does not tell is not there. */
export interface KeyAttributes extends Readonly<Partial<Record<DateKey, Date>>> {
  readonly uniqueIdentifier?: string;
  readonly names: readonly string[];
  /** A name of {@link OBJECT_TYPE} or {@link CRYPTOGRAPHIC_ALGORITHM}, or the number in hexadecimal. */
  readonly objectType?: string;
  readonly algorithm?: string;
  readonly lengthBits?: number;
  readonly usageMask?: number;
  readonly state?: KmipState;
  /** The key that Re-key made in its place. */
  readonly replacedBy?: string;
}

/** Attributes to give a key, or to find it by. */
export interface AttributeChoice {
  readonly name?: string;
  readonly objectType?: keyof typeof OBJECT_TYPE;
  readonly algorithm?: keyof typeof CRYPTOGRAPHIC_ALGORITHM;
  readonly lengthBits?: number;
  /** Bits of `USAGE`. */
  readonly usageMask?: number;
  readonly state?: KmipState;
  /** In whole seconds. */
  readonly activationDate?: Date;
}

/** `choice` as the fields of a request: `Attribute` for each up to 1.4, one `Attributes` since 2.0. */
export function attributeParts(choice: AttributeChoice, version: KmipVersion): TtlvPart[] {
  const values: [AttributeKey, TtlvPart][] = [];
  const add = (key: AttributeKey, part: (tag: number) => TtlvPart): void => {
    values.push([key, part(atLeast(version, '2.0') ? ATTRIBUTES[key] : TAG.attributeValue)]);
  };
  const { name, objectType, algorithm, lengthBits, usageMask, state, activationDate } = choice;
  if (objectType !== undefined) add('objectType', (tag) => enumeration(tag, OBJECT_TYPE[objectType]));
  if (algorithm !== undefined) add('algorithm', (tag) => enumeration(tag, CRYPTOGRAPHIC_ALGORITHM[algorithm]));
  if (lengthBits !== undefined) add('lengthBits', (tag) => integer(tag, lengthBits));
  if (usageMask !== undefined) add('usageMask', (tag) => integer(tag, usageMask));
  if (name !== undefined) add('name', (tag) => structure(tag, [text(TAG.nameValue, name), enumeration(TAG.nameType, NAME_TYPE.UninterpretedTextString)]));
  if (state !== undefined) add('state', (tag) => enumeration(tag, STATE[state]));
  if (activationDate !== undefined) add('activationDate', (tag) => dateTime(tag, activationDate));
  if (atLeast(version, '2.0')) return [structure(TAG.attributes, values.map(([, part]) => part))];
  return values.map(([key, part]) => structure(TAG.attribute, [text(TAG.attributeName, attributeName(key)), part]));
}

/** The fields that ask for `keys`: names up to 1.4, references by tag since 2.0 (KMIP 2.1, "Get Attributes"). */
export function attributeRequests(keys: readonly AttributeKey[], version: KmipVersion): TtlvPart[] {
  return keys.map((key) =>
    atLeast(version, '2.0') ? enumeration(TAG.attributeReference, ATTRIBUTES[key]) : text(TAG.attributeName, attributeName(key)),
  );
}

/** The attributes in `payload`; those that the console does not know are let be. @throws AppError `KMIP_MESSAGE_INVALID` */
export function readAttributes(payload: TtlvStructure, version: KmipVersion): KeyAttributes {
  const items = atLeast(version, '2.0') ? (optional(payload, TAG.attributes, 'Structure') ?? []) : every(payload, TAG.attribute, 'Structure').flatMap(valueByTag);
  const found: Record<string, unknown> = {};
  const names: string[] = [];
  for (const item of items) {
    const key = ATTRIBUTE_KEYS.find((candidate) => ATTRIBUTES[candidate] === item.tag);
    if (key === undefined) continue;
    if (key === 'name') {
      names.push(required(structureIn(item), TAG.nameValue, 'TextString'));
    } else if (key === 'link') {
      const link = structureIn(item);
      // Other links may name their object in other ways.
      if (required(link, TAG.linkType, 'Enumeration') === LINK_TYPE.ReplacementObject) found['replacedBy'] = required(link, TAG.linkedObjectIdentifier, 'TextString');
    } else {
      if (key in found) throw invalidMessage(`the attribute ${attributeName(key)} is there twice`);
      found[key] = valueFor(key, item);
    }
  }
  return { ...found, names };
}

/** As KMIP 1 names it: `Cryptographic Usage Mask` for the tag CryptographicUsageMask. */
function attributeName(key: AttributeKey): string {
  return tagName(ATTRIBUTES[key]).replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
}

function structureIn(item: TtlvItem): TtlvStructure {
  return { tag: item.tag, type: 'Structure', value: valueOf(item, 'Structure') };
}

/** Inside of a KMIP 1 attribute, its value under the tag that it has in KMIP 2; nothing where the name is not ours. */
function valueByTag(fields: readonly TtlvItem[]): TtlvItem[] {
  const attribute: TtlvStructure = { tag: TAG.attribute, type: 'Structure', value: fields };
  const name = required(attribute, TAG.attributeName, 'TextString');
  const key = ATTRIBUTE_KEYS.find((candidate) => attributeName(candidate) === name);
  const value = fields.find((field) => field.tag === TAG.attributeValue);
  return key === undefined || value === undefined ? [] : [{ ...value, tag: ATTRIBUTES[key] }];
}

function valueFor(key: Exclude<AttributeKey, 'name' | 'link'>, item: TtlvItem): string | number | Date {
  switch (key) {
    case 'uniqueIdentifier':
      return valueOf(item, 'TextString');
    case 'objectType':
    case 'algorithm':
      return enumerationName(item.tag, valueOf(item, 'Enumeration'));
    case 'lengthBits':
    case 'usageMask':
      return valueOf(item, 'Integer');
    case 'state': {
      const state = nameOf(STATE, valueOf(item, 'Enumeration'));
      if (state === undefined) throw invalidMessage('the state of a key is none of the standard');
      return state;
    }
    default:
      return dateOf(item);
  }
}

function dateOf(item: TtlvItem): Date {
  const date = new Date(Number(valueOf(item, 'DateTime')) * 1000);
  if (Number.isNaN(date.getTime())) throw invalidMessage('a date is out of the range of any calendar');
  return date;
}

import { SecretBytes } from '../../../secret.ts';
import { enumerationName } from '../enumerations.ts';
import { tagName } from '../tag-names.ts';
import { TAG } from '../tags.ts';
import type { TtlvPart } from './item.ts';

/** What lies below these is secret or may be: only its shape is told. */
const SECRET_TAGS: ReadonlySet<number> = new Set([TAG.credentialValue, TAG.keyValue, TAG.keyMaterial, TAG.data, TAG.password]);

/**
 * `item` as indented lines, for logs and tests: names of tags and enumerations, numbers, dates, texts.
 * Byte strings and big integers only by their length, credentials and key material only by their shape: a dump never
 * holds a secret.
 */
export function dump(item: TtlvPart): string {
  const lines: string[] = [];
  addLines(lines, item, '', false);
  return lines.join('\n');
}

function addLines(lines: string[], item: TtlvPart, indent: string, insideSecret: boolean): void {
  const secret = insideSecret || SECRET_TAGS.has(item.tag);
  const head = `${indent}${tagName(item.tag)}`;
  if (item.type !== 'Structure') {
    lines.push(`${head} ${item.type} ${secret ? hidden(item) : shown(item)}`);
    return;
  }
  lines.push(head);
  for (const child of item.value) addLines(lines, child, `${indent}  `, secret);
}

function hidden(item: Exclude<TtlvPart, { type: 'Structure' }>): string {
  return item.type === 'ByteString' || item.type === 'BigInteger' ? shown(item) : '(hidden)';
}

function shown(item: Exclude<TtlvPart, { type: 'Structure' }>): string {
  if (item.value instanceof SecretBytes) return '(hidden)';
  switch (item.type) {
    case 'ByteString':
    case 'BigInteger':
      return `(${(item.value as Uint8Array).length} bytes)`;
    case 'TextString':
      return JSON.stringify(item.value);
    case 'Enumeration':
      return enumerationName(item.tag, item.value);
    case 'DateTime':
      return `${item.value} s`;
    case 'DateTimeExtended':
      return `${item.value} µs`;
    case 'Interval':
      return `${item.value} s`;
    case 'Integer':
    case 'LongInteger':
    case 'Boolean':
      return String(item.value);
  }
}

#!/usr/bin/env node
/**
 * Checks an exported audit trail. It stands alone: Node 20 or newer, and nothing of the console, so that an auditor can
 * read it whole and run it elsewhere. What it checks is described in docs/audit-format.md.
 *
 *     node verify-audit.mjs EXPORT.jsonl [--head HEAD.json]
 *
 * HEAD.json is a head that was exported earlier and kept apart from the system database (or an earlier export, whose
 * last line is one). Without it, an attacker who can rewrite the whole export stays unseen.
 * Ends with 0 where the trail is intact, 1 where it is broken (and says at which record), 2 where it could not check.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';

const RECORD_LABEL = 'fabric-key-console audit record 1';
const HEAD_FORMAT = 'fabric-key-console audit head 1';
const GENESIS = '0'.repeat(64);
const FIELDS = ['seq', 'at', 'actor', 'act', 'object', 'context', 'outcome', 'completes', 'previous', 'hash'];
const HASHED = FIELDS.slice(0, -1);

class Broken extends Error {}
class Unusable extends Error {}

function hashOf(record) {
  const hash = createHash('sha256');
  for (const field of [RECORD_LABEL, ...HASHED.map((name) => String(record[name] ?? ''))]) {
    const bytes = Buffer.from(field, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isHead(value) {
  return value?.format === HEAD_FORMAT && Number.isSafeInteger(value.seq) && value.seq >= 0 && /^[0-9a-f]{64}$/.test(value.hash);
}

/** A head from the text of a head file or of a whole export. */
function headFrom(file) {
  const text = readFileSync(file, 'utf8');
  const head = parse(text) ?? parse(text.trimEnd().split('\n').at(-1));
  if (!isHead(head)) {
    throw new Unusable(`${file} is not the exported head of an audit trail.`);
  }
  return head;
}

/** Checks the record on one line as the one that follows `end`; gives the new end. */
function follow(end, line, exported) {
  const place = end.seq + 1;
  const record = parse(line);
  if (record === null || typeof record !== 'object') {
    throw new Broken(`record ${place}: its line is not a record`);
  }
  if (record.seq !== place) {
    throw new Broken(`record ${place}: record ${JSON.stringify(record.seq)} stands in its place (removed, inserted or reordered)`);
  }
  // The text itself, and not only what JSON makes of it: a field given twice, or one more, would show a reader something
  // that no hash covers.
  if (line !== JSON.stringify(Object.fromEntries(FIELDS.map((name) => [name, record[name]])))) {
    throw new Broken(`record ${place}: its line is not as the console writes it`);
  }
  if (hashOf(record) !== record.hash) {
    throw new Broken(`record ${place}: changed, its content does not give its hash`);
  }
  if (record.previous !== end.hash) {
    throw new Broken(`record ${place}: it does not follow the record before it (one of the two was replaced, or they were reordered)`);
  }
  if (exported?.seq === place && exported.hash !== record.hash) {
    throw new Broken(`record ${place}: not the one of the exported head (it, or records before it, were rewritten and hashed anew)`);
  }
  return { seq: record.seq, hash: record.hash };
}

/** The lines of the file. Only a line feed ends one: other separators may stand inside a text. */
async function* linesOf(file) {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const chunk of createReadStream(file)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop();
    yield* lines.map((line) => line.replace(/\r$/, ''));
  }
  if (rest !== '') {
    yield rest;
  }
}

async function verify(file, exported) {
  let end = { seq: 0, hash: GENESIS };
  let last = null;
  for await (const line of linesOf(file)) {
    if (last !== null) {
      throw new Broken(`record ${end.seq + 1}: it stands behind the head`);
    }
    const value = parse(line);
    if (isHead(value)) {
      last = value;
    } else {
      end = follow(end, line, exported);
    }
  }
  if (last === null) {
    throw new Broken(`record ${end.seq + 1}: the export is cut off, its last line is not a head`);
  }
  if (last.seq !== end.seq || last.hash !== end.hash) {
    throw new Broken(`record ${end.seq + 1}: cut off or changed at the end, the export's own head names record ${last.seq}`);
  }
  if (exported !== null && exported.seq > end.seq) {
    throw new Broken(`record ${end.seq + 1}: cut off at the end, the exported head names record ${exported.seq}`);
  }
  return end;
}

function usage(reason) {
  process.stderr.write(`${reason}\nusage: node verify-audit.mjs EXPORT.jsonl [--head HEAD.json]\n`);
  return 2;
}

async function main() {
  let file;
  let headFile;
  try {
    const { values, positionals } = parseArgs({ options: { head: { type: 'string' } }, allowPositionals: true });
    [file] = positionals;
    headFile = values.head;
    if (positionals.length !== 1) {
      return usage('Give one exported trail.');
    }
  } catch (error) {
    return usage(error.message);
  }
  try {
    const exported = headFile === undefined ? null : headFrom(headFile);
    const end = await verify(file, exported);
    const against = exported === null ? '' : `, and holds the exported head (record ${exported.seq})`;
    process.stdout.write(`intact: ${end.seq} records${against}\nhead:   ${end.hash}\n`);
    return 0;
  } catch (error) {
    if (error instanceof Broken) {
      process.stdout.write(`broken at ${error.message}\n`);
      return 1;
    }
    process.stderr.write(`could not check: ${error.message}\n`);
    return 2;
  }
}

process.exitCode = await main();

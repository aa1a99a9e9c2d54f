import { GetKeyPolicyCommand, ListAliasesCommand, ListGrantsCommand, ListKeysCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms';
import type { KmsGrant, KmsKeyListed } from '../acts.ts';
import { answerInvalid } from './errors.ts';
import type { AwsKeys, AwsPlace } from './keys.ts';
import type { AwsRegions } from './regions.ts';

/** Most entries of a page (AWS KMS API Reference; tags: 50). */
const PAGE = { keys: 1000, aliases: 100, grants: 100, tags: 50 } as const;

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

/** All keys of the configured Region, AWS's own among them. */
export async function* list(regions: AwsRegions, keys: AwsKeys): AsyncGenerator<KmsKeyListed> {
  const region = await keys.home();
  for await (const { KeyArn } of pages('ListKeys', region, async (Marker) => {
    const answer = await regions.ask({ operation: 'ListKeys', region }, (client, options) => client.send(new ListKeysCommand({ Limit: PAGE.keys, Marker }), options));
    return { items: answer.Keys ?? [], next: more(answer) };
  })) {
    if (KeyArn !== undefined) yield { keyId: KeyArn };
  }
}

export async function aliases(regions: AwsRegions, { region, keyId }: AwsPlace): Promise<readonly string[]> {
  const found = pages('ListAliases', region, async (Marker) => {
    const input = { KeyId: keyId, Limit: PAGE.aliases, Marker };
    const answer = await regions.ask({ operation: 'ListAliases', region, keyId }, (client, options) => client.send(new ListAliasesCommand(input), options));
    return { items: answer.Aliases ?? [], next: more(answer) };
  });
  return (await all(found)).flatMap(({ AliasName }) => AliasName ?? []);
}

export async function grants(regions: AwsRegions, { region, keyId }: AwsPlace): Promise<readonly KmsGrant[]> {
  const found = pages('ListGrants', region, async (Marker) => {
    const input = { KeyId: keyId, Limit: PAGE.grants, Marker };
    const answer = await regions.ask({ operation: 'ListGrants', region, keyId }, (client, options) => client.send(new ListGrantsCommand(input), options));
    return { items: answer.Grants ?? [], next: more(answer) };
  });
  return (await all(found)).map(({ GrantId = '', GranteePrincipal = '', Operations = [] }) => ({ id: GrantId, grantee: GranteePrincipal, operations: Operations }));
}

export async function tags(regions: AwsRegions, { region, keyId }: AwsPlace): Promise<Readonly<Record<string, string>>> {
  const found = pages('ListResourceTags', region, async (Marker) => {
    const input = { KeyId: keyId, Limit: PAGE.tags, Marker };
    const answer = await regions.ask({ operation: 'ListResourceTags', region, keyId }, (client, options) => client.send(new ListResourceTagsCommand(input), options));
    return { items: answer.Tags ?? [], next: more(answer) };
  });
  return Object.fromEntries((await all(found)).map(({ TagKey = '', TagValue = '' }) => [TagKey, TagValue]));
}

export async function policy(regions: AwsRegions, { region, keyId }: AwsPlace): Promise<string> {
  const request = { operation: 'GetKeyPolicy', region, keyId };
  const { Policy } = await regions.ask(request, (client, options) => client.send(new GetKeyPolicyCommand({ KeyId: keyId, PolicyName: 'default' }), options));
  if (Policy === undefined) throw answerInvalid('no policy', request);
  return Policy;
}

/** A server that hands the same marker back would be asked for ever. */
async function* pages<T>(operation: string, region: string, ask: (marker: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  const seen = new Set<string>();
  for (let marker: string | undefined; ; ) {
    const { items, next } = await ask(marker);
    yield* items;
    if (next === undefined) return;
    if (seen.has(next)) throw answerInvalid('the same page twice', { operation, region });
    seen.add(next);
    marker = next;
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = [];
  for await (const item of items) gathered.push(item);
  return gathered;
}

function more({ Truncated, NextMarker }: { Truncated?: boolean | undefined; NextMarker?: string | undefined }): string | undefined {
  return Truncated === true ? NextMarker : undefined;
}

import type { KmsKeyListed } from '../acts.ts';
import { answerInvalid } from './errors.ts';
import { type KeyName, type KeyParts, readKeyName, ringName } from './key-name.ts';
import { getKey } from './keys.ts';
import type { GcpServer } from './server.ts';

const PAGE = 1000;

/** All keys of the configured key ring. */
export async function* list(server: GcpServer, parts: KeyParts): AsyncGenerator<KmsKeyListed> {
  const parent = ringName(parts);
  const location = parent.split('/')[3] ?? '';
  const request = { operation: 'ListCryptoKeys', location, keyId: parent };
  const seen = new Set<string>();
  for (let pageToken = ''; ; ) {
    const asked = { parent, pageSize: PAGE, pageToken };
    const [keys, , page] = await server.ask(request, (kms, settings) => kms.listCryptoKeys(asked, settings));
    for (const { name } of keys) {
      if (readKeyName(name ?? '')?.ring !== parent) throw answerInvalid('a key of another key ring', request);
      yield { keyId: name ?? '' };
    }
    pageToken = page.nextPageToken ?? '';
    if (pageToken === '') return;
    // A server that hands the same token back would be asked for ever.
    if (seen.has(pageToken)) throw answerInvalid('the same page twice', request);
    seen.add(pageToken);
  }
}

/** The IAM policy that is set on the key itself, as JSON; what it inherits from key ring and project is not in it. */
export async function policy(server: GcpServer, { name: resource, location }: KeyName): Promise<string> {
  const [{ version, bindings, etag }] = await server.ask({ operation: 'GetIamPolicy', location, keyId: resource }, (kms, settings) => {
    // The SDK takes a plain object, and types it as a message of its own class.
    const asked = { resource, options: { requestedPolicyVersion: 3 } } as unknown as Parameters<typeof kms.getIamPolicy>[0];
    return kms.getIamPolicy(asked, settings);
  });
  const told = (bindings ?? []).map(({ role, members, condition }) => ({ role, members, ...(condition ? { condition } : {}) }));
  return JSON.stringify({ version: version ?? 0, bindings: told, etag: etag instanceof Uint8Array ? Buffer.from(etag).toString('base64') : (etag ?? '') });
}

/** The key's labels. */
export async function tags(server: GcpServer, key: KeyName): Promise<Readonly<Record<string, string>>> {
  return { ...(await getKey(server, key)).labels };
}

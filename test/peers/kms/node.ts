import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openServices, type Services } from '../../../app/services.ts';
import type { KmsProfile } from '../../../app/profiles.ts';
import { addNode } from '../../../app/services/profile-nodes.ts';
import { changeKms } from '../../../app/services/profile-kms.ts';
import { CREDENTIALS, REGION } from '../aws/aws.ts';
import { imageOf } from '../../lu/fixtures.ts';

export const LU = 'CUSTOMER';

/** Sections of a config.ini. */
export type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** One node: a home, a profile with a SQLite system database, and its config.ini. */
export class Node {
  readonly home = mkdtempSync(join(tmpdir(), 'fkc-kms-node-'));
  readonly ini = join(this.home, 'config.ini');
  #opened: Services | null = null;

  /** Makes the profile; nothing is live yet. */
  async make(kms: Partial<KmsProfile> = {}): Promise<void> {
    this.configure({});
    const maker = await openServices({ home: this.home });
    await maker.createProfile({ name: 'mine', sqlite: join(this.home, 'mine.sqlite') }, null);
    await addNode(maker.profiles, 'mine', 'node-1', this.ini);
    await changeKms(maker.profiles, 'mine', kms);
    await maker.close();
  }

  configure(sections: Sections): void {
    const lines = Object.entries(sections).flatMap(([section, values]) => [`[${section}]`, ...Object.entries(values).map(([key, value]) => `${key}=${value}`), '']);
    writeFileSync(this.ini, `${lines.join('\n')}\n`, { mode: 0o600 });
  }

  get services(): Services {
    if (this.#opened === null) throw new Error('The node is not started.');
    return this.#opened;
  }

  /** Opens and goes live; a process that ran before is ended first. */
  async restart(): Promise<Services> {
    await this.#opened?.close();
    this.#opened = await openServices({ home: this.home, profile: 'mine' });
    await this.#opened.unlock(null);
    return this.#opened;
  }

  /** Saves an instance under the active generation. @returns its key description */
  async save(id: string): Promise<string> {
    await this.services.cluster.instances.save(LU, id, imageOf(`CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES ('${id}')`));
    return (await this.services.cluster.instances.read(LU, id)).info.keyDescription;
  }

  /** Ends the process that runs. */
  async stop(): Promise<void> {
    await this.#opened?.close();
    this.#opened = null;
  }

  async remove(): Promise<void> {
    await this.#opened?.close().catch(() => undefined);
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** `[encryption_aws_kms]`; the credentials come from variables that {@link setAwsVariables} sets. */
export function awsSection(keyId: string, region = REGION): Sections {
  return { encryption_aws_kms: { ACCESS_KEY_ID: '${FKC_TEST_ACCESS_KEY_ID}', SECRET_ACCESS_KEY: '${FKC_TEST_SECRET_ACCESS_KEY}', REGION: region, CUSTOMER_KEY_ID: keyId } };
}

export function setAwsVariables(): void {
  process.env['FKC_TEST_ACCESS_KEY_ID'] = CREDENTIALS.accessKeyId;
  process.env['FKC_TEST_SECRET_ACCESS_KEY'] = CREDENTIALS.secretAccessKey;
}

/** `[encryption_gcp_kms]` of a key's resource name. */
export function gcpSection(key: string): Sections {
  const [, PROJECT_ID = '', , LOCATION_ID = '', , KEY_RING_ID = '', , KEY_ID = ''] = key.split('/');
  return { encryption_gcp_kms: { PROJECT_ID, LOCATION_ID, KEY_RING_ID, KEY_ID } };
}

export function kmipSection(port: number, keyId: string): Sections {
  return { encryption_kmip_kms: { BASE_URL_TEMPLATE: `kmip://127.0.0.1:${port}`, KEY_ID: keyId } };
}

/** The line that activates a master key by a generator and a store. */
export function line(store: string, name = 'masterkey_key_name'): string {
  return `activatekey name='${name}' generatorType='${store === 'AWS_KMS' ? 'AWS_KMS' : 'Java_AES'}' storeType='${store}'`;
}

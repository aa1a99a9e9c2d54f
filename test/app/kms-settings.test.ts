import { describe, expect, it } from 'vitest';
import { kmsSources, NO_OWN, valuesOf } from '../../app/services/kms-settings.ts';
import { entriesOf, parseConfig } from '../../main/config/parse.ts';
import { isAppError } from '../../main/errors.ts';
import type { KmsSources } from '../../main/kms/registry.ts';

const NONE = { gcp: null, kmip: null };
const SECRET = 'known-secret-of-the-tests';

function sources(ini: string, environment: NodeJS.ProcessEnv = {}, kms: Parameters<typeof kmsSources>[0]['kms'] = NONE): KmsSources {
  return kmsSources({ fips: false, kms }, valuesOf(entriesOf(parseConfig(Buffer.from(ini))), environment), NO_OWN);
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!isAppError(error)) throw error;
    expect(JSON.stringify(error) + error.message).not.toContain(SECRET);
    return error.code;
  }
  return 'none';
}

describe('AWS', () => {
  it('takes region, key and credentials, and names the key', async () => {
    const { AWS_KMS } = sources(`[encryption_aws_kms]\nREGION=eu-west-1\nCUSTOMER_KEY_ID="alias/fabric"\nACCESS_KEY_ID=id\nSECRET_ACCESS_KEY=\${SECRET}\n`, { SECRET });
    expect(AWS_KMS?.target).toEqual({ provider: 'AWS_KMS', keyId: 'alias/fabric', location: 'eu-west-1' });
    const settings = AWS_KMS?.settings();
    expect(settings).toMatchObject({ region: 'eu-west-1', keyId: 'alias/fabric', fips: false });
    expect(await settings?.credentials?.()).toEqual({ accessKeyId: 'id', secretAccessKey: SECRET });
  });

  it('leaves everything to the SDK where nothing is configured', () => {
    const { AWS_KMS } = sources('');
    expect(AWS_KMS?.target).toBeNull();
    expect(AWS_KMS?.settings()).toEqual({ region: null, keyId: null, credentials: null, fips: false });
  });

  it('takes the share of the quotas that the profile sets', () => {
    expect(sources('', {}, { ...NONE, awsQuotaShare: 0.25 }).AWS_KMS?.settings()).toMatchObject({ quotaShare: 0.25 });
  });

  it.each(['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'])('refuses %s alone', (key) => {
    const { AWS_KMS } = sources(`[encryption_aws_kms]\n${key}=${SECRET}\n`);
    expect(codeOf(() => AWS_KMS?.settings())).toBe('KMS_CREDENTIALS_MISSING');
  });

  it.each([undefined, ''])('says which variable is not set (%j)', (value) => {
    const { AWS_KMS } = sources('[encryption_aws_kms]\nACCESS_KEY_ID=${MY_ID}\nCUSTOMER_KEY_ID=k\n', value === undefined ? {} : { MY_ID: value });
    expect(codeOf(() => AWS_KMS?.settings())).toBe('CONFIG_VARIABLE_UNSET');
    expect(() => AWS_KMS?.settings()).toThrow(/MY_ID/);
  });

  it('takes the last of two values, as the platform does', () => {
    expect(sources('[encryption_aws_kms]\nCUSTOMER_KEY_ID=a\nCUSTOMER_KEY_ID=b\n').AWS_KMS?.target?.keyId).toBe('b');
  });
});

describe('GCP', () => {
  it('takes its four names, the credential file and the profile’s endpoint', () => {
    const ini = '[encryption_gcp_kms]\nPROJECT_ID=p\nLOCATION_ID=europe-west3\nKEY_RING_ID=r\nKEY_ID=k\nCREDENTIAL_FILE=${FILE}\n';
    const { GCP_KMS } = sources(ini, { FILE: '/etc/gcp.json' }, { gcp: { endpoint: 'kms.internal:443' }, kmip: null });
    expect(GCP_KMS?.target).toEqual({ provider: 'GCP_KMS', keyId: 'r/k', location: 'europe-west3' });
    expect(GCP_KMS?.settings()).toEqual({ projectId: 'p', locationId: 'europe-west3', keyRingId: 'r', keyId: 'k', credentialFile: '/etc/gcp.json', endpoint: 'kms.internal:443' });
  });
});

describe('KMIP', () => {
  const ini = '[encryption_kmip_kms]\nBASE_URL_TEMPLATE=kmip://kms:5696\nKEY_ID=key-1\nUSER=fabric\nPASSWORD=${PASSWORD}\n';

  it('takes server, key and password', async () => {
    const { KMIP_KMS } = sources(ini, { PASSWORD: SECRET });
    expect(KMIP_KMS?.target).toEqual({ provider: 'KMIP_KMS', keyId: 'key-1', location: 'kmip://kms:5696' });
    const settings = KMIP_KMS?.settings();
    expect(settings).toMatchObject({ baseUrl: 'kmip://kms:5696', keyId: 'key-1', user: 'fabric', partition: null });
    if (typeof settings?.password !== 'function') throw new Error('no password');
    using password = await settings.password();
    expect(password.use((bytes) => Buffer.from(bytes).toString())).toBe(SECRET);
  });

  it('is not configured without a server, and asks nobody without a certificate', async () => {
    expect(sources('[encryption_kmip_kms]\nKEY_ID=key-1\n').KMIP_KMS?.target).toBeNull();
    expect(codeOf(() => sources('').KMIP_KMS?.settings())).toBe('PROVIDER_NOT_CONFIGURED');
    const { tls } = sources(ini, { PASSWORD: SECRET }).KMIP_KMS?.settings() ?? {};
    if (typeof tls !== 'function') throw new Error('no certificate');
    await expect(tls()).rejects.toMatchObject({ code: 'KMS_CREDENTIALS_MISSING' });
  });

  it('says which file can not be read', async () => {
    const { tls } = sources(ini, { PASSWORD: SECRET }, { gcp: null, kmip: { ca: '/no/ca.pem', cert: '/no/cert.pem', key: '/no/key.pem' } }).KMIP_KMS?.settings() ?? {};
    if (typeof tls !== 'function') throw new Error('no certificate');
    await expect(tls()).rejects.toMatchObject({ code: 'KMS_CREDENTIALS_MISSING', details: { file: '/no/ca.pem' } });
  });
});

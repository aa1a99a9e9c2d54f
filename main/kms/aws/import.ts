import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { GetParametersForImportCommand, ImportKeyMaterialCommand } from '@aws-sdk/client-kms';
import { AppError } from '../../errors.ts';
import type { SecretBytes } from '../../secret.ts';
import { answerInvalid, type AwsRequest } from './errors.ts';
import type { AwsPlace } from './keys.ts';
import type { AwsRegions } from './regions.ts';

/**
 * Gives a key of origin EXTERNAL its material (AWS KMS Developer Guide, "Importing key material"): encrypted here under
 * a public key of AWS by RSAES_OAEP_SHA_256.
 */
export async function importMaterial(regions: AwsRegions, { region, keyId }: AwsPlace, material: SecretBytes, expiresAt: number | null): Promise<void> {
  const asking: AwsRequest = { operation: 'GetParametersForImport', region, keyId };
  const wanted = { KeyId: keyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_4096' } as const;
  const { PublicKey, ImportToken } = await regions.ask(asking, (client, options) => client.send(new GetParametersForImportCommand(wanted), options));
  if (PublicKey === undefined || ImportToken === undefined) throw answerInvalid('no public key', asking);
  const input = {
    KeyId: keyId,
    ImportToken,
    EncryptedKeyMaterial: encryptFor(PublicKey, material, asking),
    ...(expiresAt === null ? { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' as const } : { ExpirationModel: 'KEY_MATERIAL_EXPIRES' as const, ValidTo: new Date(expiresAt) }),
  };
  await regions.ask({ operation: 'ImportKeyMaterial', region, keyId }, (client, options) => client.send(new ImportKeyMaterialCommand(input), options));
}

function encryptFor(publicKey: Uint8Array, material: SecretBytes, request: AwsRequest): Uint8Array {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    return material.use((bytes) => publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, bytes));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw answerInvalid('something that is no public key', request);
  }
}

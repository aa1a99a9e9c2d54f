import { DescribeKeyCommand, type KeyMetadata } from '@aws-sdk/client-kms';
import { AppError } from '../../errors.ts';
import { answerInvalid, type AwsRequest, keyUnsuitable, regionWrong } from './errors.ts';
import { inRegion, isMultiRegion, type KeyArn, type KeyReference, readKeyArn, readKeyReference } from './key-reference.ts';
import type { AwsRegions } from './regions.ts';

/** Where a key is asked, and by which name. */
export interface AwsPlace {
  readonly region: string;
  readonly keyId: string;
}

/** Finds out which key is meant, and in which Region. */
export class AwsKeys {
  readonly #regions: AwsRegions;
  readonly #region: string | null;
  readonly #keyId: string | null;
  #configured: Promise<KeyArn> | null = null;

  constructor(regions: AwsRegions, region: string | null, keyId: string | null) {
    this.#regions = regions;
    this.#region = region;
    this.#keyId = keyId;
  }

  /** The Region of this node. @param otherwise where none is configured. @throws AppError `KMS_REGION_MISSING` */
  async home(otherwise: string | null = null): Promise<string> {
    return this.#region ?? otherwise ?? (await this.#regions.ambient());
  }

  /**
   * The configured key, asked for once: an alias that moves later changes nothing for this process, and the ARN is what
   * is stored.
   * @throws AppError `PROVIDER_NOT_CONFIGURED`, `KMS_KEY_ID_INVALID`, `KMS_REGION_WRONG`, `KMS_KEY_UNSUITABLE`, and what AWS says
   */
  async configured(): Promise<KeyArn> {
    this.#configured ??= this.#resolve();
    try {
      return await this.#configured;
    } catch (error) {
      this.#configured = null;
      throw error;
    }
  }

  /** Where to ask for a key that is named in any form. @throws AppError `KMS_KEY_ID_INVALID`, `KMS_REGION_MISSING` */
  async placeOf(text: string): Promise<AwsPlace> {
    const named = readKeyReference(text);
    if (named.kind === 'arn') return { region: named.key.region, keyId: named.key.arn };
    return { region: named.region ?? (await this.home()), keyId: named.text };
  }

  async describe({ region, keyId }: AwsPlace): Promise<KeyMetadata & { Arn: string }> {
    const request: AwsRequest = { operation: 'DescribeKey', region, keyId };
    const { KeyMetadata: found } = await this.#regions.ask(request, (client, options) => client.send(new DescribeKeyCommand({ KeyId: keyId }), options));
    if (found?.Arn === undefined) throw answerInvalid('no key', request);
    return { ...found, Arn: found.Arn };
  }

  async #resolve(): Promise<KeyArn> {
    if (this.#keyId === null || this.#keyId === '') {
      throw new AppError('PROVIDER_NOT_CONFIGURED', 'No AWS KMS key is configured to wrap master keys under. No KMS was asked.', 'Set CUSTOMER_KEY_ID in [encryption_aws_kms].');
    }
    const place = await this.#configuredPlace(readKeyReference(this.#keyId));
    const found = await this.describe(place);
    const request: AwsRequest = { operation: 'DescribeKey', ...place };
    const key = readKeyArn(found.Arn);
    if (key === null || key.region !== place.region) throw answerInvalid('a key of another place', request);
    if (!isNamedBy(key, readKeyReference(place.keyId))) throw answerInvalid('another key than the one that was named', request);
    if (!canWrap(found)) throw keyUnsuitable(request);
    return key;
  }

  /** A multi-Region key is the same key in this node's Region; any other key of another Region is a mistake. */
  async #configuredPlace(named: KeyReference): Promise<AwsPlace> {
    const own = named.kind === 'arn' ? named.key.region : named.region;
    const region = await this.home(own);
    const keyId = named.kind === 'arn' ? named.key.arn : named.text;
    if (own === null || own === region) return { region, keyId };
    if (named.kind === 'arn' && isMultiRegion(named.key)) return { region, keyId: inRegion(named.key, region).arn };
    throw regionWrong({ operation: 'DescribeKey', region, keyId });
  }
}

/** An alias alone may name any key. */
function isNamedBy(key: KeyArn, named: KeyReference): boolean {
  if (named.kind === 'arn') return named.key.arn === key.arn;
  return named.kind !== 'id' || named.text === key.keyId;
}

/** Symmetric keys for encryption alone (domain rule 9). */
export function canWrap({ KeySpec, KeyUsage }: KeyMetadata): boolean {
  return KeySpec === 'SYMMETRIC_DEFAULT' && KeyUsage === 'ENCRYPT_DECRYPT';
}

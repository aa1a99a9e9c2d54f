/** What an AWS key's ARN says. */
export interface AwsKeyArn {
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /** `key/…` without `key/`, or `alias/…`. */
  readonly key: string;
}

/**
 * Takes the ARN of a KMS key or alias apart; null for a bare key ID or alias.
 * Source: AWS, "Key identifiers (KeyId)": `arn:partition:kms:region:account:key/id`.
 */
export function awsKeyArn(value: string): AwsKeyArn | null {
  const [, region, account, key] = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):([0-9]{12}):(key\/[A-Za-z0-9-]+|alias\/[A-Za-z0-9/_-]+)$/.exec(value) ?? [];
  if (region === undefined || account === undefined || key === undefined) return null;
  return { region, account, key: key.replace(/^key\//, '') };
}

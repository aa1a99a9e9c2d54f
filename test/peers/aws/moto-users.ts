/** A user of moto's IAM with every right on KMS. */
export interface MotoUser {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const POLICY = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] });

/** Makes a user with an access key. Before {@link enforce}. */
export async function createUser(url: string, name: string): Promise<MotoUser> {
  await iam(url, { Action: 'CreateUser', UserName: name });
  await iam(url, { Action: 'PutUserPolicy', UserName: name, PolicyName: 'kms', PolicyDocument: POLICY });
  const answer = await iam(url, { Action: 'CreateAccessKey', UserName: name });
  const part = (tag: string): string => new RegExp(`<${tag}>([^<]+)<`).exec(answer)?.[1] ?? '';
  return { accessKeyId: part('AccessKeyId'), secretAccessKey: part('SecretAccessKey') };
}

/** From now on moto checks access key and signature of each request. */
export async function enforce(url: string): Promise<void> {
  const { ok } = await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: '0' });
  if (!ok) throw new Error('moto does not enforce credentials.');
}

async function iam(url: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: 'AWS4-HMAC-SHA256 Credential=anybody/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=none' },
    body: new URLSearchParams({ ...parameters, Version: '2010-05-08' }),
  });
  if (!answer.ok) throw new Error(`moto: ${await answer.text()}`);
  return answer.text();
}

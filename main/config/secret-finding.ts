import type { SecretKind } from './detectors.ts';
import type { Finding, Place, Severity } from './finding.ts';

interface KindFacts {
  readonly severity: Severity;
  readonly code: string;
  readonly name: string;
  readonly remedy: string;
}

const KINDS: Readonly<Record<SecretKind, KindFacts>> = {
  'aws-access-key-id': {
    severity: 'warning',
    code: 'SECRET_AWS_ACCESS_KEY_ID',
    name: 'An AWS access key ID',
    remedy: 'Look for its secret nearby. Use the role of the machine in place of a key, deactivate this one in IAM, then delete it.',
  },
  'aws-secret-access-key': {
    severity: 'critical',
    code: 'SECRET_AWS_SECRET_ACCESS_KEY',
    name: 'An AWS secret access key',
    remedy: 'Deactivate the access key in IAM now: whoever read this file has it. Use the role of the machine, or keep the new key in a secret store.',
  },
  'gcp-credential': {
    severity: 'critical',
    code: 'SECRET_GCP_CREDENTIAL',
    name: 'A Google Cloud credential file',
    remedy: 'Disable that key of the service account, then delete it. Use ambient credentials (workload identity), or keep the file where only the node reads it (mode 0600).',
  },
  'private-key': {
    severity: 'critical',
    code: 'SECRET_PRIVATE_KEY',
    name: 'A private key that no password protects',
    remedy: 'Replace the key and revoke its certificate where others could read this file; keep the new one where only its owner reads it (mode 0600).',
  },
  'private-key-encrypted': {
    severity: 'note',
    code: 'SECRET_PRIVATE_KEY_ENCRYPTED',
    name: 'A private key under a password',
    remedy: 'Make sure that the password is long and lies elsewhere.',
  },
  'keystore-password': {
    severity: 'critical',
    code: 'SECRET_KEYSTORE_PASSWORD',
    name: 'The password of a KeyStore',
    remedy: 'Change the password (keytool -storepasswd), and give the new one by a file that only its owner reads, by -storepass:file or -storepass:env.',
  },
  password: {
    severity: 'warning',
    code: 'SECRET_PASSWORD',
    name: 'A password or secret',
    remedy: 'Change it, and give the new one by the environment or a secret store.',
  },
  'aes-key': {
    severity: 'warning',
    code: 'SECRET_AES_KEY',
    name: 'What looks like an AES key',
    remedy: 'If it is one, make a new key in a KeyStore or KMS, encrypt again what it protects, and take it out of this file and its history.',
  },
};

/** A secret as a finding: its kind and length, never its text. @param length in characters; null where it has many lines */
export function secretFinding(kind: SecretKind, length: number | null, where: Place): Finding {
  const { severity, code, name, remedy } = KINDS[kind];
  return { severity, code, what: `${name} stands here in plain form${length === null ? '' : ` (${length} characters)`}.`, where, remedy };
}

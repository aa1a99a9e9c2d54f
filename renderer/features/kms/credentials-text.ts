import type { AwsCredentialsView } from '../../../app/contract/kms.ts';

/** Where the credentials for AWS come from, and how long they stay. */
export function credentialsText({ source, accessKeyId, temporary, kept, failure }: AwsCredentialsView): string {
  const id = accessKeyId === null ? '' : `: access key ${accessKeyId}${temporary ? ', with a session token' : ''}`;
  const unused = kept === null ? '' : ' What was given here is not used.';
  switch (source) {
    case 'config':
      return failure === null ? `This machine’s config.ini gives them, and goes first${id}.${unused}` : `This machine’s config.ini is to give them, and goes first.${unused}`;
    case 'keychain':
      return failure === null ? `Given here, sealed by the keychain of this machine${id}.` : 'Given here, sealed by the keychain of this machine. They can not be opened.';
    case 'memory':
      return `Given here, held in memory until the console is locked or ends${id}.`;
    case 'chain':
      return 'None were given: AWS is asked with what the SDK finds (environment, profile of ~/.aws, SSO, role of this machine).';
  }
}

/** What happens to credentials that are given now. */
export function keepingText(seals: boolean): string {
  return seals
    ? 'The keychain of this machine seals them; they lie in the profile’s folder, for this user on this machine alone, and are not opened while the console is locked.'
    : 'There is no keychain here: they are held in memory, never stored, and zeroed when the console is locked or ends. Then they are to be given again.';
}

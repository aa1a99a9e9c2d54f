import { AppError, type ErrorCode, type ErrorDetails } from '../../errors.ts';

export type Told = readonly [code: ErrorCode, message: string, remedy: string];

export const READABLE = 'Running processes go on with the keys that they hold; one that starts now can not unwrap what is under this key';

/** What the console says, for each thing that can happen. */
export const TOLD = {
  credentialsMissing: [
    'KMS_CREDENTIALS_MISSING',
    'No credentials for Google were found. No KMS was asked, and nothing was changed.',
    'Give CREDENTIAL_FILE or GOOGLE_APPLICATION_CREDENTIALS, sign in (gcloud auth application-default login), or give this machine a service account.',
  ],
  credentialsWrong: [
    'KMS_CREDENTIALS_WRONG',
    'Google does not accept the credentials: the key of the service account was deleted or disabled, the account is gone, or what was sent is not its token. Nothing was changed.',
    'Check the service account and its keys in IAM, and what CREDENTIAL_FILE or the surroundings provide.',
  ],
  credentialsExpired: ['KMS_CREDENTIALS_EXPIRED', `The credentials for Google have expired or were revoked. Nothing was changed. ${READABLE}.`, 'Sign in again (gcloud auth application-default login), or use a service account.'],
  clockWrong: ['KMS_CLOCK_WRONG', 'Google refused the request because the clock of this machine is too far off. Nothing was changed.', 'Set the clock (NTP) and try again.'],
  throttled: ['KMS_THROTTLED', 'Google refused the request because the project makes too many of them. Nothing was changed.', 'Wait a moment and try again; if it stays, raise the quota of Cloud KMS or lower what else uses it.'],
  failed: ['KMS_FAILED', 'Google Cloud KMS failed inside. Nothing was changed here.', 'Try again; if it stays, look at https://status.cloud.google.com for this location.'],
  timeout: ['KMS_TIMEOUT', 'Google Cloud KMS did not finish in time. Nothing was changed here; a running process goes on with the keys that it holds.', 'Look at the network and the state of Cloud KMS in this location, then try again.'],
  ciphertextRefused: [
    'KMS_CIPHERTEXT_REFUSED',
    'The KMS could not open the wrapped master key: its bytes were changed, or it was wrapped under another KMS key or for another name, key description or cluster. Nothing was changed.',
    'Check cluster_id, and restore the stripes and facts of this generation from a backup of the system database.',
  ],
  disabled: [
    'KMS_KEY_DISABLED',
    `The version of the KMS key that is needed is disabled. Nothing was changed, and what is wrapped under it is kept. ${READABLE}.`,
    'Enable it again (fkc kms enable), or activate a master key under another KMS key.',
  ],
  pendingDeletion: [
    'KMS_KEY_PENDING_DELETION',
    `The version of the KMS key that is needed waits for its destruction, after which all that is under it is lost for good. ${READABLE}.`,
    'Cancel it now (fkc kms cancel-deletion), then enable the key.',
  ],
  destroyed: ['KMS_KEY_DESTROYED', `The version of the KMS key that is needed was destroyed. ${READABLE}.`, 'Nothing brings it back, unless it was imported and the very same material is imported again. Restore what was under it from elsewhere.'],
  pendingImport: ['KMS_KEY_PENDING_IMPORT', 'The KMS key has no key material yet. Nothing was wrapped.', 'Import the material into the key, or use another key.'],
  unavailable: ['KMS_KEY_UNAVAILABLE', 'The KMS key can not be used in its present state (being made, or its external key manager does not answer). Nothing was changed.', 'Look at the key and its versions in Google Cloud, and try again when they are enabled.'],
  unsuitable: ['KMS_KEY_UNSUITABLE', 'The KMS key can not wrap master keys: its purpose is not symmetric encryption. Nothing was changed.', 'Use a key with the purpose ENCRYPT_DECRYPT.'],
  unsupported: ['KMS_ACT_UNSUPPORTED', 'This key or this server does not have what was asked for. Nothing was changed.', 'Look at what the key allows (fkc kms show).'],
  notFound: [
    'KMS_KEY_NOT_FOUND',
    'Google has no such key, key ring or version in this project and location. Nothing was changed.',
    'Check PROJECT_ID, LOCATION_ID, KEY_RING_ID and KEY_ID. Key rings and keys can not be moved or renamed.',
  ],
  regionWrong: ['KMS_REGION_WRONG', 'The location is none that Cloud KMS has there, or the endpoint belongs to another one. Nothing was changed.', 'Correct LOCATION_ID, and the endpoint if one is set; gcloud kms locations list shows all.'],
  serviceOff: ['KMS_REQUEST_REFUSED', 'Cloud KMS is turned off for this project, or the project has no billing. Nothing was changed.', 'Turn it on (gcloud services enable cloudkms.googleapis.com), and look at the billing of the project.'],
  changedOnTheWay: ['KMS_ANSWER_INVALID', 'Google received other bytes than were sent (its checksum says so). It did nothing, and nothing was changed.', 'Look for a faulty proxy or network between here and Google.'],
  closed: ['CANCELLED', 'The connection to Google Cloud KMS was closed while a request was about to be made. Google was not asked.', 'Do it again.'],
  invalid: ['KMS_ANSWER_INVALID', 'What came back is no answer of Google Cloud KMS, or only half of one. It was not used, and nothing was changed here.', 'Look for a proxy or another server between here and Google, and check the endpoint of the profile.'],
  refused: ['KMS_REQUEST_REFUSED', 'Google did not accept the request as it is. Nothing was changed.', 'Look at the key in Google Cloud, and up the status in the Cloud KMS reference.'],
} as const satisfies Readonly<Record<string, Told>>;

export function tell([code, message, remedy]: Told, details: ErrorDetails): AppError {
  return new AppError(code, message, remedy, { details });
}

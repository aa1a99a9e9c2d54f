import { googleAuthLibrary } from 'google-gax';
import { AppError } from '../../errors.ts';
import { readCredentials } from './credential-file.ts';
import type { GcpRequest } from './errors.ts';
import { signInError } from './sign-in-errors.ts';

type GoogleAuth = googleAuthLibrary.GoogleAuth;

/** Of the SDK's two scopes the one that opens nothing but Cloud KMS. */
const SCOPES = ['https://www.googleapis.com/auth/cloudkms'];

/** Keeps a search from starting gcloud to ask which project this is: it is named in every request. */
const PROJECT = 'named-in-each-request';

export interface SignIn {
  readonly auth: GoogleAuth;
  readonly universe: string | null;
  /**
   * Has a valid token at hand, so that a failure to get one is told as what it is.
   * @throws AppError `KMS_CREDENTIALS_*`, `KMS_CLOCK_WRONG`, `KMS_UNREACHABLE`, `KMS_FAILED`
   */
  readonly ready: (request: GcpRequest) => Promise<void>;
}

/** For a server in plain text on this machine, which gets no credentials. */
export function noSignIn(): SignIn {
  const auth = new googleAuthLibrary.GoogleAuth({ projectId: PROJECT, authClient: new googleAuthLibrary.PassThroughClient() });
  return { auth, universe: null, ready: () => Promise.resolve() };
}

/** @throws AppError of {@link readCredentials} */
export async function signIn(credentialFile: string | null): Promise<SignIn> {
  const found = await readCredentials(credentialFile);
  const client = clientOf(found);
  const auth = new googleAuthLibrary.GoogleAuth({ projectId: PROJECT, scopes: SCOPES, ...(client === null ? {} : { authClient: client }) });
  return {
    auth,
    universe: found.kind === 'service-account' ? found.universe : null,
    ready: async (request) => {
      try {
        const ready = client ?? (await auth.getClient());
        await ready.getRequestHeaders(AUDIENCE);
      } catch (error) {
        throw error instanceof AppError ? error : signInError(error, request);
      }
    },
  };
}

const AUDIENCE = 'https://cloudkms.googleapis.com/';

/** Null where Google's library searches. Its own reader of such files writes warnings to the terminal. */
function clientOf(found: Awaited<ReturnType<typeof readCredentials>>): googleAuthLibrary.AuthClient | null {
  switch (found.kind) {
    case 'service-account': {
      const { email, privateKey: key, privateKeyId, universe } = found;
      const client = new googleAuthLibrary.JWT({ email, key, scopes: SCOPES, ...(privateKeyId === null ? {} : { keyId: privateKeyId }), ...(universe === null ? {} : { universeDomain: universe }) });
      // Signs its own tokens (AIP-4111): no other server has to be asked.
      client.useJWTAccessWithScope = true;
      return client;
    }
    case 'user': {
      const { quotaProject, clientId, clientSecret, refreshToken } = found;
      const client = new googleAuthLibrary.UserRefreshClient({ clientId, clientSecret, refreshToken });
      if (quotaProject !== null) client.quotaProjectId = quotaProject;
      return client;
    }
    case 'ambient':
      return null;
  }
}

import { passwordOf } from '../password.ts';
import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function kmsHandlers(services: Services): HandlersOf<'kms'> {
  return {
    'kms.get': () => services.kmsKeys.overview(),
    'kms.key': ({ provider, keyId }) => services.kmsKeys.key(provider, keyId),
    'kms.test': async ({ provider }) => ({ tests: await services.kmsKeys.test(provider) }),
    'kms.plan': (request) => services.kmsActs.plan(request),
    'kms.act': async ({ confirm, ...request }) => {
      // Asked for first: nobody acts on keys from a locked window, although no plain key is needed for it.
      void services.cluster.ring;
      return services.kmsActs.run(request, confirm);
    },
    'kms.credentials': () => services.kmsCredentials.view(),
    'kms.giveCredentials': ({ accessKeyId, secretAccessKey, sessionToken }) =>
      services.kmsCredentials.give({ accessKeyId, secretAccessKey: passwordOf(secretAccessKey), sessionToken: sessionToken === undefined ? null : passwordOf(sessionToken) }),
    'kms.forgetCredentials': () => services.kmsCredentials.forget(),
  };
}

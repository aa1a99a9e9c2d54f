import type { Services } from '../services.ts';
import { passwordOf } from '../password.ts';
import type { HostActions } from './host-actions.ts';
import type { HandlersOf } from './index.ts';

export function settingsHandlers(
  services: Services,
  host: HostActions,
): HandlersOf<'profiles' | 'preferences' | 'keystore' | 'dialog'> {
  return {
    'profiles.list': async () => ({ profiles: await services.listProfiles() }),
    'profiles.create': async ({ name, sqlite, cassandra, keystore, keystorePassword, fips, production }) => {
      await services.createProfile(
        { name, sqlite, cassandra, fips, production, keystore: keystore === undefined ? null : { file: keystore } },
        keystorePassword === undefined ? null : passwordOf(keystorePassword),
      );
      return {};
    },
    'profiles.test': async ({ cassandra, password }) => ({ steps: await services.testConnection(cassandra, password === undefined ? null : passwordOf(password)) }),
    'profiles.select': async ({ name, databasePassword }) => {
      await services.select(name, databasePassword === undefined ? null : passwordOf(databasePassword));
      return {};
    },
    'preferences.get': () => services.profiles.preferences(),
    'preferences.set': async (preferences) => {
      await services.setPreferences(preferences);
      return {};
    },
    'keystore.planEnable': ({ file }) => services.keystore.planEnable(file),
    'keystore.enable': ({ file, password, confirm }) => services.keystore.enable(file, passwordOf(password), confirm),
    'keystore.planRotate': () => services.keystore.planRotate(),
    'keystore.rotate': ({ confirm }) => services.keystore.rotate(confirm),
    'dialog.chooseFile': async ({ purpose, create }) => ({ file: await host.chooseFile(purpose, create) }),
  };
}

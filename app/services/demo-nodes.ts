import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Profile } from '../profiles.ts';

const HEAD = (node: string): string => `# config.ini of ${node}, made by the console for its demo cluster.
# No node runs on it: try here what you would do with a real one.
`;

const KMS = `
[encryption_aws_kms]
# Credentials come from the machine's own role.
ACCESS_KEY_ID=
SECRET_ACCESS_KEY=
REGION=
CUSTOMER_KEY_ID=
`;

/** Two nodes as they are met: the second one was set up by hand, with a slip and a password that was left behind. */
const FILES: Readonly<Record<string, string>> = {
  'node-1': `${HEAD('node-1')}
MASTERKEY_KEY_STORE_ENABLED=false
KEY_STORE_LOCATION=
KEY_STORE_PASSWORD=
ENTITY_ENCRYPTION_MODE=ON_SAVE
${KMS}`,
  'node-2': `${HEAD('node-2')}
MASTERKEY_KEY_STORE_ENABLED=false
KEY_STORE_LOCATION=/opt/fabric/keystore/fabric.keystore   # for the day when it is on
# KEY_STORE_PASSWORD=demo-Zebra-41
KEY_STORE_PASSWORD=
ENTITY_ENCRYPTON_MODE=ON_SAVE
${KMS}`,
};

/** Makes the config.ini of the demo's nodes under `folder`, where they are not there yet. @throws what the file system says */
export async function demoNodes(folder: string): Promise<Profile['nodes']> {
  return Promise.all(
    Object.entries(FILES).map(async ([name, text]) => {
      const place = join(folder, name);
      await mkdir(place, { recursive: true, mode: 0o700 });
      const configIni = join(place, 'config.ini');
      await writeFile(configIni, text, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      });
      return { name, configIni };
    }),
  );
}

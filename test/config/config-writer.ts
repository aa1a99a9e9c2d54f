/**
 * One process that sets a value in a config.ini, for the tests that cut it off:
 * `node config-writer.ts FILE SECTION KEY VALUE [FAIL_POINT]`. It prints the backup's path, or the failure's code; with
 * FAIL_POINT it kills itself there.
 */
import { setValue } from '../../main/config/edit.ts';
import { readConfigFile, replaceConfigFile } from '../../main/config/file.ts';
import { configBytes, parseConfig } from '../../main/config/parse.ts';
import { AppError } from '../../main/errors.ts';
import { onFailPoint } from '../../main/fail-point.ts';

const [file = '', section = '', key = '', value = '', failAt] = process.argv.slice(2);
onFailPoint((name) => {
  if (name === failAt) process.kill(process.pid, 'SIGKILL');
});
try {
  const old = await readConfigFile(file);
  process.stdout.write(await replaceConfigFile(old, configBytes(setValue(parseConfig(old.bytes), section, key, value))));
} catch (error) {
  process.stdout.write(error instanceof AppError ? error.code : String(error));
}

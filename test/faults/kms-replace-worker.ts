/**
 * One process that replaces the KMS key of a profile and dies at a fail point: `node kms-replace-worker.ts HOME PROFILE
 * KEY_ID FAIL_POINT HIT`. It prints `done` and what it activated where it was not killed.
 */
import { openServices } from '../../app/services.ts';
import { onFailPoint } from '../../main/fail-point.ts';

const [home = '', profile = '', keyId = '', place = '', hit = '1'] = process.argv.slice(2);
const services = await openServices({ home, profile });
await services.unlock(null);
let left = Number(hit);
onFailPoint((name) => {
  if (name === place && --left === 0) process.kill(process.pid, 'SIGKILL');
});
const { activated } = await services.replacement.run({ provider: 'AWS_KMS', keyId }, profile, 'fault test');
console.log(`done ${activated.map(({ description }) => description).join(' ')}`);
await services.close();

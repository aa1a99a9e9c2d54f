import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkElectron } from '../../scripts/check-electron.ts';

const BAD = fileURLToPath(new URL('../fixtures/electron-bad', import.meta.url));

describe('the Electron check', () => {
  it('sees what is wrong with a bad main process, also in syntax newer than its parser', async () => {
    const { files, unreadable, findings } = await checkElectron(BAD);
    expect(files).toEqual(['main.js']);
    expect(unreadable).toEqual([]);
    expect(findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'CSP_GLOBAL_CHECK',
        'LIMIT_NAVIGATION_GLOBAL_CHECK',
        'CONTEXT_ISOLATION_JS_CHECK',
        'SANDBOX_JS_CHECK',
        'WEB_SECURITY_JS_CHECK',
        'HTTP_RESOURCES_JS_CHECK',
        'OPEN_EXTERNAL_JS_CHECK',
        'CERTIFICATE_ERROR_EVENT_JS_CHECK',
      ]),
    );
  }, 60_000);
});

import { expect, test } from 'vitest';
import { homeFolder, wholePath } from '../../app/home.ts';

test.each([
  ['linux', {}, '/home/ada/.local/share/fabric-key-console'],
  ['linux', { XDG_DATA_HOME: '/data' }, '/data/fabric-key-console'],
  ['darwin', {}, '/home/ada/Library/Application Support/fabric-key-console'],
  ['linux', { FKC_HOME: '/srv/keys', XDG_DATA_HOME: '/data' }, '/srv/keys'],
  ['linux', { FKC_HOME: '' }, '/home/ada/.local/share/fabric-key-console'],
] as const)('on %s with %j', (platform, environment, expected) => {
  expect(homeFolder(environment, platform, '/home/ada')).toBe(expected);
});

test('on win32 it is in the roaming profile', () => {
  expect(homeFolder({ APPDATA: '/roaming' }, 'win32', '/home/ada')).toBe('/roaming/fabric-key-console');
});

test.each([
  ['~/keys/fabric.keystore', '/home/ada/keys/fabric.keystore'],
  ['/srv/fabric.keystore', '/srv/fabric.keystore'],
  ['fabric.keystore', `${process.cwd()}/fabric.keystore`],
  ['~ada', `${process.cwd()}/~ada`],
])('the typed path %s is made whole', (typed, expected) => {
  expect(wholePath(typed, '/home/ada')).toBe(expected);
});

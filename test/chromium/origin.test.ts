import { expect, test } from 'vitest';
import { addScheme, fromWeb, toWeb } from '../../app/chromium/origin.ts';

addScheme('app');

test.each([
  ['app://console/', 'https://console.app.invalid/'],
  ['app://console/assets/a.js?x=1#y', 'https://console.app.invalid/assets/a.js?x=1#y'],
])('%s is carried as %s and back', (own, web) => {
  expect(toWeb(own)).toBe(web);
  expect(fromWeb(web)).toBe(own);
});

test('an origin has no path', () => {
  expect(fromWeb('https://console.app.invalid')).toBe('app://console');
});

test.each(['https://console.app.invalid.evil.com/', 'http://console.app.invalid/', 'https://console.other.invalid/', 'https://a.b.app.invalid/', 'https://console.app.invalid:8443/', 'about:blank', 'data:text/html,x'])(
  '%s is not ours',
  (url) => {
    expect(fromWeb(url)).toBe(url);
  },
);

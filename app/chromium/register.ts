import { registerHooks } from 'node:module';

const ELECTRON = new URL('./index.ts', import.meta.url).href;

/** From here on `import 'electron'` means this folder: `node --import ./app/chromium/register.ts out/electron/main.js`. */
registerHooks({
  resolve: (specifier, context, next) => next(specifier === 'electron' ? ELECTRON : specifier, context),
});

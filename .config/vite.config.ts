import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const path = (from: string): string => fileURLToPath(new URL(from, import.meta.url));

/** The window's page: static files under out/renderer, no inline script or style, so that the strict CSP holds. */
export default defineConfig({
  root: path('../renderer'),
  base: './',
  plugins: [react()],
  logLevel: 'warn',
  build: {
    outDir: path('../out/renderer'),
    emptyOutDir: true,
    target: 'chrome140',
    // Fonts and pictures stay files: `font-src 'self'` allows no data URL.
    assetsInlineLimit: 0,
    // Chromium knows modulepreload; the polyfill would use fetch, which the CSP denies.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
    // One file for what the start needs: every further one costs a round trip before the first drawing.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] } } },
  },
});

/**
 * Who may import whom: one rule a line of the table in the architecture. Paths are relative to the folder that is
 * checked, so that test/house can try the same rules on a tree that breaks every one of them.
 */
const at = (...paths) => paths.map((path) => `^${path}`);
const npm = (...names) => names.map((name) => `(^|/)node_modules/${name}/`);
const OURS = at('(app|main|renderer|scripts|test)/');
const SHIPPED = at('(app|main|renderer)/');
const ELECTRON = npm('electron');
const REACT_AND_ITS_LIBRARIES = npm('react', 'react-dom', '@types/react', '@types/react-dom', '@mantine/[^/]+', '@tanstack/[^/]+');

/** The one folder that may use a driver, an SDK or another package with a place of its own. */
const PLACES = [
  ['playwright-core', 'app/chromium/'],
  ['commander', 'app/cli/'],
  ['csv-parse', 'main/lu/'],
  ['cassandra-driver', 'main/systemdb/cassandra/'],
  ['croner', 'main/rekey/'],
  ['@aws-sdk/[^/]+', 'main/kms/aws/'],
  ['@google-cloud/kms', 'main/kms/gcp/'],
  ['google-gax', 'main/kms/gcp/'],
  ['@noble/[^/]+', 'main/crypto/'],
];

const forbidden = [
  {
    name: 'no-cycles',
    comment: 'Two files that need each other are one thing: take out what both need. Types alone make no cycle: they are gone at run time.',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'resolvable',
    comment: 'An import must lead somewhere.',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'declared',
    comment: 'A package must be listed in package.json.',
    from: { pathNot: at('test/') },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'shipped-uses-shipped',
    comment: 'What runs at the user needs no development package; only the renderer is bundled with its own.',
    from: { path: at('(app|main)/') },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: ELECTRON },
  },
  {
    name: 'nothing-imports-test',
    from: { pathNot: at('test/') },
    to: { path: at('test/') },
  },
  {
    name: 'main-is-the-core',
    comment: 'The core knows neither the window nor the host.',
    from: { path: at('main/') },
    to: { path: [...at('(app|renderer|scripts)/'), ...ELECTRON] },
  },
  {
    name: 'contract-runs-in-a-browser',
    comment: 'app/contract: zod, and types of main/errors.ts.',
    from: { path: at('app/contract/') },
    to: { pathNot: [...at('app/contract/', 'main/errors\\.ts$'), ...npm('zod')] },
  },
  {
    name: 'contract-takes-types-of-errors',
    from: { path: at('app/contract/') },
    to: { path: at('main/errors\\.ts$'), dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'preload-is-a-bridge',
    comment: 'app/preload: electron and app/contract.',
    from: { path: at('app/preload/') },
    to: { pathNot: [...at('app/preload/', 'app/contract/'), ...ELECTRON] },
  },
  {
    name: 'handlers-only-hand-on',
    comment: 'app/handlers: the contract, the services, the errors and secrets that cross; anything else of main as types only.',
    from: { path: at('app/handlers/') },
    to: {
      path: [...at('(app|main|renderer|scripts)/'), ...ELECTRON],
      pathNot: at('app/(handlers|contract)/', 'app/services\\.ts$', 'app/password\\.ts$', 'main/(errors|secret)\\.ts$'),
      dependencyTypesNot: ['type-only'],
    },
  },
  {
    name: 'handlers-know-no-host',
    from: { path: at('app/handlers/') },
    to: { path: [...at('app/(electron|chromium|cli|preload)/'), ...ELECTRON] },
  },
  {
    name: 'hosts-do-not-meet',
    comment: 'Each host sees services, handlers, contract and main, never another host.',
    from: { path: at('app/(electron|cli)/') },
    to: { path: at('app/(chromium|preload)/', 'renderer/', 'app/(electron|cli)/'), pathNot: at('app/$1/') },
  },
  {
    name: 'services-know-no-host',
    comment: 'The composition root is the same for every host.',
    from: { path: at('app/services', 'app/[^/]+\\.ts$') },
    to: { path: [...at('app/(electron|chromium|cli|preload|handlers)/', 'renderer/'), ...ELECTRON] },
  },
  {
    name: 'electron-in-its-place',
    comment: 'Only the Electron entry and the preload import electron; the Chromium host takes its types.',
    from: { path: SHIPPED, pathNot: at('app/(electron|preload)/') },
    to: { path: ELECTRON, dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'chromium-is-a-host-alone',
    comment: 'app/chromium: playwright-core, types of electron, node:.',
    from: { path: at('app/chromium/') },
    to: { pathNot: [...at('app/chromium/'), ...npm('playwright-core'), ...ELECTRON], dependencyTypesNot: ['core'] },
  },
  {
    name: 'renderer-runs-in-a-browser',
    comment: 'renderer: React and its libraries, and app/contract.',
    from: { path: at('renderer/') },
    to: { pathNot: [...at('renderer/', 'app/contract/'), ...REACT_AND_ITS_LIBRARIES, ...npm('vite')] },
  },
  {
    name: 'crypto-is-bytes-in-bytes-out',
    comment: 'main/crypto: node:crypto, @noble/*, errors, secret.',
    from: { path: at('main/crypto/') },
    to: { pathNot: [...at('main/crypto/', 'main/(errors|secret)\\.ts$'), ...npm('@noble/[^/]+'), '^(node:)?crypto$'] },
  },
  {
    name: 'keystore-and-kms-stand-alone',
    comment: 'main/keystore and main/kms: crypto, errors, secret, fail points, atomic files and locks; not each other.',
    from: { path: at('main/(keystore|kms)/') },
    to: { path: OURS, pathNot: at('main/$1/', 'main/crypto/', 'main/(errors|secret|fail-point|atomic-file|file-lock)\\.ts$') },
  },
  {
    name: 'config-needs-no-keys',
    comment: 'main/config: errors, atomic files and locks, and the distance of words; a file of text needs no key and no database.',
    from: { path: at('main/config/') },
    to: { pathNot: [...at('main/config/', 'main/(errors|atomic-file|file-lock)\\.ts$', 'main/command/distance\\.ts$')], dependencyTypesNot: ['core'] },
  },
  ...PLACES.map(([name, folder]) => ({
    name: `${name.replace(/\/.*/, '')}-only-in-${folder.replace(/\/$/, '').replaceAll('/', '-')}`,
    comment: 'A driver or SDK stays in its own adapter.',
    from: { path: SHIPPED, pathNot: at(folder) },
    to: { path: npm(name) },
  })),
  {
    name: 'main-has-few-packages',
    comment: 'A package that the core uses has a place in the table above; zod describes what comes from files.',
    from: { path: at('main/') },
    to: { path: npm('.+'), pathNot: npm(...PLACES.map(([name]) => name), 'zod', '@types/node') },
  },
  {
    name: 'sqlite-in-its-adapters',
    comment: 'node:sqlite: the system database adapter and the MicroDB; a KeyStore and a config.ini are locked by a database beside them.',
    from: { path: SHIPPED, pathNot: at('main/systemdb/sqlite/', 'main/lu/', 'main/file-lock\\.ts$') },
    to: { path: '^(node:)?sqlite$' },
  },
].map((rule) => ({ severity: 'error', ...rule }));

module.exports = {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^test/fixtures/', '^out/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: `${__dirname}/../tsconfig.json` },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'], extensions: ['.ts', '.tsx', '.js', '.cjs', '.mjs', '.json', '.d.ts'] },
  },
};

import { createHashHistory, createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Frame } from './features/frame/Frame.tsx';
import { NotFound, PageBroke } from './features/frame/NoPage.tsx';
import { OverviewPage } from './features/overview/OverviewPage.tsx';

const rootRoute = createRootRoute({ component: Frame, notFoundComponent: NotFound });

const overviewRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: OverviewPage });

const keysPage = lazyRouteComponent(() => import('./features/keys/KeysPage.tsx'), 'KeysPage');
const keysRoute = createRoute({ getParentRoute: () => rootRoute, path: '/keys', component: keysPage });
/** The panel belongs to the page, which reads the parameter itself: the timeline stays as it is when another key is chosen. */
const keyRoute = createRoute({ getParentRoute: () => keysRoute, path: '$description' });

const activateRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/activate',
  validateSearch: (search: Record<string, unknown>): { command?: string; name?: string } => ({ ...text(search, 'command'), ...text(search, 'name') }),
  component: lazyRouteComponent(() => import('./features/activate/ActivatePage.tsx'), 'ActivatePage'),
});

const dataRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data',
  validateSearch: (search: Record<string, unknown>): { lu?: string; key?: string; by?: string } => ({ ...text(search, 'lu'), ...text(search, 'key'), ...text(search, 'by') }),
  component: lazyRouteComponent(() => import('./features/data/DataPage.tsx'), 'DataPage'),
});
const instanceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/$lu/$id',
  component: lazyRouteComponent(() => import('./features/data/InstancePage.tsx'), 'InstancePage'),
});

const auditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/audit',
  component: lazyRouteComponent(() => import('./features/audit/AuditPage.tsx'), 'AuditPage'),
});
const auditRecordRoute = createRoute({ getParentRoute: () => auditRoute, path: '$seq' });

const nodesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/nodes',
  component: lazyRouteComponent(() => import('./features/nodes/NodesPage.tsx'), 'NodesPage'),
});

const configurationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/configuration',
  validateSearch: (search: Record<string, unknown>): { open?: string; key?: string } => ({ ...text(search, 'open'), ...text(search, 'key') }),
  component: lazyRouteComponent(() => import('./features/configuration/ConfigurationPage.tsx'), 'ConfigurationPage'),
});

const rekeyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/rekey',
  validateSearch: (search: Record<string, unknown>): { from?: string; open?: string } => ({ ...text(search, 'from'), ...text(search, 'open') }),
  component: lazyRouteComponent(() => import('./features/rekey/RekeyPage.tsx'), 'RekeyPage'),
});
const campaignRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/rekey/$id',
  component: lazyRouteComponent(() => import('./features/rekey/CampaignPage.tsx'), 'CampaignPage'),
});

const kmsPage = lazyRouteComponent(() => import('./features/kms/KmsPage.tsx'), 'KmsPage');
const kmsRoute = createRoute({ getParentRoute: () => rootRoute, path: '/kms', component: kmsPage });
const kmsKeyRoute = createRoute({ getParentRoute: () => kmsRoute, path: '$provider/$key' });

const regionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/regions',
  validateSearch: (search: Record<string, unknown>): { lost?: string; disabled?: string } => ({ ...text(search, 'lost'), ...text(search, 'disabled') }),
  component: lazyRouteComponent(() => import('./features/regions/RegionsPage.tsx'), 'RegionsPage'),
});

const replaceKeyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/kms/replace',
  validateSearch: (search: Record<string, unknown>): { provider?: string } => text(search, 'provider'),
  component: lazyRouteComponent(() => import('./features/kms-replace/ReplaceKeyPage.tsx'), 'ReplaceKeyPage'),
});

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  validateSearch: (search: Record<string, unknown>): { open?: string } => text(search, 'open'),
  component: lazyRouteComponent(() => import('./features/settings/SettingsPage.tsx'), 'SettingsPage'),
});

const routeTree = rootRoute.addChildren([
  overviewRoute,
  keysRoute.addChildren([keyRoute]),
  activateRoute,
  dataRoute,
  instanceRoute,
  auditRoute.addChildren([auditRecordRoute]),
  nodesRoute,
  configurationRoute,
  kmsRoute.addChildren([kmsKeyRoute]),
  regionsRoute,
  replaceKeyRoute,
  rekeyRoute,
  campaignRoute,
  settingsRoute,
]);

/** Hash history: addresses work under `app://` without a server that knows them. */
export const router = createRouter({
  routeTree,
  history: createHashHistory(),
  defaultErrorComponent: PageBroke,
  // Identifiers may look like numbers; an address keeps them as they are.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const pairs = Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
    return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
  },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

function text<Name extends string>(search: Record<string, unknown>, name: Name): { [N in Name]?: string } {
  const value = search[name];
  return (typeof value === 'string' && value !== '' ? { [name]: value } : {}) as { [N in Name]?: string };
}

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

const PAGES = [
  { to: '/', name: 'Overview', icon: 'M2.5 2.5h4.5v6H2.5zM9 2.5h4.5v3.5H9zM2.5 10.5h4.5v3H2.5zM9 8h4.5v5.5H9z' },
  { to: '/keys', name: 'Master keys', icon: 'M2 4h7M4 8h9.5M2 12h5M9 2.5v3M4 6.5v3M7 10.5v3' },
  { to: '/data', name: 'Data', icon: 'M2.5 2.5h11v11h-11zM2.5 6.2h11M2.5 9.8h11M6.2 2.5v11M9.8 2.5v11' },
  { to: '/kms', name: 'KMS', icon: 'M5.500 2.500a3 3 0 1 0 0 6a3 3 0 1 0 0-6M7.700 7.600L13.500 13.400M11.200 11.100l1.600-1.600M9.500 9.400l1.200-1.200' },
  { to: '/rekey', name: 'Rekey', icon: 'M13.200 6.500A5.500 5.500 0 0 0 3.300 5M2.800 9.500A5.500 5.500 0 0 0 12.700 11M3 2v3.200h3.200M13 14v-3.200H9.800' },
  { to: '/nodes', name: 'Nodes', icon: 'M8 2.200a1.800 1.800 0 1 0 0 3.600a1.800 1.800 0 1 0 0-3.600M3.800 10.200a1.800 1.800 0 1 0 0 3.600a1.800 1.800 0 1 0 0-3.600M12.200 10.200a1.800 1.800 0 1 0 0 3.600a1.800 1.800 0 1 0 0-3.600M7.100 5.600L4.700 10.400M8.900 5.600l2.400 4.800M5.600 12h4.800' },
  { to: '/regions', name: 'Regions', icon: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M2 8h12M8 2c-4.200 3.500-4.200 8.500 0 12M8 2c4.200 3.500 4.200 8.500 0 12' },
  { to: '/configuration', name: 'Configuration', icon: 'M3.5 1.500h6l3 3v10h-9zM9.500 1.500v3h3M5.500 7.500h5M5.500 9.700h5M5.500 11.900h3' },
  { to: '/audit', name: 'Audit', icon: 'M5 5.5a2 2 0 0 1 2-2h1a2 2 0 0 1 0 4H6.5M11 10.5a2 2 0 0 1-2 2H8a2 2 0 0 1 0-4h1.5' },
  { to: '/settings', name: 'Settings', icon: 'M2 4.5h6.5M11.5 4.5H14M8.5 3v3h3V3zM2 11.5h2.500M7.500 11.5H14M4.500 10v3h3v-3z' },
] as const;

/** The pages that work. */
export function Navigation(): ReactNode {
  return (
    <nav className="navigation" aria-label="Pages">
      <ul>
        {PAGES.map((page) => (
          <li key={page.to}>
            <Link to={page.to} activeOptions={{ exact: page.to === '/', includeSearch: false }}>
              <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.3" aria-hidden="true">
                <path d={page.icon} />
              </svg>
              {page.name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

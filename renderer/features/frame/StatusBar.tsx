import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import type { Host, Status } from '../../../app/contract/session.ts';
import { counted } from '../../format.ts';
import { Shape } from '../../ui/Shape.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';

/** What was last checked, and what the user should know of this host. */
export function StatusBar({ status, host }: { status: Status | undefined; host: Host | undefined }): ReactNode {
  const notices = [...(host?.warnings ?? []), ...(status?.notes ?? [])];
  return (
    <footer className="status-bar">
      {status === undefined ? null : (
        <>
          <span>{status.censusAt === null ? 'No census yet' : <>Last census <Time at={status.censusAt} /></>}</span>
          <AuditState audit={status.audit} />
        </>
      )}
      <span className="spring" />
      {notices.length === 0 ? null : (
        <span className="status-notice" title={notices.join('\n')}>
          <Shape name="triangle" size={11} /> <span>{notices[0]}</span>
          {notices.length === 1 ? null : <Link to="/settings">and {counted(notices.length - 1, 'more notice')}</Link>}
        </span>
      )}
      {host === undefined ? null : (
        <span className="status-host" title={host.differences.join('\n')}>
          {host.kind === 'electron' ? 'Electron' : 'Chromium'} {host.version}
        </span>
      )}
    </footer>
  );
}

function AuditState({ audit }: { audit: Status['audit'] }): ReactNode {
  const { records, intact, verifiedAt } = audit;
  if (intact === false) {
    return (
      <Link to="/audit">
        <StateBadge state="broken" word="Audit chain broken" />
      </Link>
    );
  }
  return (
    <Link to="/audit">
      {intact === null || verifiedAt === null ? (
        <>Audit chain of {counted(records, 'record')}, not verified yet</>
      ) : (
        <>
          <StateBadge state="intact" word={`Audit chain of ${counted(records, 'record')} verified`} /> <Time at={verifiedAt} />
        </>
      )}
    </Link>
  );
}

import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import type { Host, Status } from '../../../app/contract/session.ts';
import { counted, latency } from '../../format.ts';
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
          <span>{status.state === 'starting' ? 'Census once the data are in' : status.censusAt === null ? 'No census yet' : <>Last census <Time at={status.censusAt} /></>}</span>
          <AuditState audit={status.audit} />
          <KmsState endpoints={status.kms} />
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

/** How fast the KMSs answer, or that one does not. */
function KmsState({ endpoints }: { endpoints: Status['kms'] }): ReactNode {
  if (endpoints.length === 0) return null;
  const words = endpoints.map(({ provider, location, latencyMs, circuit, failingSince, lastFailure }) =>
    [`${provider} ${location}`, latencyMs === null ? 'no answer yet' : latency(latencyMs), failingSince === null ? null : `no answer since ${new Date(failingSince).toISOString()} (${lastFailure?.code ?? ''})`, circuit === 'closed' ? null : `circuit ${circuit}`].filter((word) => word !== null).join(', '),
  );
  const failing = endpoints.filter(({ failingSince }) => failingSince !== null);
  const [first] = failing;
  const slowest = Math.max(...endpoints.map(({ latencyMs }) => latencyMs ?? 0));
  return (
    <span title={words.join('\n')}>
      {first === undefined || first.failingSince === null ? (
        `KMS ${latency(slowest)}`
      ) : (
        <Link to="/kms">
          <StateBadge state="broken" word="KMS does not answer since" /> <Time at={first.failingSince} />
        </Link>
      )}
    </span>
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

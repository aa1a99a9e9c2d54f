import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Verification } from '../../../app/contract/keys.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { counted, figure } from '../../format.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';

interface VerifyResultProps {
  readonly result: Verification | undefined;
  readonly error: Error | null;
  readonly onClose: () => void;
}

/** What unwrapping and comparing found, and the way to mend it. */
export function VerifyResult({ result, error, onClose }: VerifyResultProps): ReactNode {
  const [removing, setRemoving] = useState(false);
  if (error !== null) return <FailurePanel failure={asFailure(error)} />;
  if (result === undefined) return null;
  const whole = result.unreadable.length === 0;
  return (
    <div className="result" role="status">
      <div className="result-head">
        <StateBadge
          state={whole ? 'intact' : 'broken'}
          word={
            whole
              ? `Unwrapped and compared from what is stored now: ${result.checked === 1 ? 'it is intact' : `all ${counted(result.checked, 'generation')} are intact`}.`
              : `${figure(result.unreadable.length)} of ${counted(result.checked, 'generation')} can not be used.`
          }
        />
        <span className="spring" />
        <Button variant="default" onClick={onClose}>
          Dismiss
        </Button>
      </div>
      {whole ? null : (
        <ul className="result-failures">
          {result.unreadable.map((each) => (
            <li key={each.description}>
              <FailurePanel failure={{ ...each, message: `${each.description}: ${each.message}` }} live={false} />
            </li>
          ))}
        </ul>
      )}
      {result.orphans.length === 0 ? null : (
        <div className="result-item">
          <p>
            {counted(result.orphans.length, 'orphan')} {result.orphans.length === 1 ? 'was' : 'were'} left by an activation that was cut off. Nothing is encrypted under {result.orphans.length === 1 ? 'it' : 'them'}.
          </p>
          <Button variant="default" onClick={() => setRemoving(true)}>
            Remove orphans…
          </Button>
        </div>
      )}
      {removing ? <RemoveOrphans onClose={() => setRemoving(false)} onDone={onClose} /> : null}
    </div>
  );
}

/** Removes what no activation owns, after a dry run has named it. */
export function RemoveOrphans({ onClose, onDone }: { onClose: () => void; onDone: () => void }): ReactNode {
  const client = useQueryClient();
  const status = useQuery(queries.status());
  const plan = useQuery({ queryKey: ['keys', 'orphans'], queryFn: () => ask((c) => c.keys.removeOrphans({ dryRun: true })) });
  const remove = useMutation({
    mutationFn: () => ask((c) => c.keys.removeOrphans({ dryRun: false })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['keys'] });
      onClose();
      onDone();
    },
  });
  const orphans = plan.data?.orphans ?? [];
  const profile = status.data?.profile;
  const failure = remove.error ?? plan.error;
  return (
    <Sheet
      title="Remove orphans"
      happens={
        <>
          <p>These stripes and descriptions are removed from the system database:</p>
          <ul>
            {orphans.map((orphan) => (
              <li key={orphan}>
                <code className="wraps">{orphan}</code>
              </li>
            ))}
          </ul>
          {plan.data !== undefined && orphans.length === 0 ? <p>None is left, or all of them may still belong to an activation that is running.</p> : null}
        </>
      }
      touches={<p>No instance: the census counts none under them, and none was ever active.</p>}
      back={<p>There is no way back, and no need for one: nothing was ever encrypted under these keys.</p>}
      confirm={profile?.production === true ? { text: profile.name, what: 'the production profile' } : null}
      act={`Remove ${counted(orphans.length, 'orphan')}`}
      danger
      busy={remove.isPending || plan.isPending}
      failure={failure === null ? null : asFailure(failure)}
      onAct={() => orphans.length > 0 && remove.mutate()}
      onClose={onClose}
    />
  );
}

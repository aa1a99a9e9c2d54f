import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { JobView } from '../../../app/contract/data.ts';
import { asFailure, ask } from '../../api.ts';
import { duration, figure } from '../../format.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';

/** Long work with how far it is, how fast, and how long it will take. */
export function Jobs({ jobs }: { jobs: readonly JobView[] }): ReactNode {
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: ({ id, verb }: { id: string; verb: 'pause' | 'resume' | 'cancel' }) => ask((c) => c.jobs[verb]({ id })),
    onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }),
  });
  return (
    <ul className="jobs">
      {jobs.map((job) => (
        <li key={job.id}>
          <div className="job-head">
            <strong>{job.title}</strong>
            <StateBadge state={job.state} />
            <span className="spring" />
            <span className="quiet">{pace(job)}</span>
            {job.state === 'running' && job.kind !== 'regions' ? (
              <Button variant="default" onClick={() => act.mutate({ id: job.id, verb: 'pause' })}>
                Pause
              </Button>
            ) : null}
            {job.state === 'paused' || job.state === 'failed' ? (
              <Button variant="default" onClick={() => act.mutate({ id: job.id, verb: 'resume' })}>
                Resume
              </Button>
            ) : null}
            {job.state === 'running' || job.state === 'paused' ? (
              <Button variant="default" onClick={() => act.mutate({ id: job.id, verb: 'cancel' })}>
                Cancel
              </Button>
            ) : null}
          </div>
          <progress aria-label={job.title} max={job.total ?? 1} {...(job.total === null && job.state === 'running' ? {} : { value: job.total === null ? 0 : job.done })} />
          {job.failure === null ? null : <FailurePanel failure={job.failure} />}
        </li>
      ))}
      {act.error === null ? null : (
        <li>
          <FailurePanel failure={asFailure(act.error)} />
        </li>
      )}
    </ul>
  );
}

/** `312 of 599 · 210 a second · 2 s left`. */
export function pace(job: JobView): string {
  const parts = [job.total === null ? figure(job.done) : `${figure(job.done)} of ${figure(job.total)}`];
  if (job.failed > 0) parts.push(`${figure(job.failed)} failed`);
  if (job.state === 'running' && job.rate !== null && job.rate > 0) parts.push(`${figure(job.rate)} a second`);
  if (job.state === 'running' && job.left !== null) parts.push(`${duration(job.left)} left`);
  if (job.state === 'done') parts.push(`in ${duration(job.updatedAt - job.startedAt)}`);
  return parts.join(' · ');
}

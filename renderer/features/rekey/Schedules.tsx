import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { ScheduleView } from '../../../app/contract/rekey.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { NewSchedule } from './NewSchedule.tsx';
import { conditionInWords, timeInWords, whatInWords } from './schedule-fields.ts';

/** Standing orders: when a rekey starts by itself. */
export function Schedules(): ReactNode {
  const client = useQueryClient();
  const schedules = useQuery(queries.schedules());
  const [adding, setAdding] = useState(false);
  const remove = useMutation({
    mutationFn: (id: string) => ask((c) => c.rekey.removeSchedule({ id })),
    onSettled: () => client.invalidateQueries({ queryKey: ['rekey'] }),
  });
  return (
    <Section
      title="Schedules"
      acts={
        <Button variant="default" onClick={() => setAdding(true)}>
          Add a schedule…
        </Button>
      }
    >
      <Answered query={schedules} what="Reading the schedules">
        {(value) =>
          value.schedules.length === 0 ? (
            <p className="quiet">No rekey starts by itself.</p>
          ) : (
            <>
              <p className="schedules-acting">
                {value.scheduler === null ? (
                  <>
                    <StateBadge state="warning" word="No process acts on them now" /> <span className="quiet">They start nothing until <code>fkc rekey serve</code> runs somewhere.</span>
                  </>
                ) : (
                  <span className="quiet">
                    <code>{value.scheduler}</code> acts on them.
                  </span>
                )}
              </p>
              <table className="figures schedules">
                <thead>
                  <tr>
                    <th>When</th>
                    <th>If</th>
                    <th>What</th>
                    <th>Next</th>
                    <th>Last</th>
                    <th>
                      <span className="hidden-text">Acts</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {value.schedules.map((schedule) => (
                    <tr key={schedule.id}>
                      <td>{timeInWords(schedule.when)}</td>
                      <td>{schedule.conditions.length === 0 ? <span className="quiet">always</span> : schedule.conditions.map(conditionInWords).join(', or ')}</td>
                      <td>{whatInWords(schedule)}</td>
                      <td>{schedule.next === null ? 'never' : <Time at={schedule.next} />}</td>
                      <td>
                        <Last last={schedule.last} />
                      </td>
                      <td className="number">
                        <Button variant="default" loading={remove.isPending && remove.variables === schedule.id} onClick={() => remove.mutate(schedule.id)} aria-label={`Remove the schedule: ${timeInWords(schedule.when)}`}>
                          Remove
                        </Button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </>
          )
        }
      </Answered>
      {remove.error === null ? null : <FailurePanel failure={asFailure(remove.error)} />}
      {adding ? <NewSchedule onClose={() => setAdding(false)} /> : null}
    </Section>
  );
}

function Last({ last }: { last: ScheduleView['last'] }): ReactNode {
  if (last === null) return <span className="quiet">not yet</span>;
  return (
    <>
      <Time at={last.at} />:{' '}
      {last.campaign === null ? (
        <span className="quiet">{last.result === 'REKEY_NOTHING_TO_DO' ? 'nothing to do' : last.result}</span>
      ) : (
        <Link to="/rekey/$id" params={{ id: last.campaign }}>
          campaign
        </Link>
      )}
    </>
  );
}

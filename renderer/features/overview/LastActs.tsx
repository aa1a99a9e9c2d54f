import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { Identifier } from '../../ui/Identifier.tsx';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';

/** The newest records of the audit trail: what has just been done here, and by whom. */
export function LastActs(): ReactNode {
  const last = useQuery(queries.lastActs());
  return (
    <Section title="Last acts" acts={<Link to="/audit">Whole audit trail</Link>}>
      <Answered query={last} what="Reading the audit trail">
        {({ records }) =>
          records.length === 0 ? (
            <p className="quiet">Nothing has been done yet.</p>
          ) : (
            <table className="figures last-acts">
              <thead>
                <tr>
                  <th>Act</th>
                  <th>Object</th>
                  <th>By</th>
                  <th>Outcome</th>
                  <th className="number">When</th>
                </tr>
              </thead>
              <tbody>
                {records.map((record) => (
                  <tr key={record.seq}>
                    <td>
                      <Link to="/audit/$seq" params={{ seq: String(record.seq) }}>
                        {record.act}
                      </Link>
                    </td>
                    <td>
                      <Identifier text={record.object} />
                    </td>
                    <td>{record.actor}</td>
                    <td>
                      <StateBadge state={record.outcome} />
                    </td>
                    <td className="number">
                      <Time at={record.at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Answered>
    </Section>
  );
}

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Section } from './Section.tsx';
import { StateBadge } from './StateBadge.tsx';
import { Time } from './Time.tsx';

interface RecordsSectionProps {
  readonly records: readonly { readonly seq: number; readonly at: number; readonly act: string; readonly outcome: string }[];
}

/** The audit records that name a thing, each with its address. */
export function RecordsSection({ records }: RecordsSectionProps): ReactNode {
  return (
    <Section title="Audit records">
      {records.length === 0 ? (
        <p className="quiet">No record names it.</p>
      ) : (
        <table className="figures">
          <tbody>
            {records.map((record) => (
              <tr key={record.seq}>
                <td>
                  <Link to="/audit/$seq" params={{ seq: String(record.seq) }}>
                    {record.act}
                  </Link>
                </td>
                <td>
                  <StateBadge state={record.outcome} />
                </td>
                <td className="number quiet">
                  <Time at={record.at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

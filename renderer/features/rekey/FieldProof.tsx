import type { ReactNode } from 'react';
import type { CampaignView } from '../../../app/contract/rekey.ts';
import { counted, figure } from '../../format.ts';
import { Identifier } from '../../ui/Identifier.tsx';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { meanwhile } from './sentence.ts';

type Proof = Extract<NonNullable<CampaignView['outcome']>, { kind: 'proof' }>;
type Fields = NonNullable<Proof['fields']>;

/** How a campaign over field values ended: what was done and what is there, by generation; and what that does not tell. */
export function FieldProof({ outcome, proof }: { outcome: Proof; proof: Fields }): ReactNode {
  const { left, unread, columns } = proof;
  const whole = left === 0 && unread === 0;
  return (
    <Section title="The columns, read anew">
      <p className="proof">
        <StateBadge state={whole ? 'intact' : 'warning'} word={whole ? 'No older value in these columns' : left > 0 ? `${counted(left, 'value')} left` : `${counted(unread, 'instance')} not read`} />
        <span>
          {counted(outcome.counted, 'instance')} opened and read once more, <Time at={outcome.at} />: {figure(outcome.rewritten)} re-encrypted, {meanwhile(outcome)}{figure(outcome.failures)} left with a failure
          {unread === 0 ? '' : `, ${figure(unread)} that could not be read`}.
        </span>
      </p>
      <p className="quiet">It tells of the named columns of what is stored here. Values in other columns, in what was saved since, in other databases and in backups still need their generations.</p>
      <table className="figures proof-left">
        <thead>
          <tr>
            <th>Generation</th>
            <th className="number">Values re-encrypted</th>
            <th className="number">Instances failed</th>
            <th className="number">Values there now</th>
          </tr>
        </thead>
        <tbody>
          {generationsOf(proof).map((key) => (
            <tr key={key}>
              <td>
                <Identifier text={key} />
              </td>
              <td className="number">{figure(sumOf(proof.renewed, key))}</td>
              <td className="number">{figure(proof.failed.reduce((sum, row) => sum + (row.keyDescription === key ? row.instances : 0), 0))}</td>
              <td className="number">{figure(sumOf(columns, key))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function generationsOf({ renewed, failed, columns }: Fields): string[] {
  return [...new Set([...renewed, ...failed, ...columns].map(({ keyDescription }) => keyDescription))].sort();
}

function sumOf(rows: readonly { readonly keyDescription: string; readonly values: number }[], key: string): number {
  return rows.reduce((sum, row) => sum + (row.keyDescription === key ? row.values : 0), 0);
}

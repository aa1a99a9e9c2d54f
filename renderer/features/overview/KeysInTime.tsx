import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { GenerationView } from '../../../app/contract/keys.ts';
import { queries } from '../../api.ts';
import { counted, day, exactUtc } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { useNow } from '../../ui/clock.ts';
import { Time } from '../../ui/Time.tsx';

/** As many names and generations as a small picture can tell apart; the page of master keys has them all. */
const NAMES = 4;
const BARS = 200;

/** One line for each key name: its newest generations as bars in time. */
export function KeysInTime(): ReactNode {
  const keys = useQuery(queries.keys());
  const now = useNow();
  return (
    <Answered query={keys} what="Reading the master keys">
      {({ keys: all, names }) => {
        const shown = names.slice(0, NAMES).map((name) => ({ name, generations: recent(all, name) }));
        const from = Math.min(now - 60_000, ...shown.flatMap(({ generations }) => generations.map((each) => each.activatedAt ?? now)));
        return (
          <table className="figures keys-in-time">
            <thead className="hidden-text">
              <tr>
                <th>Key</th>
                <th>Active since</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ name, generations }) => {
                const count = all.reduce((sum, each) => (each.name === name ? sum + 1 : sum), 0);
                const active = generations.find((each) => each.state === 'active');
                return (
                  <tr key={name}>
                    <th scope="row">
                      <span className="keys-in-time-name">
                        <code>{name}</code>
                        <span className="quiet">{counted(count, 'generation')}</span>
                      </span>
                      <Bars generations={generations} from={from} to={now} />
                    </th>
                    <td className="number">{active?.activatedAt == null ? 'none active' : <Time at={active.activatedAt} />}</td>
                  </tr>
                );
              })}
              <tr className="keys-in-time-axis quiet">
                <td>
                  <span>{day(from)}</span>
                  <span>now</span>
                </td>
                <td />
              </tr>
            </tbody>
          </table>
        );
      }}
    </Answered>
  );
}

function recent(all: readonly GenerationView[], name: string): GenerationView[] {
  return all
    .filter((each) => each.name === name && each.activatedAt !== null)
    .sort((a, b) => (a.activatedAt ?? 0) - (b.activatedAt ?? 0))
    .slice(-BARS);
}

function Bars({ generations, from, to }: { generations: readonly GenerationView[]; from: number; to: number }): ReactNode {
  const scale = 100 / Math.max(1, to - from);
  return (
    <span className="bars">
      {generations.map((each, index) => {
        const start = ((each.activatedAt ?? from) - from) * scale;
        const end = ((each.deactivatedAt ?? to) - from) * scale;
        // One that was activated just now is seen at once.
        const least = each.state === 'active' ? 6 : 1.5;
        const kind = each.readable ? (each.state === 'active' ? 'active' : index % 2 === 0 ? 'old' : 'old-alt') : 'unreadable';
        return (
          <Link
            key={each.description}
            to="/keys/$description"
            params={{ description: each.description }}
            className={`bars-${kind}`}
            aria-label={`${each.description}, ${each.state}`}
            title={`${each.description}\n${each.state} since ${exactUtc(each.deactivatedAt ?? each.activatedAt ?? each.createdAt)}`}
            style={{ insetInlineStart: `min(${start}%, 100% - ${least}px)`, inlineSize: `max(${end - start}%, ${least}px)` }}
          />
        );
      })}
    </span>
  );
}

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Census, DeepCensus } from '../../../app/contract/data.ts';
import { counted, exactUtc, figure, percent, relativeTime } from '../../format.ts';
import { useNow } from '../../ui/clock.ts';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import './census.css';

/** How the counts came about, what they do not cover, and what deep censuses found that still stands. */
export function CensusFacts({ census }: { census: Census }): ReactNode {
  const { at, deep, coverage } = census;
  const whole = at !== null && census.complete;
  return (
    <div className="census-facts">
      <div className="census-line">
        {at === null ? (
          <StateBadge state="warning" word="Not counted yet" />
        ) : (
          <span>
            <StateBadge state={whole ? 'intact' : 'warning'} word={coveredWord(census)} /> <Time at={at} />
          </span>
        )}
        <DeepLine deep={deep} />
      </div>
      {coverage.notCovered.length === 0 ? null : <Gaps census={census} />}
      {deep === null || deep.findings === 0 ? null : <Findings deep={deep} />}
      <details className="census-limits">
        <summary>What it does not cover</summary>
        <ul>
          {coverage.says.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      </details>
    </div>
  );
}

function coveredWord({ live, complete, coverage }: Census): string {
  if (live) return 'Every instance counted';
  if (complete) return coverage.ranges === 1 ? 'The one range counted' : `All ${figure(coverage.ranges)} ranges counted`;
  if (coverage.notCovered.length === 0) return 'Not every Logical Unit counted';
  return `${figure(coverage.counted)} of ${counted(coverage.ranges, 'range')} counted`;
}

function DeepLine({ deep }: { deep: DeepCensus | null }): ReactNode {
  const now = useNow();
  if (deep === null) return <span className="quiet">No deep census of this data is stored: envelopes are not compared with their records.</span>;
  const { checked, opened, findings, only, at } = deep;
  const what = `Deep census${only === null ? '' : ` of ${only.join(', ')}`}: ${counted(checked, 'envelope')} compared, ${opened === 0 ? 'none' : opened === checked ? 'all' : `${figure(opened)} (${percent(opened / checked)})`} authenticated, ${findings === 0 ? 'every one holds' : `${figure(findings)} ${findings === 1 ? 'does' : 'do'} not hold`},`;
  return (
    <span>
      <StateBadge state={findings === 0 ? 'intact' : 'broken'} word={what} />{' '}
      <time dateTime={new Date(at).toISOString()} title={exactUtc(at)}>
        {relativeTime(Math.min(at, now), now)}
      </time>
    </span>
  );
}

/** The parts that could not be read, by Logical Unit and code. */
function Gaps({ census }: { census: Census }): ReactNode {
  const groups = new Map<string, { lu: string; code: string; ranges: number }>();
  for (const { lu, code } of census.coverage.notCovered) {
    const key = `${lu}\n${code}`;
    groups.set(key, { lu, code, ranges: (groups.get(key)?.ranges ?? 0) + 1 });
  }
  return (
    <table className="figures census-gaps">
      <thead>
        <tr>
          <th scope="col">Not covered</th>
          <th scope="col" className="number">
            Ranges
          </th>
          <th scope="col">Code</th>
        </tr>
      </thead>
      <tbody>
        {[...groups.values()].map(({ lu, code, ranges }) => (
          <tr key={`${lu} ${code}`}>
            <td>{lu}</td>
            <td className="number">{figure(ranges)}</td>
            <td>
              <code>{code}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Findings({ deep }: { deep: DeepCensus }): ReactNode {
  return (
    <div className="census-findings" tabIndex={0} role="group" aria-label="Findings of the deep census">
      <table className="figures">
        <thead>
          <tr>
            <th scope="col">Instance</th>
            <th scope="col">Code</th>
            <th scope="col">What it means</th>
          </tr>
        </thead>
        <tbody>
          {deep.list.map(({ lu, id, code, message, remedy }) => (
            <tr key={`${lu} ${id}`}>
              <td>
                <Link to="/data/$lu/$id" params={{ lu, id }}>
                  {lu} {id}
                </Link>
              </td>
              <td>
                <code>{code}</code>
              </td>
              <td>
                {message} {remedy}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {deep.findings > deep.list.length ? (
        <p className="quiet">
          The first {figure(deep.list.length)} of {figure(deep.findings)} are listed.
        </p>
      ) : null}
      <p className="quiet">They stand until a deep census {deep.share === 0 ? '' : `that authenticates as much (${percent(deep.share)}) `}no longer finds them.</p>
    </div>
  );
}

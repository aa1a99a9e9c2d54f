import type { ReactNode } from 'react';
import type { Overview } from '../../../app/contract/overview.ts';
import { figure, latency, percent } from '../../format.ts';

const STATES = [
  { key: 'active', label: 'Active generation' },
  { key: 'older', label: 'Older generations' },
  { key: 'unreadable', label: 'Not readable now' },
] as const;

/** One bar of all instances, cut by the state of the key that each needs, with its figures as a table. */
export function InstancesByState({ overview }: { overview: Overview }): ReactNode {
  const total = Math.max(1, overview.byState.active + overview.byState.older + overview.byState.unreadable);
  return (
    <>
      <div className="stack" aria-hidden="true">
        {STATES.map(({ key }) => (overview.byState[key] === 0 ? null : <span key={key} className={`stack-${key}`} style={{ flexGrow: overview.byState[key] / total }} />))}
      </div>
      <table className="figures">
        <thead className="hidden-text">
          <tr>
            <th>State of the key</th>
            <th>Instances</th>
            <th>Share</th>
          </tr>
        </thead>
        <tbody>
          {STATES.map(({ key, label }) => (
            <tr key={key}>
              <th scope="row">
                <span className={`swatch stack-${key}`} aria-hidden="true" />
                {label}
              </th>
              <td className="number">{figure(overview.byState[key])}</td>
              <td className="number quiet">{percent(overview.byState[key] / total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** How long each dependency took to answer last; the bars share one scale. */
export function Latencies({ latencies }: { latencies: Overview['latencies'] }): ReactNode {
  if (latencies.length === 0) return <p className="quiet">Nothing has been measured yet.</p>;
  const longest = Math.max(...latencies.map((each) => each.milliseconds), 0.001);
  return (
    <table className="figures latencies">
      <thead className="hidden-text">
        <tr>
          <th>Dependency</th>
          <th>Picture</th>
          <th>Time to answer</th>
        </tr>
      </thead>
      <tbody>
        {latencies.map((each) => (
          <tr key={each.dependency}>
            <th scope="row">{each.dependency}</th>
            <td className="latency-picture">
              <span className="latency-bar" style={{ inlineSize: `${Math.max(1.5, (each.milliseconds / longest) * 100)}%` }} />
            </td>
            <td className="number">{latency(each.milliseconds)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

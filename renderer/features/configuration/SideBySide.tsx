import { Fragment, type ReactNode } from 'react';
import type { ConfigRow, ConfigView } from '../../../app/contract/config.ts';
import { Identifier } from '../../ui/Identifier.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { FindingList, placeInNodes } from './FindingList.tsx';

interface SideBySideProps {
  readonly view: ConfigView;
  readonly onChange: (row: ConfigRow) => void;
  readonly onRemove: (node: string) => void;
}

/** Keys down, nodes across, findings in the margin; only keys that differ or are wrong. */
export function SideBySide({ view: { nodes, rows }, onChange, onRemove }: SideBySideProps): ReactNode {
  return (
    <div className="config-scroll" tabIndex={0} role="group" aria-label="Side by side">
      <table className="config-table">
        <thead>
          <tr>
            <th scope="col">Key</th>
            {nodes.map(({ node, file, failure }, index) => (
              <th key={node} scope="col">
                <span className="config-node">
                  <strong>{node}</strong>
                  {index === 0 ? <span className="quiet">this machine’s</span> : null}
                  <span className="spring" />
                  <button type="button" className="close" onClick={() => onRemove(node)} aria-label={`Remove ${node} from the profile`}>
                    ✕
                  </button>
                </span>
                <Identifier text={file} />
                {failure === null ? null : <StateBadge state="unreadable" />}
              </th>
            ))}
            <th scope="col" className="config-margin">
              Findings
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <Fragment key={`${row.section}\n${row.key}`}>
              {row.section === (rows[index - 1]?.section ?? '') ? null : (
                <tr className="config-section">
                  <th scope="rowgroup" colSpan={nodes.length + 2}>
                    <code>[{row.section}]</code>
                  </th>
                </tr>
              )}
              <KeyRow row={row} nodes={nodes} onChange={onChange} />
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function KeyRow({ row, nodes, onChange }: { row: ConfigRow; nodes: ConfigView['nodes']; onChange: (row: ConfigRow) => void }): ReactNode {
  const path = row.section === '' ? row.key : `${row.section}.${row.key}`;
  const values = new Map(row.values.map((value) => [value.node, value]));
  return (
    <tr>
      <th scope="row">
        <code className="config-key">{row.key}</code>
        {!row.differs ? null : row.ofTheNode ? <StateBadge state="note" word="each node’s own" /> : <StateBadge state="warning" word="differs" />}
        <button type="button" className="link-button" onClick={() => onChange(row)} aria-label={`Change ${path}`}>
          Change…
        </button>
      </th>
      {nodes.map(({ node, failure }) => {
        const found = values.get(node);
        return (
          <td key={node}>
            {found === undefined ? (
              <span className="quiet">{failure === null ? 'not there' : 'not read'}</span>
            ) : found.value === null ? (
              <span className="quiet">not there</span>
            ) : (
              <>
                <span className="config-value">
                  {found.value === '' ? <span className="quiet">empty</span> : <code className="wraps">{found.value}</code>}
                  {row.secret && row.differs ? <span className="config-group">value {LETTERS[found.group - 1] ?? found.group}</span> : null}
                </span>
                {found.line === null ? null : <span className="quiet config-line">line {found.line}</span>}
              </>
            )}
          </td>
        );
      })}
      <td className="config-margin">{row.findings.length === 0 ? null : <FindingList findings={row.findings} place={placeInNodes} />}</td>
    </tr>
  );
}

/** Secrets are dots; a letter tells which of them are the same. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

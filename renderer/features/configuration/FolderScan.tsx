import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import type { FindingView, FolderScan as Scan } from '../../../app/contract/config.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { figure } from '../../format.ts';
import { DataTable, type TableColumn } from '../../ui/DataTable.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { FileField } from '../../ui/FileField.tsx';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { SEVERITY_WORDS } from './FindingList.tsx';
import { scanWords } from './sentence.ts';

const RANK: Readonly<Record<FindingView['severity'], number>> = { critical: 0, warning: 1, note: 2 };
/** Rows of findings that are shown before the table scrolls. */
const ROWS = 12;

/** Searches a folder for hard-coded secrets, as a job of the console. */
export function FolderScan(): ReactNode {
  const client = useQueryClient();
  const last = useQuery(queries.lastScan());
  const [typed, setTyped] = useState<string | null>(null);
  const scan = last.data?.scan ?? null;
  const path = typed ?? scan?.path ?? '';
  const renew = (): Promise<void> => client.invalidateQueries({ queryKey: ['config', 'scan'] });
  const start = useMutation({ mutationFn: () => ask((c) => c.config.scan({ path })), onSettled: renew });
  const cancel = useMutation({ mutationFn: (id: string) => ask((c) => c.jobs.cancel({ id })), onSettled: renew });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (path !== '') start.mutate();
  };
  const failure = start.error ?? cancel.error;
  return (
    <Section title="Hard-coded secrets in a folder">
      <form className="config-scan" onSubmit={submit}>
        <FileField label="Folder" description="everything in it is read, nothing is changed: AWS keys, Google credential files, private keys, KeyStore passwords, AES keys" purpose="folder" value={path} onChange={setTyped} />
        <Button type="submit" variant="default" disabled={path === ''} loading={start.isPending}>
          Search
        </Button>
      </form>
      {failure === null ? null : <FailurePanel failure={asFailure(failure)} />}
      {scan === null ? null : <Outcome scan={scan} onCancel={() => cancel.mutate(scan.id)} />}
    </Section>
  );
}

function Outcome({ scan, onCancel }: { scan: Scan; onCancel: () => void }): ReactNode {
  const { state, findings, skipped, skippedTotal, failure } = scan;
  return (
    <div className="config-outcome">
      <p className="result-item" role="status">
        <StateBadge state={state === 'done' && scan.total > 0 ? 'warning' : BADGES[state]} word={scanWords(scan)} />
        {state === 'running' ? (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        ) : null}
      </p>
      {state === 'running' ? <progress aria-label={`Search of ${scan.path}`} /> : null}
      {failure === null ? null : <FailurePanel failure={failure} live={false} />}
      {findings.length === 0 ? null : (
        <div className="config-scan-table" style={{ '--rows': Math.min(ROWS, findings.length) } as Record<string, number>}>
          <DataTable label="Hard-coded secrets" columns={columnsOf(scan.path)} rows={findings} rowKey={keyOf} exportAs="hard-coded-secrets" empty={<p>No finding is like that.</p>} sortedBy={{ id: 'severity', desc: false }} total={scan.total} />
        </div>
      )}
      {state === 'done' && findings.length === 0 ? <p className="quiet">What is random but has no telling name is not found: that nothing was found proves nothing.</p> : null}
      {skippedTotal === 0 ? null : (
        <details>
          <summary>{figure(skippedTotal)} not looked at</summary>
          <ul className="config-skipped">
            {skipped.map(({ path, why }) => (
              <li key={path}>
                <code className="wraps">{path}</code> <span className="quiet">{why}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

const BADGES: Readonly<Record<Scan['state'], string>> = { running: 'running', done: 'done', stopped: 'cancelled', failed: 'failed' };

function keyOf({ code, where }: FindingView): string {
  return `${where.file}\n${where.line ?? ''}\n${code}`;
}

function columnsOf(root: string): readonly TableColumn<FindingView>[] {
  const within = (file: string): string => (file.startsWith(root) && file.length > root.length ? file.slice(root.length).replace(/^[/\\]/, '') : file);
  return [
    { id: 'severity', header: 'Severity', value: ({ severity }) => `${RANK[severity]} ${severity}`, cell: ({ severity }) => <StateBadge state={severity} word={SEVERITY_WORDS[severity]} />, width: '96px' },
    { id: 'file', header: 'File', value: ({ where }) => where.file, cell: ({ where }) => <code title={where.file}>{within(where.file)}</code>, width: 'minmax(160px, 2fr)' },
    { id: 'line', header: 'Line', value: ({ where }) => where.line, width: '64px', numeric: true },
    { id: 'what', header: 'What', value: ({ what }) => what, cell: ({ what }) => <span title={what}>{what}</span>, width: 'minmax(200px, 2fr)' },
    { id: 'remedy', header: 'What to do', value: ({ remedy }) => remedy, cell: ({ remedy }) => <span title={remedy}>{remedy}</span>, width: 'minmax(200px, 3fr)', yields: 1 },
    { id: 'code', header: 'Code', value: ({ code }) => code, cell: ({ code }) => <code>{code}</code>, width: '210px', hidden: true },
  ];
}

import { NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ConfigView } from '../../../app/contract/config.ts';
import type { Input, Output } from '../../../app/contract/index.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { counted } from '../../format.ts';
import { Counting } from '../../ui/Counting.tsx';
import { useSettled } from '../../ui/settled.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { Diffs } from './Diffs.tsx';
import { KmsDependents } from './KmsDependents.tsx';

/** The choice of a key that is in no list. */
const OTHER = '*';

export type Changes = Output<'config.set'>['changes'];

interface ChangeSheetProps {
  readonly view: ConfigView;
  /** `SECTION.KEY` to begin with; empty for none. */
  readonly path: string;
  readonly onDone: (changes: Changes) => void;
  readonly onClose: () => void;
}

/** One key, a value for it or its removal, one node or all: first the difference in every file, then the profile's name, then it is written. */
export function ChangeSheet({ view, path, onDone, onClose }: ChangeSheetProps): ReactNode {
  const client = useQueryClient();
  const paths = knownPaths(view);
  const [chosen, setChosen] = useState(path === '' || paths.includes(path) ? path : OTHER);
  const [typed, setTyped] = useState(path);
  /** Null until something was typed: an empty value is one too. */
  const [value, setValue] = useState<string | null>(null);
  const [removing, setRemoving] = useState(false);
  const [node, setNode] = useState('');
  const wanted = chosen === OTHER ? typed.trim() : chosen;
  /** Undefined while it is not known yet; null takes the key out. */
  const becomes = removing ? null : (value ?? undefined);
  const asked = JSON.stringify({ wanted, becomes, node });
  const settled = useSettled(asked);
  const planned = JSON.parse(settled) as { wanted: string; becomes?: string | null; node: string };
  const request: Input<'config.plan'> = { settings: [{ ...splitPath(planned.wanted), value: planned.becomes ?? null }], node: planned.node === '' ? null : planned.node };
  const plan = useQuery({ ...queries.configPlan(request), enabled: planned.wanted !== '' && planned.becomes !== undefined });
  const set = useMutation({
    mutationFn: (confirm: string) => ask((c) => c.config.set({ ...request, confirm })),
    gcTime: 0,
    onSuccess: async ({ changes }) => {
      await client.invalidateQueries({ queryKey: ['config'] });
      onDone(changes);
    },
    // Some files may have been written.
    onError: () => client.invalidateQueries({ queryKey: ['config'] }),
  });
  const changes = plan.data?.changes ?? [];
  const touched = changes.filter(({ changed }) => changed);
  const ready = settled === asked && plan.isSuccess && touched.length > 0;
  const failure = set.error ?? plan.error;
  const secret = view.parameters.find((parameter) => pathOf(parameter) === wanted)?.secret === true;
  return (
    <Sheet
      title="Change a value of config.ini"
      happens={plan.isSuccess ? <p>{happening(touched.length, changes.length, planned.wanted, planned.becomes === null)}</p> : <p className="quiet">{waitingWords(wanted, becomes, plan.isError)}</p>}
      touches={
        <>
          <p>{touched.length === 0 ? 'No file yet.' : `The config.ini of ${touched.map((change) => change.node).join(' and ')}. A node reads it when it goes live; running nodes go on as they are.`}</p>
          {plan.isFetching ? <Counting what="" /> : null}
          {plan.data?.dependents == null ? null : <KmsDependents dependents={plan.data.dependents} />}
        </>
      }
      back={
        <p>
          The old file stays beside the new one as <code>config.ini.bak</code>. Comments, order, line ends and encoding stay as they are.
          {secret && removing ? ' It still holds the secret: delete it, and change the secret where it is used.' : ''}
        </p>
      }
      confirm={{ text: view.profile, what: 'the profile' }}
      act={touched.length > 1 ? `Write ${touched.length} files` : 'Write the file'}
      ready={ready}
      busy={set.isPending}
      failure={failure === null ? null : asFailure(failure)}
      onAct={(confirm) => set.mutate(confirm)}
      onClose={onClose}
    >
      <div className="config-fields">
        <NativeSelect label="Key" value={chosen} onChange={(event) => setChosen(event.currentTarget.value)} data={[...(chosen === '' ? [{ value: '', label: 'choose …' }] : []), ...grouped(paths), { value: OTHER, label: 'another key …' }]} />
        {chosen === OTHER ? <TextInput label="Its name" description="SECTION.KEY, or KEY before any section" value={typed} onChange={(event) => setTyped(event.currentTarget.value)} spellCheck={false} autoComplete="off" /> : null}
        <NativeSelect label="Node" value={node} onChange={(event) => setNode(event.currentTarget.value)} data={[{ value: '', label: view.nodes.length === 1 ? 'the only one' : `all ${view.nodes.length}` }, ...view.nodes.map((each) => each.node)]} />
      </div>
      <div className="config-fields">
        <NativeSelect label="What becomes of it" value={removing ? 'remove' : 'set'} onChange={(event) => setRemoving(event.currentTarget.value === 'remove')} data={[{ value: 'set', label: 'it gets a value' }, { value: 'remove', label: 'it is removed' }]} />
        {removing ? null : (
          <TextInput
            className="config-value-field"
            label="Value"
            description={secret ? 'A secret does not stand in the file: leave it empty, or name the variable that holds it, as in ${NAME}' : 'empty: not set'}
            value={value ?? ''}
            onChange={(event) => setValue(event.currentTarget.value)}
            spellCheck={false}
            autoComplete="off"
          />
        )}
      </div>
      {plan.isSuccess ? <Diffs changes={changes} /> : null}
    </Sheet>
  );
}

function waitingWords(path: string, becomes: string | null | undefined, isRefused: boolean): string {
  if (path === '') return 'Choose a key first.';
  if (becomes === undefined) return 'Type the value: the difference in every file is shown first.';
  return isRefused ? 'Nothing: this is refused.' : 'Working out the difference …';
}

function happening(touched: number, all: number, path: string, removing: boolean): string {
  if (touched === 0) return all === 1 ? 'Nothing: the file is so already.' : `Nothing: all ${all} files are so already.`;
  const rest = all - touched === 0 ? '' : ` ${counted(all - touched, 'file')} ${all - touched === 1 ? 'is' : 'are'} so already.`;
  return `${path} is ${removing ? 'taken out of' : 'set in'} ${counted(touched, 'file')}, each replaced whole; no other byte changes.${rest}`;
}

function knownPaths({ parameters, rows }: ConfigView): string[] {
  return [...new Set([...parameters, ...rows].map(pathOf))];
}

function pathOf({ section, key }: { section: string; key: string }): string {
  return section === '' ? key : `${section}.${key}`;
}

function splitPath(path: string): { section: string; key: string } {
  const dot = path.indexOf('.');
  return dot === -1 ? { section: '', key: path } : { section: path.slice(0, dot), key: path.slice(dot + 1) };
}

/** The choices under their sections. */
function grouped(paths: readonly string[]): { group: string; items: { value: string; label: string }[] }[] {
  const groups = new Map<string, { value: string; label: string }[]>();
  for (const path of paths) {
    const { section, key } = splitPath(path);
    const group = section === '' ? 'before any section' : `[${section}]`;
    groups.set(group, [...(groups.get(group) ?? []), { value: path, label: key }]);
  }
  return [...groups].map(([group, items]) => ({ group, items }));
}

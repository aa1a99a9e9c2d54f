import type { ReactNode } from 'react';
import { Keys, MOD } from '../../ui/Keys.tsx';
import { Dialog } from '../../ui/Sheet.tsx';
import { useShownKeys, type PageKey } from './page-keys.ts';

const EVERYWHERE: readonly PageKey[] = [
  { keys: [MOD, 'K'], does: 'Palette, and the activatekey line' },
  { keys: [MOD, 'Shift', 'L'], does: 'Lock: zero the plain keys' },
  { keys: ['/'], does: 'Filter the table' },
  { keys: ['↑', '↓'], does: 'Walk the rows of a table' },
  { keys: ['Enter'], does: 'Open the row' },
  { keys: ['g', 'o'], does: 'Go to the overview' },
  { keys: ['g', 'k'], does: 'Go to the master keys' },
  { keys: ['g', 'd'], does: 'Go to the data' },
  { keys: ['g', 'r'], does: 'Go to the rekeys' },
  { keys: ['g', 'e'], does: 'Go to the nodes' },
  { keys: ['g', 'm'], does: 'Go to the KMSs' },
  { keys: ['g', 'i'], does: 'Go to the regions' },
  { keys: ['g', 'c'], does: 'Go to the configuration' },
  { keys: ['g', 'a'], does: 'Go to the audit' },
  { keys: ['g', 's'], does: 'Go to the settings' },
  { keys: ['g', 'n'], does: 'Activate a new key' },
  { keys: ['?'], does: 'This sheet' },
];

/** The keys of the page, and those that work everywhere. */
export function KeysHelp({ onClose }: { onClose: () => void }): ReactNode {
  const page = useShownKeys();
  return (
    <Dialog title="Keys" onClose={onClose} wide={page.length > 0}>
      <div className="keys-help">
        {page.length === 0 ? null : <KeyTable title="On this page" keys={page} />}
        <KeyTable title="Everywhere" keys={EVERYWHERE} />
      </div>
    </Dialog>
  );
}

function KeyTable({ title, keys }: { title: string; keys: readonly PageKey[] }): ReactNode {
  return (
    <table>
      <caption>{title}</caption>
      <tbody>
        {keys.map((key) => (
          <tr key={key.does}>
            <th scope="row">
              <Keys keys={key.keys} />
            </th>
            <td>{key.does}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

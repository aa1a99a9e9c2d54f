import type { GenerationView } from '../../../app/contract/keys.ts';

export type Target =
  | { readonly kind: 'go'; readonly to: string }
  | { readonly kind: 'theme'; readonly theme: 'system' | 'light' | 'dark' | 'high-contrast' }
  | { readonly kind: 'act'; readonly act: 'lock' | 'help' };

export interface Entry {
  readonly group: 'Pages' | 'Acts' | 'Keys' | 'Themes';
  readonly label: string;
  readonly detail: string;
  readonly target: Target;
}

const FIXED: readonly Entry[] = [
  { group: 'Pages', label: 'Overview', detail: 'g o', target: { kind: 'go', to: '/' } },
  { group: 'Pages', label: 'Master keys', detail: 'g k', target: { kind: 'go', to: '/keys' } },
  { group: 'Pages', label: 'Data', detail: 'g d', target: { kind: 'go', to: '/data' } },
  { group: 'Pages', label: 'KMS', detail: 'g m', target: { kind: 'go', to: '/kms' } },
  { group: 'Pages', label: 'Rekey', detail: 'g r', target: { kind: 'go', to: '/rekey' } },
  { group: 'Pages', label: 'Nodes', detail: 'g e', target: { kind: 'go', to: '/nodes' } },
  { group: 'Pages', label: 'Regions', detail: 'g i', target: { kind: 'go', to: '/regions' } },
  { group: 'Pages', label: 'Configuration', detail: 'g c', target: { kind: 'go', to: '/configuration' } },
  { group: 'Pages', label: 'Audit', detail: 'g a', target: { kind: 'go', to: '/audit' } },
  { group: 'Pages', label: 'Settings', detail: 'g s', target: { kind: 'go', to: '/settings' } },
  { group: 'Acts', label: 'Activate new key', detail: 'g n', target: { kind: 'go', to: '/activate' } },
  { group: 'Acts', label: 'Rekey what is under older generations', detail: 'shows a plan first', target: { kind: 'go', to: '/rekey?open=plan' } },
  { group: 'Acts', label: 'Change a value of config.ini', detail: 'shows the difference first', target: { kind: 'go', to: '/configuration?open=change' } },
  { group: 'Acts', label: 'Replace a KMS key', detail: 'tries the new one first', target: { kind: 'go', to: '/kms/replace' } },
  { group: 'Acts', label: 'Lock', detail: 'zero the plain keys', target: { kind: 'act', act: 'lock' } },
  { group: 'Acts', label: 'Show the keys of this page', detail: '?', target: { kind: 'act', act: 'help' } },
  { group: 'Themes', label: 'Theme: system', detail: 'as the system has it', target: { kind: 'theme', theme: 'system' } },
  { group: 'Themes', label: 'Theme: light', detail: '', target: { kind: 'theme', theme: 'light' } },
  { group: 'Themes', label: 'Theme: dark', detail: '', target: { kind: 'theme', theme: 'dark' } },
  { group: 'Themes', label: 'Theme: high contrast', detail: '', target: { kind: 'theme', theme: 'high-contrast' } },
];

/** As many keys as a palette shows; the table of master keys finds the rest. */
const KEYS = 8;
const COMMAND = 'activatekey';
/** So many letters of the command's word already mean the command. */
const PREFIX = 4;

/** True where `text` is the command line, or the beginning of its word. */
export function isCommand(text: string): boolean {
  const word = text.trimStart().toLowerCase();
  return word.startsWith(COMMAND) || (word.length >= PREFIX && COMMAND.startsWith(word));
}

/** What the palette offers for `text`: everything that holds all of its words, keys by description and fingerprint too. */
export function entriesFor(text: string, keys: readonly GenerationView[]): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const holds = (candidate: string): boolean => words.every((word) => candidate.includes(word));
  const fixed = FIXED.filter((entry) => holds(`${entry.label} ${entry.group}`.toLowerCase()));
  const found: Entry[] = [];
  // The newest first, as the list is in order of time.
  for (let index = keys.length - 1; index >= 0 && found.length < KEYS; index -= 1) {
    const key = keys[index];
    if (key === undefined || !holds(`${key.description} ${key.fingerprint} ${key.state}`.toLowerCase())) continue;
    found.push({ group: 'Keys', label: key.description, detail: key.state, target: { kind: 'go', to: `/keys/${encodeURIComponent(key.description)}` } });
  }
  return words.length === 0 ? [...fixed.slice(0, 10), ...found.slice(0, 3), ...fixed.slice(10)] : [...fixed, ...found];
}

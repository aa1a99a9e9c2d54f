import type { Severity } from '../config/finding.ts';
import type { KmsProviderName } from '../kms/provider.ts';

/** Something about KMS keys in several places that somebody should look at. */
export interface RegionFinding {
  readonly severity: Severity;
  /** Stable, for scripts. */
  readonly code: RegionFindingCode;
  /** What was found, as a sentence. */
  readonly what: string;
  readonly where: RegionWhere;
  /** What to do. */
  readonly remedy: string;
}

export interface RegionWhere {
  readonly provider: KmsProviderName | null;
  /** `KeyFacts.id`, or the name that config.ini gives where no key is behind it. */
  readonly key: string | null;
  readonly places: readonly string[];
  readonly nodes: readonly string[];
}

export type RegionFindingCode =
  | 'STATE_DIFFERS'
  | 'ROTATION_DIFFERS'
  | 'ALIASES_DIFFER'
  | 'TAGS_DIFFER'
  | 'POLICY_DIFFERS'
  | 'GRANTS_DIFFER'
  | 'ALIAS_MEANS_ANOTHER_KEY'
  | 'NODES_USE_DIFFERENT_KEYS'
  | 'KEY_OF_ANOTHER_ACCOUNT'
  | 'KEY_OF_ANOTHER_REGION'
  | 'KEY_MISSING_IN_REGION'
  | 'KEY_NOT_USABLE'
  | 'KEY_PENDING_DELETION'
  | 'VERSION_NOT_USABLE'
  | 'GENERATION_IN_ONE_REGION'
  | 'GENERATION_KEY_MISSING'
  | 'NODE_REACHES_ACROSS'
  | 'NODE_LACKS_SETTINGS'
  | 'NODE_REGION_UNKNOWN'
  | 'NODE_NOT_READ'
  | 'REGION_NOT_ASKED'
  | 'KEY_NOT_ASKED';

export function finding(severity: Severity, code: RegionFindingCode, where: Partial<RegionWhere>, what: string, remedy: string): RegionFinding {
  return { severity, code, what, where: { provider: null, key: null, places: [], nodes: [], ...where }, remedy };
}

/** `a`, `a and b`, `a, b and c`; of many the first few. */
export function listed(words: readonly string[], most = 6): string {
  const shown = words.length > most ? [...words.slice(0, most - 1), `${words.length - most + 1} more`] : words;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}

/** `1 generation`, `1,200 generations`. */
export function several(count: number, word: string): string {
  return `${count.toLocaleString('en-US')} ${word}${count === 1 ? '' : 's'}`;
}

import type { ModulePair } from '../../../app/contract/command.ts';

/** One option of a list of modules. */
export interface ModuleChoice {
  readonly value: string;
  readonly label: string;
  /** Not set up on this node. */
  readonly disabled: boolean;
}

/** The modules to choose from; what the line names now is always among them. */
export function moduleChoices(pairs: readonly ModulePair[], side: 'generator' | 'store', current: string): ModuleChoice[] {
  const modules = [...new Set(pairs.map((pair) => pair[side]))];
  const choices = modules.map((value) => {
    const configured = pairs.some((pair) => pair[side] === value && pair.configured);
    return { value, label: configured ? value : `${value} – not configured`, disabled: !configured && value !== current };
  });
  return modules.includes(current) ? choices : [{ value: current, label: current, disabled: false }, ...choices];
}

/** The module of the other side that goes with `chosen`: the one that stands there where it does. */
export function partnerOf(pairs: readonly ModulePair[], side: 'generator' | 'store', chosen: string, current: string): string {
  const other = side === 'generator' ? 'store' : 'generator';
  const partners = pairs.filter((pair) => pair[side] === chosen);
  if (partners.length === 0 || partners.some((pair) => pair[other] === current)) return current;
  return (partners.find((pair) => pair.configured) ?? partners[0])?.[other] ?? current;
}

/** Where a key of this pair comes to lie. */
export function pairSentence(pair: ModulePair | undefined): string {
  if (pair === undefined) return '';
  if (pair.kms !== null) return `KMS key ${pair.kms.keyId}${pair.kms.location === null ? '' : ` in ${pair.kms.location}`}, as this node’s config.ini names it.`;
  return pair.store === 'Stripe_AES' ? 'Under this cluster’s protection key; no KMS is called.' : 'This node’s config.ini names no key of this KMS.';
}

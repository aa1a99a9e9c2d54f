import type { GenerationView } from '../../../../app/contract/keys.ts';
import { protectionWords } from '../../../../app/contract/wrapping-words.ts';
import type { Lane } from './layout.ts';
import type { View } from './scale.ts';

/** A time in which new generations were wrapped by one key: a protection key, or one of a KMS. */
export interface ProtectionSpan {
  readonly kind: string;
  readonly keyId: string;
  /** Kind and key in a few words. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Which key wrapped what was activated when, over all lanes; neighbours under one key are one span. */
export function protectionSpans(lanes: readonly Lane[], now: number): ProtectionSpan[] {
  const all: GenerationView[] = lanes.flatMap((lane) => [...lane.generations]);
  all.sort((a, b) => (a.activatedAt ?? 0) - (b.activatedAt ?? 0));
  const spans: { kind: string; keyId: string; name: string; from: number; to: number }[] = [];
  for (const each of all) {
    const kind = each.wrapping['kind'] ?? 'unknown';
    const keyId = each.wrapping['keyId'] ?? '';
    const last = spans.at(-1);
    const at = each.activatedAt ?? 0;
    if (last !== undefined && last.kind === kind && last.keyId === keyId) continue;
    if (last !== undefined) last.to = at;
    spans.push({ kind, keyId, name: protectionWords(each.wrapping), from: at, to: now });
  }
  return spans;
}

/** Activations in each of `columns` equal parts of `extent`, each at most 255. */
export function activationDensity(lanes: readonly Lane[], extent: View, columns: number): Uint8Array {
  const density = new Uint8Array(columns);
  const scale = columns / Math.max(1, extent.to - extent.from);
  for (const lane of lanes) {
    for (const start of lane.starts) {
      const column = Math.min(columns - 1, Math.max(0, Math.floor((start - extent.from) * scale)));
      density[column] = Math.min(255, (density[column] ?? 0) + 1);
    }
  }
  return density;
}

/** Shannon's entropy of the characters of a text, in bits for each character: 0 for `aaaa`, 4 for evenly spread hex digits. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - (count / text.length) * Math.log2(count / text.length), 0);
}

/** Whether bytes written in hex climb in equal steps, as `000102…` and `001122…` do: made up by people, protecting nothing. */
export function isCounting(hex: string): boolean {
  const bytes = [...Buffer.from(hex, 'hex')];
  const steps = bytes.slice(1).map((byte, index) => (byte - (bytes[index] ?? 0) + 256) % 256);
  return new Set(steps).size === 1;
}

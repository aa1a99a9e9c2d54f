/** The context of a record as names and values; text that is no JSON object stands by itself. */
export function contextFacts(context: string): readonly (readonly [string, string])[] {
  let value: unknown;
  try {
    value = JSON.parse(context);
  } catch {
    return context === '' ? [] : [['Context', context]];
  }
  if (typeof value !== 'object' || value === null) return [['Context', context]];
  return Object.entries(value).map(([name, each]) => [name, typeof each === 'string' ? each : JSON.stringify(each)] as const);
}

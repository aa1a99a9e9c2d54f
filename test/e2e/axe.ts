import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** Its source, run through the driver: the page's own policy lets no script in. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe has against the page as it stands, in short. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  // Without `incomplete`, which asks for a human eye.
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (context: Document, options: object) => Promise<AxeResults> } };
    const { violations: all } = await axe.run(document, { resultTypes: ['violations'] });
    return all.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary ?? ''}`) }));
  });
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node}`));
}

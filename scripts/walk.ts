import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';

/** How long one expectation may take to come true, in milliseconds. */
const PATIENCE = 20_000;
/** The size of a picture. */
export const SIZE = { width: 1440, height: 900 };

/** What the walk read from the pages. */
export interface Findings {
  readonly readableBefore: number;
  readonly previous: string;
  readonly description: string;
  readonly fingerprint: string;
  readonly readableAfter: number;
  readonly auditRecords: number;
}

/** One walk through the window: its steps with their times, its pictures, and the ways of asking the page. */
export class Walk {
  readonly page: Page;
  readonly #out: string;
  readonly #started = performance.now();
  readonly #steps: { readonly title: string; readonly at: number }[] = [];
  readonly #pictures: string[] = [];
  /** Pages of the navigation that have a picture, by their names there. */
  readonly #pictured = new Set<string>();

  constructor(page: Page, out: string) {
    this.page = page;
    this.#out = out;
  }

  async prepare(): Promise<void> {
    this.page.setDefaultTimeout(PATIENCE);
    await this.page.setViewportSize(SIZE);
    await this.#light();
  }

  get step(): string {
    return this.#steps.at(-1)?.title ?? 'the start';
  }

  begin(title: string): void {
    this.#steps.push({ title, at: performance.now() });
  }

  expect(isSo: boolean, what: string): void {
    if (!isSo) throw new Error(`Expected that ${what}.`);
  }

  /** Goes to a page of the navigation. */
  async go(name: string): Promise<void> {
    await this.#links().and(this.page.getByRole('link', { name, exact: true })).click();
  }

  /** @throws Error where the navigation has a page of which there is no picture */
  async expectEveryPagePictured(): Promise<void> {
    const missing = (await this.#links().allInnerTexts()).map((name) => name.trim()).filter((name) => !this.#pictured.has(name));
    this.expect(missing.length === 0, `every page of the navigation has a picture; none shows ${missing.join(', ')}`);
  }

  /** The page's sentence, once it is one like `pattern`. */
  async sentence(pattern: RegExp, patience = PATIENCE): Promise<string> {
    const heading = this.page.locator('#page h1').filter({ hasText: pattern });
    await heading.waitFor({ timeout: patience });
    return (await heading.innerText()).replaceAll(/\s+/g, ' ').trim();
  }

  /** One picture in light and, unless told otherwise, one in dark. */
  async picture(name: string, themes: { readonly dark: boolean } = { dark: true }): Promise<void> {
    const number = String(new Set(this.#pictures.map((each) => each.slice(0, 2))).size + 1).padStart(2, '0');
    // No hover, and nothing that is about to be drawn.
    await this.page.mouse.move(0, 0);
    for (const scheme of themes.dark ? (['light', 'dark'] as const) : (['light'] as const)) {
      await this.page.emulateMedia({ colorScheme: scheme });
      await this.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      const file = `${number}-${name}${scheme === 'dark' ? '-dark' : ''}.png`;
      await this.page.screenshot({ path: join(this.#out, file), animations: 'disabled' });
      this.#pictures.push(file);
    }
    await this.#light();
    for (const here of await this.#links().and(this.page.locator('[aria-current="page"]')).allInnerTexts()) this.#pictured.add(here.trim());
  }

  /** The report: what was found, how long each step took, and the pictures. */
  report(findings: Findings): string {
    const ends = [...this.#steps.slice(1).map((step) => step.at), performance.now()];
    const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
    const figure = (value: number): string => value.toLocaleString('en-US');
    return `# The main job, walked through the window

| | |
|---|---|
| Instances readable before | ${figure(findings.readableBefore)} |
| Instances readable after | ${figure(findings.readableAfter)} |
| Active generation before | \`${findings.previous}\` |
| New generation | \`${findings.description}\` |
| Its fingerprint | \`${findings.fingerprint}\` |
| Audit records, unbroken | ${figure(findings.auditRecords)} |
| Seconds | ${seconds(this.#started, performance.now())} |

${this.#steps.map((step, index) => `${index + 1}. ${step.title} (${seconds(step.at, ends[index] ?? step.at)} s)`).join('\n')}

Pictures: ${this.#pictures.map((file) => `[${file.slice(0, -'.png'.length)}](${file})`).join(', ')}
`;
  }

  #links(): Locator {
    return this.page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  }

  async #light(): Promise<void> {
    await this.page.emulateMedia({ colorScheme: 'light' });
  }
}

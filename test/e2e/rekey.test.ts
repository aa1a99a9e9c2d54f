import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { violations } from './axe.ts';
import { activate, campaignNow, DEMO, failure, go, rekeyPace, sentence, tabTo, typeCommand } from './window.ts';
describe.each(await hosts())('the rekey page on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;
  const picture = async (name: string): Promise<void> => {
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await opened.picture(`${name}-${scheme}`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
  };
  const clean = async (): Promise<void> => {
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      expect(await violations(page)).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: 'light' });
  };

  beforeAll(async () => {
    opened = await openConsole(host);
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
  });
  afterAll(() => opened.remove());

  test('says what is under older generations, and that nothing is done about it', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    expect(await sentence(page, /older generation/)).toBe(`${DEMO.first + DEMO.second} of ${DEMO.total} instances are under 2 older generations, and nothing re-encrypts them.`);
    await page.getByText('No campaign yet').waitFor();
    await page.getByText('No rekey starts by itself.').waitFor();
    await clean();
    await picture('1-empty');
  });

  test('shows a plan with its three parts before anything is done', async () => {
    await page.keyboard.press('p');
    const sheet = page.getByRole('dialog', { name: 'Rekey' });
    for (const part of ['What will happen', 'What it touches', 'How to come back']) await sheet.getByRole('heading', { name: part }).waitFor();
    await sheet.getByRole('button', { name: `Re-encrypt ${DEMO.first + DEMO.second} instances` }).waitFor();
    await sheet.getByText(`${DEMO.first + DEMO.second} instances,`).waitFor();
    await clean();
    await picture('2-plan');
    // Without one of the two Logical Units it is less; slower it lasts longer.
    await sheet.getByRole('checkbox').first().uncheck();
    await expect.poll(() => sheet.getByRole('button', { name: /^Re-encrypt/ }).innerText()).not.toContain(String(DEMO.first + DEMO.second));
    await sheet.getByRole('checkbox').first().check();
    await sheet.getByLabel('Throttle').fill('4');
    await sheet.getByText(/at 20 a second as throttled/).waitFor();
    await sheet.getByRole('button', { name: `Re-encrypt ${DEMO.first + DEMO.second} instances` }).waitFor();
  });

  test('runs, is throttled and paused while it runs', async () => {
    const sheet = page.getByRole('dialog', { name: 'Rekey' });
    await sheet.getByRole('button', { name: /^Re-encrypt/ }).click();
    await sentence(page, /are re-encrypted/);
    await expect.poll(async () => Number(/^([\d,]+) of/.exec(await sentence(page, /re-encrypted/))?.[1] ?? 0), { timeout: 15_000 }).toBeGreaterThan(20);
    await page.getByText('(this window)').waitFor();
    await page.getByRole('img', { name: /^Token ranges: \d+ ranges?: .*running/ }).waitFor();
    await clean();
    await picture('3-running');
    // From 20 a second to 5: heeded within a second or two, and it still runs then.
    await page.getByLabel('Throttle').fill('2');
    await expect.poll(async () => (await campaignNow(page)).limits.instancesPerSecond).toBe(5);
    await expect.poll(() => rekeyPace(page), { timeout: 30_000 }).toBeLessThan(10);
    expect(await campaignNow(page)).toMatchObject({ state: 'running', limits: { instancesPerSecond: 5 } });
    await page.getByLabel('Bytes').fill('3');
    await page.getByLabel('At once').fill('2');
    await expect.poll(async () => (await campaignNow(page)).limits).toEqual({ instancesPerSecond: 5, mebibytesPerSecond: 1, concurrency: 4 });
    await page.getByText('5 a second, 1 MiB a second, 4 at once in each process').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await sentence(page, /^(Attention: )?Paused: [\d,]+ of/);
    await page.getByText('paused').first().waitFor();
    await page.getByLabel('Throttle').fill('15');
    await expect.poll(async () => (await campaignNow(page)).limits.instancesPerSecond).toBeNull();
    await page.getByLabel('Bytes').fill('12');
    await page.getByText(/^no limit, no limit of bytes/).waitFor();
    await page.getByRole('link', { name: 'Rekey', exact: true }).last().click();
    await sentence(page, /a campaign is paused/);
    await page.getByRole('list').filter({ hasText: 'paused' }).first().waitFor();
    await clean();
    await picture('4-list-paused');
  });

  test('goes on to the proof; nothing needs an older generation then', async () => {
    await page.getByRole('button', { name: 'Resume' }).click();
    expect(await sentence(page, /No instance needs/, 60_000)).toBe(`No instance needs an older generation: all ${DEMO.total} are under the active one.`);
    await page.getByText('done, proven').waitFor();
    await page.getByRole('link', { name: /^Everything that is not under the active generation/ }).click();
    await sentence(page, new RegExp(`^Proven: of ${DEMO.total} instances counted anew, none needs`));
    await page.getByText('Zero references').waitFor();
    await clean();
    await picture('5-proof');
    // It stands in the timeline's lane, in the table beside it, and with the generation that it worked for.
    await go(page, 'Master keys');
    await sentence(page, /generations of/);
    await tabTo(page, /^Timeline of/);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await tabTo(page, new RegExp(`^${DEMO.first + DEMO.second} instances$`));
    await picture('8-timeline');
    await page.keyboard.press('Enter');
    await sentence(page, new RegExp(`^Proven: of ${DEMO.total} instances`));
    await go(page, 'Data');
    await page.getByRole('button', { name: 'Verify all' }).click();
    await page.getByRole('status').filter({ hasText: `All ${DEMO.total} instances were opened just now, and every one is intact.` }).waitFor();
  });

  test('a generation is rekeyed away from its own panel', async () => {
    await page.evaluate(() => {
      location.hash = '#/activate';
    });
    await sentence(page, /would take over/);
    await typeCommand(page, "activatekey name='masterkey_key_name'");
    await sentence(page, /would take over/);
    await activate(page, 'before a rekey');
    await go(page, 'Master keys');
    await sentence(page, /generations of/);
    const old = page.getByRole('grid', { name: 'Master keys' }).getByRole('row').filter({ hasText: String(DEMO.total) }).first();
    const away = page.getByRole('button', { name: 'Rekey away…' });
    // The row of the new generation may push the others down at the very moment of a click.
    await expect.poll(async () => old.click().then(() => away.isVisible()), { timeout: 20_000, interval: 500 }).toBe(true);
    await away.click();
    const sheet = page.getByRole('dialog', { name: 'Rekey' });
    await sheet.getByRole('button', { name: `Re-encrypt ${DEMO.total} instances` }).click();
    await sentence(page, new RegExp(`^Proven: of ${DEMO.total}`), 30_000);
  });

  test('an instance that can not be opened is left and told; “Retry these” fails for it again, and succeeds once it is mended', async () => {
    const damaged = '42';
    const stored = <T>(act: (db: DatabaseSync) => T): T => {
      const db = new DatabaseSync(join(opened.home, 'demo', 'system.sqlite'), { timeout: 5_000 });
      try {
        return act(db);
      } finally {
        db.close();
      }
    };
    const one = "place = (SELECT place FROM k2view_entity WHERE lu = 'CUSTOMER' AND id = ?)";
    await page.evaluate(() => {
      location.hash = '#/activate';
    });
    await sentence(page, /would take over/);
    await typeCommand(page, "activatekey name='masterkey_key_name'");
    await sentence(page, /would take over/);
    await activate(page, 'before a rekey that fails for one');
    const whole = stored((db) => Buffer.from(db.prepare(`SELECT sealed FROM k2view_entity_data WHERE ${one}`).get(damaged)?.['sealed'] as Uint8Array));
    const put = (sealed: Uint8Array): unknown => stored((db) => db.prepare(`UPDATE k2view_entity_data SET sealed = ? WHERE ${one}`).run(sealed, damaged));
    const corrupt = Buffer.from(whole);
    corrupt.writeUInt8(corrupt.readUInt8(corrupt.length - 1) ^ 1, corrupt.length - 1);
    put(corrupt);

    await go(page, 'Rekey');
    await page.getByRole('button', { name: 'Rekey…' }).click();
    await page.getByRole('dialog', { name: 'Rekey' }).getByRole('button', { name: `Re-encrypt ${DEMO.total} instances` }).click();
    expect(await sentence(page, /still needs/, 30_000)).toContain(`1 instance still needs an older generation: a second census of ${DEMO.total} found it.`);
    const left = page.getByRole('region', { name: 'Left as they were' });
    const row = left.getByRole('grid', { name: 'Instances left as they were' }).getByRole('row').nth(1);
    expect((await row.innerText()).split(/\s+/).slice(0, 3)).toEqual(['CUSTOMER', damaged, 'ENVELOPE_AUTHENTICATION_FAILED']);
    await left.getByRole('button', { name: 'Retry these' }).press('Enter');
    await left.getByRole('status').filter({ hasText: '1 instance tried again: 0 re-encrypted, 0 need it no longer, 1 failed again' }).waitFor();
    await clean();
    await picture('9-failures');
    put(whole);
    await left.getByRole('button', { name: 'Retry these' }).press('Enter');
    await sentence(page, new RegExp(`^Proven: of ${DEMO.total} instances`));
    await left.waitFor({ state: 'detached' });
  });

  test('a campaign of which a range failed says so, and is retried', async () => {
    // What a worker leaves behind where the database could not read a range for long.
    const db = await openSqlite(join(opened.home, 'demo', 'system.sqlite'));
    try {
      const [last] = await db.campaigns.list(1);
      if (last === undefined) throw new Error('There was no campaign yet.');
      const ranges = (await db.campaigns.ranges(last.id)).map(({ range }) => range);
      const at = Date.now();
      const why = { code: 'DATABASE_FAILED', message: 'The database could not read it.', remedy: 'Mend the database, then retry the campaign.' };
      await db.campaigns.create({ ...last, id: 'broken', state: 'running', outcome: null, createdAt: at, updatedAt: at }, ranges);
      await db.campaigns.claim('broken', 0, 'gone', 60);
      const cursor = JSON.stringify({ cursor: null, since: { at, treated: 0 }, next: { at, treated: 0 }, failure: why });
      await db.campaigns.progress('broken', 0, 'gone', 60, { state: 'failed', cursor, passed: 0, rewritten: 0, superseded: 0, failed: 0, bytes: 0, updatedAt: at });
      await db.campaigns.setState('broken', ['running'], 'failed', at, JSON.stringify({ kind: 'failure', at, ...why, ranges: [0] }));
    } finally {
      await db.close();
    }
    await page.evaluate(() => void (location.hash = '#/rekey/broken'));
    await sentence(page, /Some ranges could not be worked through/);
    expect(await failure(page.locator('main'))).toMatchObject({ code: 'DATABASE_FAILED' });
    await clean();
    await picture('9-failed');
    await page.getByRole('button', { name: 'Retry' }).click();
    await sentence(page, new RegExp(`^Proven: of ${DEMO.total} instances`), 60_000);
  });

  test('a campaign over field values ends by what its columns hold, and says what that does not tell', async () => {
    const [lu = '', count = 0] = await page.evaluate(async () => {
      const census = await window.keyConsole?.data.census();
      const [smallest] = census?.ok === true ? census.value.rows.toSorted((a, b) => a.instances - b.instances) : [];
      return [smallest?.lu, smallest?.instances] as const;
    });
    await go(page, 'Rekey');
    await page.keyboard.press('p');
    const sheet = page.getByRole('dialog', { name: 'Rekey' });
    await sheet.getByLabel('What', { exact: true }).selectOption({ label: 'Values of field level encryption in named columns' });
    await sheet.getByText('Name one column at least.').first().waitFor();
    await sheet.getByLabel('Columns').fill('Customer.Email');
    await sheet.getByText('Line 1 is not LU:TABLE.COLUMN.').waitFor();
    await sheet.getByLabel('Columns').fill(`${lu}:Customer.Email`);
    await sheet.getByText('A census does not see field values').waitFor();
    await sheet.getByRole('button', { name: `Go through ${count} instances` }).waitFor();
    await clean();
    await picture('9-fields-plan');
    await sheet.getByRole('button', { name: `Go through ${count} instances` }).click();
    await page.getByText(`${lu}: Customer.Email`).first().waitFor();
    // The sample's addresses are plain: none of them is a value of field level encryption.
    expect(await sentence(page, /read anew/, 60_000)).toMatch(/^(\d+) instances read anew: of \1 instances nobody knows what the columns hold\.$/);
    await page.getByText('It tells of the named columns of what is stored here.').waitFor();
    await page.getByRole('region', { name: 'The columns, read anew' }).getByRole('columnheader', { name: 'Values re-encrypted' }).waitFor();
    await clean();
    await picture('10-fields');
  });

  test('a schedule is checked, listed and removed', async () => {
    await go(page, 'Rekey');
    await page.getByRole('button', { name: 'Add a schedule…' }).click();
    const form = page.getByRole('dialog', { name: 'Add a schedule' });
    await form.getByLabel('Time of day').fill('25:00');
    await form.getByText('A time of day, as 02:30.').waitFor();
    expect(await form.getByRole('button', { name: 'Add' }).isDisabled()).toBe(true);
    await form.getByLabel('Time of day').fill('03:15');
    await form.getByLabel('Time zone').fill('Europe/Berlin');
    await form.getByLabel('Oldest generation in use').fill('90');
    await form.getByLabel('Throttle').fill('500');
    await clean();
    await picture('6-schedule');
    await form.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('cell', { name: 'every day at 03:15 (Europe/Berlin)', exact: true }).waitFor();
    await page.getByRole('cell', { name: /in all Logical Units, at most 500 instances a second, 128 at once in each process$/ }).waitFor();
    await page.getByText('No process acts on them now').waitFor();
    await clean();
    await picture('7-list');
    await page.getByRole('button', { name: /^Remove the schedule/ }).click();
    await page.getByText('No rekey starts by itself.').waitFor();
  });
});

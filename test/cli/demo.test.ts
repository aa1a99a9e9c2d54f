import { expect, test } from 'vitest';
import { Machine } from './fkc.ts';

test('the demo tells the main job, and every figure holds', async () => {
  using machine = new Machine();
  const told = await machine.json(['demo'], { env: { FKC_PROFILE: 'another' } });
  expect(told).toMatchObject({ ok: true, description: expect.any(String), previous: expect.any(String) });
  const figures = (title: RegExp) => told.steps.find((step) => title.test(step.title))?.figures;
  expect(figures(/^Open/)).toMatchObject({ generations: 4 });
  expect(figures(/^Count again/)).toEqual(figures(/^Count what/));
  expect(figures(/^Save/)).toMatchObject({ before: expect.any(String), after: told.description });
  expect(figures(/^Read everything/)).toEqual({ checked: 658, readable: 658, unreadable: [] });
  expect(figures(/^Check the audit/)).toMatchObject({ intact: true });

  const again = await machine.run(['demo']);
  expect([again.code, again.stderr]).toEqual([0, '']);
  expect(again.stdout.toString()).toContain('658 of 658 instances can be read');
  expect(await machine.json(['census', '--profile', 'demo'])).toMatchObject({ total: 658 });
}, 60_000);

test('a command that needs keys completes the demo cluster first', async () => {
  using machine = new Machine();
  expect(await machine.json(['lu', 'verify', 'CUSTOMER'])).toEqual({ checked: 599, readable: 599, unreadable: [] });
}, 30_000);

import { afterEach, expect, test, vi } from 'vitest';
import { AttachedSource } from '../../main/lu/attached-source.ts';
import { importLu } from '../../main/lu/import.ts';
import { CHINOOK, sampleDefinition, systemDb, TestKeys } from './fixtures.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('no plain image outlives its import, whether it was stored or was there already', async () => {
  const db = await systemDb();
  const keys = new TestKeys();
  const build = Object.getOwnPropertyDescriptor(AttachedSource.prototype, 'image')?.value as AttachedSource['image'];
  const images: Uint8Array[] = [];
  vi.spyOn(AttachedSource.prototype, 'image').mockImplementation(function (this: AttachedSource, key) {
    const image = build.call(this, key);
    images.push(image);
    return image;
  });
  for (const unchanged of [0, 59]) {
    const result = await importLu({ db, keys, definition: sampleDefinition('chinook'), source: CHINOOK });
    expect(result).toMatchObject({ unchanged });
    expect(images.splice(0).filter((image) => image.length > 0)).toEqual([]);
  }
});

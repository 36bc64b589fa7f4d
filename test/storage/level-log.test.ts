/** Damage in LevelDB's logs: told from a write that a crash cut off, and refused before LevelDB hides it. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPromise } from '../../src/driver/stored/records.ts';
import { resume, Seals } from '../../src/driver/durability/seals.ts';
import { crc32c } from '../../src/storage/crc32c.ts';
import { damageIn } from '../../src/storage/level-log.ts';
import { openLevelStore } from '../../src/storage/level-store.ts';
import { put, scan, write } from './store-suite.ts';

const BLOCK = 32 * 1024;
const HEADER = 7;
/** Of values: short and long, one longer than a block of the log, and no zeros at the end. */
const SIZES = Array.from({ length: 90 }, (_, i) => (i === 40 ? 40_000 : 50 + ((i * 631) % 2000)));

let folder: string;
let name: string;
let log: Uint8Array;
/** Where each record begins. */
let records: readonly number[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trefoil-log-'));
  const store = await openLevelStore(folder);
  const seals = new Seals();
  for (const [i, size] of SIZES.entries()) {
    const bytes = Array.from({ length: size }, (_, at) => 1 + ((at * 7 + i) % 255));
    await write(store, seals.seal([put(`promise/${String(i).padStart(5, '0')}`, ...bytes)]));
  }
  await store.close();
  const names = (await readdir(folder)).filter((each) => each.endsWith('.log'));
  name = names[0] ?? '';
  // A copy, because the slices of a Buffer are none.
  log = new Uint8Array(await readFile(join(folder, name)));
  records = recordsIn(log);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function recordsIn(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (BLOCK - (at % BLOCK) < HEADER) at += BLOCK - (at % BLOCK);
    found.push(at);
    at += HEADER + (bytes[at + 4] ?? 0) + 256 * (bytes[at + 5] ?? 0);
  }
  return found;
}

const damage = (...logs: readonly Uint8Array[]) => damageIn(logs.map((bytes, i) => ({ name: `${i}.log`, bytes })))?.at;

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

describe('a log', () => {
  it('is checked with CRC-32C: the examples of RFC 3720', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe306_9283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a91_36aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8_ab43);
  });

  it('as LevelDB wrote it is whole', () => {
    expect(log.length).toBeGreaterThan(3 * BLOCK);
    expect(damage(log)).toBeUndefined();
    expect(damage(new Uint8Array())).toBeUndefined();
  });

  it('that ends anywhere is one that a crash cut off', () => {
    const ends = records.flatMap((at) => [at - 1, at, at + 1, at + 6, at + 7, at + 8, at + 40]);
    for (const end of ends) expect([end, damage(log.slice(0, Math.max(0, end)))]).toEqual([end, undefined]);
  });

  it('whose end was never filled is one that a crash cut off', () => {
    for (const at of records.slice(-12)) {
      for (const from of [at, at + 3, at + 7, at + 30]) {
        const zeroed = log.slice().fill(0, from);
        expect([from, damage(zeroed)]).toEqual([from, undefined]);
      }
    }
  });

  it('whose last batch was written out of order is one that a crash cut off', () => {
    const first = present(records.findLast((at) => log[at + 6] === 2));
    const last = present(records.find((at) => at > first && log[at + 6] === 4));
    const end = last + HEADER + (log[last + 4] ?? 0) + 256 * (log[last + 5] ?? 0);
    expect(damage(log.slice(0, end).fill(0, first, first + 512))).toBeUndefined();
  });

  it('with any one bit flipped is damaged, in its last record too', () => {
    const last = records.at(-1) ?? 0;
    const positions = [
      ...Array.from({ length: 400 }, (_, i) => Math.floor((i * log.length) / 400)),
      ...Array.from({ length: log.length - last }, (_, i) => last + i).filter((at) => at < last + 20 || at % 9 === 0),
      log.length - 1,
    ];
    for (const at of positions) {
      const record = present(records.findLast((each) => each <= at));
      expect([at, damage(flipped(log, at, at % 8))]).toEqual([at, record]);
    }
  });

  it('that lost a page from the middle is damaged', () => {
    for (const at of [0, 4096, BLOCK, 2 * BLOCK + 8192])
      expect(damage(log.slice().fill(0, at, at + 4096))).toBeDefined();
  });

  it('that is cut off before another was begun is damaged', () => {
    const cut = log.slice(0, -1);
    expect(damage(cut, log)).toBe(records.at(-1));
    expect(damage(cut, new Uint8Array())).toBeUndefined();
    expect(damage(log, cut)).toBeUndefined();
  });
});

describe('a folder whose log has a flipped bit', () => {
  it('is not opened, and stays as it is', async () => {
    for (const at of [100, 50_000, log.length - 5]) {
      const bytes = flipped(log, at, 2);
      await writeFile(join(folder, name), bytes);
      await expect(openLevelStore(folder)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
      expect(Buffer.compare(await readFile(join(folder, name)), bytes)).toBe(0);
    }
    await writeFile(join(folder, name), log);
    const store = await openLevelStore(folder);
    expect(await scan(store, 'promise/', 'promise/~')).toHaveLength(SIZES.length);
    await store.close();
  });

  it('whose table has a flip in its index is not opened, where LevelDB would find nothing in it', async () => {
    const [table] = (await readdir(folder)).filter((each) => each.endsWith('.ldb'));
    const file = join(folder, table ?? '');
    const whole = new Uint8Array(await readFile(file));
    // The index and its footer of 48 bytes.
    const index = whole.length - 48 - 100;
    for (let at = index; at < whole.length; at += 7) {
      // The footer is padded with zeros that mean nothing, and of its end LevelDB makes sure itself.
      if (at > whole.length - 48 && (whole[at] === 0 || at >= whole.length - 8)) continue;
      await writeFile(file, flipped(whole, at, at % 8));
      await expect(openLevelStore(folder)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    }
    await writeFile(file, whole);
    // A crash leaves tables that were never finished.
    await writeFile(join(folder, '999999.ldb'), whole.slice(0, -1));
    await writeFile(join(folder, '999998.ldb'), whole.slice().fill(0, index, whole.length - 48));
    await (await openLevelStore(folder)).close();
  });

  it('would be opened by LevelDB with promises missing, which the seals tell', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'trefoil-log-'));
    const first = new Level<string, Uint8Array>(copy, { keyEncoding: 'utf8', valueEncoding: 'view' });
    await first.open();
    await first.close();
    const [own] = (await readdir(copy)).filter((each) => each.endsWith('.log'));
    await writeFile(join(copy, own ?? ''), flipped(log, BLOCK + 1000, 2));
    const database = new Level<string, Uint8Array>(copy, { keyEncoding: 'utf8', valueEncoding: 'view' });
    await database.open();
    const entries = await database.iterator().all();
    await database.close();
    await rm(copy, { recursive: true, force: true });
    const promises = entries.filter(([key]) => isPromise(key));
    expect(promises.length).toBeLessThan(SIZES.length);
    expect(promises.at(-1)?.[0]).toBe('promise/00089');
    const seals = entries.filter(([key]) => key.startsWith('seal/'));
    expect(resume(seals, promises)).toMatchObject({ ok: false, error: { code: 'STORE_CORRUPT' } });
  });
});

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the log has none');
  return value;
}

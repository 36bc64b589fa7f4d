import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LevelStore, openLevelStore } from '../../src/storage/level-store.ts';
import { put, read, remove, scan, storeSuite, write } from './store-suite.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trefoil-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('LevelStore', () => {
  storeSuite(async () => {
    const store = await openLevelStore(join(folder, 'suite'));
    return { store, close: () => store.close() };
  });
});

describe('LevelStore on disk', () => {
  it('holds after reopening what was done, and not what was deleted', async () => {
    const first = await openLevelStore(folder);
    await write(first, [put('a', 1), put('b', 2)]);
    await write(first, [remove('a'), put('c', 3)]);
    await first.close();
    const second = await openLevelStore(folder);
    expect(await scan(second, '', '~')).toEqual([
      ['b', Uint8Array.of(2)],
      ['c', Uint8Array.of(3)],
    ]);
    await second.close();
  });

  it('finishes every batch it has taken before it closes, and takes none after', async () => {
    const store = await openLevelStore(folder);
    const taken = Array.from({ length: 20 }, (_, i) => write(store, [put(`k${i}`, i)]));
    const closed = store.close();
    await expect(write(store, [put('late', 1)])).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await Promise.all([...taken, closed]);
    await expect(read(store, 'k0')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    const again = await openLevelStore(folder);
    expect((await scan(again, '', '~')).length).toBe(20);
    await again.close();
  });

  it('begins a new log after so many batches, however small they are, and loses none', async () => {
    const store = await openLevelStore(folder, 10);
    const logs = new Set<string>();
    for (let i = 0; i < 100; i++) {
      await write(store, [put(`k${i}`, i)]);
      for (const name of await readdir(folder)) if (name.endsWith('.log')) logs.add(name);
    }
    expect(logs.size).toBeGreaterThanOrEqual(10);
    expect((await scan(store, '', '~')).length).toBe(100);
    await store.close();
    // What was in older logs is in tables: of the last one no more is left than fits it, and one before.
    const left = await readdir(folder);
    for (const name of left.filter((each) => each.endsWith('.log'))) await rm(join(folder, name));
    const again = await openLevelStore(folder);
    expect((await scan(again, '', '~')).length).toBeGreaterThanOrEqual(100 - 2 * 10);
    await again.close();
  });

  it('closes once, however often it is asked', async () => {
    const store = await openLevelStore(folder);
    await Promise.all([store.close(), store.close()]);
    await expect(store.close()).resolves.toBeUndefined();
  });

  it('refuses a folder that is open already, and opens it once it is free', async () => {
    const first = await openLevelStore(folder);
    await expect(openLevelStore(folder)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await first.close();
    await (await openLevelStore(folder)).close();
  });

  it('answers a failed write to every batch that waits, in order, and to every later one', async () => {
    const database = new Level<string, Uint8Array>(folder, { keyEncoding: 'utf8', valueEncoding: 'view' });
    await database.open();
    const store = new LevelStore(database);
    await write(store, [put('before', 1)]);
    database.batch = failingBatch;
    const answered: string[] = [];
    const failed = ['first', 'second', 'third'].map(async (key) => {
      const [result] = await Promise.allSettled([write(store, [put(key, 1)])]);
      answered.push(`${key} ${result.status}`);
    });
    await Promise.all(failed);
    expect(answered).toEqual(['first rejected', 'second rejected', 'third rejected']);
    await expect(write(store, [put('fourth', 1)])).rejects.toMatchObject({ code: 'STORE_BROKEN' });
    await store.close();
  });

  it('says that a damaged folder is damaged', async () => {
    await (await openLevelStore(folder)).close();
    await writeFile(join(folder, 'CURRENT'), 'garbage');
    await expect(openLevelStore(folder)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('says that a file is no folder', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(openLevelStore(join(folder, 'file'))).rejects.toMatchObject({ code: 'STORE_UNREADABLE' });
  });

  it('holds a prefix of the batches, each whole, after its process is killed', { timeout: 30_000 }, async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-writer.ts'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = 0;
    for await (const text of child.stdout.setEncoding('utf8')) {
      acknowledged = Number(String(text).trimEnd().split('\n').at(-1));
      if (acknowledged >= 200) break;
    }
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    const store = await openLevelStore(folder);
    const entries = await scan(store, '', '~', 1_000_000);
    await store.close();
    const batches = entries.length / 2;
    expect(batches).toBeGreaterThanOrEqual(acknowledged);
    for (let i = 0; i < batches; i++) {
      const key = String(i).padStart(8, '0');
      expect(entries[2 * i]?.[0]).toBe(`${key}/a`);
      expect(entries[2 * i + 1]?.[0]).toBe(`${key}/b`);
    }
  });
});

const failingBatch = (): never => {
  throw new Error('no space left on device');
};

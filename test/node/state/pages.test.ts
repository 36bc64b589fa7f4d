/** Pages of entries and of versions against a map of every height, over the store as blocks write it. */
import { describe, expect, it } from 'vitest';
import type { Height } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { Random } from '../../../src/base/random.ts';
import type { Codec } from '../../../src/codec/codec.ts';
import { ok } from '../../../src/base/result.ts';
import type { Store, StoreOperation } from '../../../src/driver/ports.ts';
import { stateWrites } from '../../../src/driver/state/state-writes.ts';
import { KEYS } from '../../../src/driver/stored/records.ts';
import { deltaOf } from '../../../src/ledger/state/delta.ts';
import { EntryKind } from '../../../src/ledger/state/entry-kind.ts';
import { MemoryState } from '../../../src/ledger/state/memory-state.ts';
import { Overlay } from '../../../src/ledger/state/overlay.ts';
import { PAGE_RECORDS_MAX } from '../../../src/node/limits.ts';
import { StateReader } from '../../../src/node/state/state-reader.ts';
import type { HistoryCursor, ListCursor, ReadableState } from '../../../src/rpc/readable-state.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { genesisKeeping } from './long-chain.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_122);

/** A kind that nobody else knows: text under text. */
const TEXT: Pick<Codec<string>, 'encode' | 'decode'> = {
  encode: (text) => new TextEncoder().encode(text),
  decode: (bytes) => ok(new TextDecoder().decode(bytes)),
};
const NOTES = new EntryKind<string, string>('note', TEXT as Codec<string>, (key) => key);
/** Its neighbour in the store on either side. */
const OTHERS = [
  new EntryKind<string, string>('notd', NOTES.codec, (key) => key),
  new EntryKind<string, string>('notf', NOTES.codec, (key) => key),
];

/** Keys in which one begins as another goes on, with the first and last characters that a key may have. */
const TEXTS = ['a', 'a!', 'a~', 'a~~', 'aa', 'b', 'b/', 'b/!', 'b/a', 'b/b', 'b/~', 'b~', 'c', '~', '~~', '!'];

class Notes {
  readonly store = new MemoryStore();
  readonly reader: StateReader;
  /** By height. */
  readonly model: ReadonlyMap<string, string>[] = [new Map()];
  oldest = 0;
  final = 0;
  /** Records that the store was asked for. */
  scanned = 0;
  readonly #state = new MemoryState();

  constructor() {
    const counted: Pick<Store, 'read' | 'scan'> = {
      read: (keys, done) => this.store.read(keys, done),
      scan: (range, done) =>
        this.store.scan(range, (entries, error) => {
          this.scanned += entries.length;
          done(entries, error);
        }),
    };
    this.reader = new StateReader(counted, genesisKeeping(0), {
      finalHeight: () => this.final as Height,
      oldestState: () => this.oldest as Height,
    });
    this.#apply(0, []);
  }

  get head(): number {
    return this.model.length - 1;
  }

  /** A block that sets these; undefined deletes. */
  async block(changes: readonly (readonly [string, string | undefined])[], isFinal = true): Promise<void> {
    const height = this.model.length;
    const now = new Map(this.model.at(-1));
    for (const [text, value] of changes) {
      if (value === undefined) now.delete(text);
      else now.set(text, value);
    }
    this.model.push(now);
    await this.#write([...this.#apply(height, changes)]);
    if (isFinal) this.final = height;
  }

  /** Forgets what heights below this one need. */
  async prune(oldest: number): Promise<void> {
    this.oldest = oldest;
    const gone: StoreOperation[] = [];
    for (let height = 1; height <= oldest; height++)
      for (const kind of [NOTES, ...OTHERS])
        for (const text of new Set([...this.model.flatMap((each) => [...each.keys()])]))
          gone.push({ kind: 'delete', key: KEYS.past(kind.key(text), height as Height) });
    await this.#write(gone);
  }

  #apply(height: number, changes: readonly (readonly [string, string | undefined])[]): Generator<StoreOperation> {
    const overlay = new Overlay(this.#state);
    for (const [text, value] of changes)
      for (const kind of [NOTES, ...OTHERS])
        overlay.set(kind.key(text), value && `${kind === NOTES ? '' : '-'}${value}`);
    const from = height === 0 ? undefined : ((height - 1) as Height);
    const delta = deltaOf(this.#state, overlay, { from, to: height as Height });
    this.#state.apply(delta);
    return stateWrites(delta, false);
  }

  #write(batch: readonly StoreOperation[]): Promise<void> {
    return new Promise((resolve) => this.store.write(batch, () => resolve()));
  }

  /** The whole list, page by page, and how many pages that took. */
  async list(prefix: string, height: number, limit: number) {
    const entries: (readonly [string, string])[] = [];
    let at: { readonly height: Height } | ListCursor | undefined = { height: height as Height };
    let pages = 0;
    while (at !== undefined) {
      pages += 1;
      const before = this.scanned;
      const page: Awaited<ReturnType<ReadableState['list']>> = await this.reader.list(
        { kind: NOTES, prefix, limit },
        at,
      );
      if (!page.ok) throw new Error(page.error.message);
      if (page.value.entries.length > limit) throw new Error('a page is too long');
      if (this.scanned - before > 3 * PAGE_RECORDS_MAX) throw new Error('a page took too much');
      entries.push(...page.value.entries.map(({ text, value }) => [text, value as string] as const));
      at = page.value.next;
    }
    return { entries, pages };
  }

  async history(text: string, limit: number) {
    const versions: (readonly [number, string | undefined, boolean])[] = [];
    let cursor: HistoryCursor | undefined;
    do {
      const page = await this.reader.history(NOTES.key(text), limit, cursor);
      if (!page.ok) throw new Error(page.error.message);
      if (page.value.versions.length > limit) throw new Error('a page is too long');
      versions.push(...page.value.versions.map(({ height, value, isChange }) => [height, value, isChange] as const));
      cursor = page.value.next;
    } while (cursor !== undefined);
    return versions;
  }

  expectedList(prefix: string, height: number) {
    return [...present(this.model[height], 'a height')]
      .filter(([text]) => text.startsWith(prefix))
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  expectedHistory(text: string) {
    const versions: (readonly [number, string | undefined, boolean])[] = [];
    for (let height = this.oldest; height <= this.final; height++) {
      const value = this.model[height]?.get(text);
      const before = height === this.oldest ? undefined : this.model[height - 1]?.get(text);
      if (value !== before) versions.push([height, value, height > this.oldest || height === 0]);
    }
    return versions;
  }
}

async function someNotes(random: Random, blocks: number): Promise<Notes> {
  const notes = new Notes();
  for (let i = 0; i < blocks; i++) {
    const texts = random.shuffled(TEXTS).slice(0, random.int(0, 6));
    await notes.block(texts.map((text) => [text, random.chance(0.3) ? undefined : `${text} ${i}`]));
  }
  return notes;
}

describe('a list', () => {
  it('has at each height what stood there, whatever came later, page by page', async () => {
    const random = new Random(SEED);
    const notes = await someNotes(random, 120);
    for (const oldest of [0, 50]) {
      await notes.prune(oldest);
      for (let i = 0; i < 300; i++) {
        const height = random.int(oldest, notes.head);
        const prefix = random.pick(['', 'a', 'b/', 'b', '~', 'c', 'x', 'a~~~']);
        const { entries } = await notes.list(prefix, height, random.int(1, 20));
        expect(entries, `${prefix} at ${height}, seed ${SEED}`).toEqual(notes.expectedList(prefix, height));
      }
    }
  });

  it('of many entries has each once, also those that were never changed', async () => {
    const notes = new Notes();
    const many = Array.from({ length: 200 }, (_, i) => `k${i}`);
    await notes.block(many.map((text) => [text, 'first'] as const));
    await notes.block(many.filter((_, i) => i % 3 === 0).map((text) => [text, 'second'] as const));
    for (const height of [1, 2])
      for (const limit of [7, 32, 1_000])
        expect((await notes.list('k', height, limit)).entries).toEqual(notes.expectedList('k', height));
  });

  it('goes on at its height while blocks come', async () => {
    const random = new Random(SEED);
    const notes = await someNotes(random, 30);
    const first = await notes.reader.list({ kind: NOTES, prefix: '', limit: 3 }, { height: 'latest' });
    const expected = notes.expectedList('', 30).slice(3);
    for (const text of TEXTS) await notes.block([[text, random.chance(0.5) ? undefined : 'later']]);
    const next = present(first.ok ? first.value.next : undefined, 'a cursor');
    const rest = await notes.reader.list({ kind: NOTES, prefix: '', limit: 100 }, next);
    expect(rest.ok && rest.value.entries.map(({ text, value }) => [text, value])).toEqual(expected);
  });

  it('passes over thousands of values of one key, and over thousands of keys that are gone, in bounded pages', async () => {
    const notes = new Notes();
    const many = Array.from({ length: 3_000 }, (_, i) => `k${i.toString().padStart(5, '0')}`);
    await notes.block([...many.map((text) => [text, 'here'] as const), ['a', '0'], ['z', '0']]);
    await notes.block(many.map((text) => [text, undefined] as const));
    for (let i = 0; i < 3_000; i++) await notes.block([['a', `${i + 1}`]]);
    for (const height of [1, 2, 3, 1_500, notes.head]) {
      const { entries, pages } = await notes.list('', height, 500);
      expect(entries).toEqual(notes.expectedList('', height));
      expect(pages).toBeLessThan(20);
    }
  });

  it('of a height that is pruned, or not final, is refused', async () => {
    const notes = await someNotes(new Random(SEED), 10);
    await notes.block([['a', 'not final']], false);
    await notes.prune(4);
    const range = { kind: NOTES, prefix: '', limit: 10 };
    const at = (height: number) => notes.reader.list(range, { height: height as Height });
    expect(await at(3)).toMatchObject({ error: { code: 'HEIGHT_PRUNED', oldest: 4 } });
    expect(await at(11)).toMatchObject({ error: { code: 'HEIGHT_UNKNOWN' } });
    expect((await notes.list('', 10, 100)).entries).toEqual(notes.expectedList('', 10));
  });

  it.each(['', '!', '~', 'x'.repeat(300), '\u0000', 'b\u00e9'])('from "%s" stays within its prefix', async (from) => {
    const notes = await someNotes(new Random(SEED), 20);
    const cursor = { height: 20 as Height, from };
    const page = await notes.reader.list({ kind: NOTES, prefix: 'b', limit: 100 }, cursor);
    for (const { text } of present(page.ok ? page.value : undefined, 'a page').entries) expect(text).toMatch(/^b/);
  });
});

describe('a history', () => {
  it('tells each version once, oldest first, up to the final block, page by page', async () => {
    const random = new Random(SEED);
    const notes = await someNotes(random, 200);
    await notes.block(
      [
        ['a', 'not final'],
        ['b', undefined],
      ],
      false,
    );
    for (const oldest of [0, 1, 70, 200]) {
      await notes.prune(oldest);
      for (const text of [...TEXTS, 'never'])
        for (const limit of [1, 2, 7, 100])
          expect(await notes.history(text, limit), `${text} from ${oldest}`).toEqual(notes.expectedHistory(text));
    }
  });

  it.each([1, 2, 7, 100])('in pages of %i reads no more records than it tells, but for one', async (limit) => {
    const notes = new Notes();
    for (let i = 1; i <= 100; i++) await notes.block([['a', `${i}`]]);
    let cursor: HistoryCursor | undefined = { height: 100 as Height, from: 1 as Height };
    while (cursor !== undefined) {
      const before = notes.scanned;
      const page: Awaited<ReturnType<ReadableState['history']>> = await notes.reader.history(
        NOTES.key('a'),
        limit,
        cursor,
      );
      if (!page.ok) throw new Error(page.error.message);
      expect(notes.scanned - before).toBeLessThanOrEqual(page.value.versions.length + 1);
      cursor = page.value.next;
    }
  });

  it('whose place is pruned by now is refused, and begins anew where it can', async () => {
    const notes = new Notes();
    for (let i = 1; i <= 20; i++) await notes.block([['a', `${i}`]]);
    const first = await notes.reader.history(NOTES.key('a'), 5);
    const cursor = present(first.ok ? first.value.next : undefined, 'a cursor');
    await notes.prune(10);
    expect(await notes.reader.history(NOTES.key('a'), 5, cursor)).toMatchObject({
      error: { code: 'HEIGHT_PRUNED', oldest: 10 },
    });
    expect((await notes.history('a', 5)).map(([height]) => height)).toEqual([
      10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    ]);
  });

  it('that would go on above its end is refused', async () => {
    const notes = new Notes();
    for (let i = 1; i <= 3; i++) await notes.block([['a', `${i}`]], i < 3);
    const cursor = { height: 2 as Height, from: 3 as Height };
    expect(await notes.reader.history(NOTES.key('a'), 5, cursor)).toMatchObject({ error: { code: 'HEIGHT_UNKNOWN' } });
  });
});

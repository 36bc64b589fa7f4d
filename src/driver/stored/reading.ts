/**
 * Reads of the store that rest on one another, written as one function: each is yielded, and what was found comes back. So the
 * same code runs over LevelDB and in virtual time, and nothing in it can write.
 */
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import type { Codec } from '../../codec/codec.ts';
import type { Store, StoreRange } from '../ports.ts';

type Read =
  | { readonly kind: 'read'; readonly keys: readonly string[] }
  | { readonly kind: 'scan'; readonly range: StoreRange };

/** Keys and values as they are stored. */
export type Entries = readonly (readonly [string, Uint8Array])[];

/** What the store says, step by step. */
export type Reading<T> = Generator<Read, T, Entries>;

/** What was read, or how it contradicts itself. */
export type Sound<T> = Result<T, Coded<'STORE_CORRUPT'>>;

export const corrupt = (message: string): { readonly ok: false; readonly error: Coded<'STORE_CORRUPT'> } =>
  fail('STORE_CORRUPT', message);

/** Reads it all. Error, beside those of the reading: STORE_CORRUPT, when the store cannot be read. */
export function read<T, E extends Coded>(
  store: Store,
  reading: Reading<Result<T, E>>,
  done: (result: Result<T, E | Coded<'STORE_CORRUPT'>>) => void,
): void {
  const failed = (error: Error): void => done(corrupt(`the store cannot be read: ${error.message}`));
  const advance = (found: Entries): void => {
    const next = reading.next(found);
    if (next.done === true) return done(next.value);
    const wanted = next.value;
    if (wanted.kind === 'scan') {
      store.scan(wanted.range, (entries, error) => (error === undefined ? advance(entries) : failed(error)));
    } else {
      store.read(wanted.keys, (values, error) => {
        if (error !== undefined) return failed(error);
        advance(wanted.keys.flatMap((key, i) => (values[i] === undefined ? [] : [[key, values[i]] as const])));
      });
    }
  };
  advance([]);
}

/** One value; undefined where there is none. */
export function* one(key: string): Reading<Uint8Array | undefined> {
  const [entry] = yield { kind: 'read', keys: [key] };
  return entry?.[1];
}

/** All entries of a range, page by page. */
export function* all(range: StoreRange): Reading<Entries> {
  const entries: (readonly [string, Uint8Array])[] = [];
  for (let page = range; ; ) {
    const found = yield { kind: 'scan', range: page };
    entries.push(...found);
    const last = found.at(-1);
    if (last === undefined || found.length < range.limit) return entries;
    page = { ...range, from: `${last[0]}\0` };
  }
}

/** The value stored under a key, decoded. */
export function parse<T>(of: Codec<T>, key: string, bytes: Uint8Array): Sound<T> {
  const decoded = of.decode(bytes);
  return decoded.ok ? decoded : corrupt(`${key}: ${decoded.error.message}`);
}

/** Every entry as what it says; the error of the first that is not sound. */
export function parseEach<T>(entries: Entries, parseOne: (key: string, bytes: Uint8Array) => Sound<T>): Sound<T[]> {
  const values: T[] = [];
  for (const [key, bytes] of entries) {
    const parsed = parseOne(key, bytes);
    if (!parsed.ok) return parsed;
    values.push(parsed.value);
  }
  return ok(values);
}

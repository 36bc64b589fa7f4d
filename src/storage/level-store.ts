/**
 * The driver's `Store` on LevelDB: utf8 keys, binary values.
 *
 * A synced batch costs one fsync whatever it carries, so batches that are called while one is on its way to the disk
 * travel together in the next (group commit). They stay in order, and since LevelDB writes a batch wholly or not at all,
 * each of them is still atomic: after a crash the store holds exactly a prefix of the batches. A disk that damaged the log
 * may leave less than that; such a folder is not opened, as far as it can be told from a crash (`level-check.ts`), and not
 * started from where batches are gone from the middle (`src/driver/durability/seals.ts`).
 */
import { Level } from 'level';
import { invariant } from '../base/invariant.ts';
import type { Store, StoreOperation, StoreRange } from '../driver/ports.ts';
import { SEAL_SLOTS } from '../driver/stored/records.ts';
import { findDamage } from './level-check.ts';
import { StorageError } from './storage-error.ts';

type Done = Parameters<Store['write']>[1];
type ReadDone = Parameters<Store['read']>[1];
type ScanDone = Parameters<Store['scan']>[1];
type Waiting = { readonly batch: readonly StoreOperation[]; readonly done: Done };

/** Bytes after which a group takes no further batch: LevelDB copies a group once more into its log, in memory. */
const GROUP_BYTES_MAX = 16 * 1024 * 1024;

/** What a log holds before it becomes a table. Entries of the state change anywhere in it, so that the changes of one log are merged
 *  into all tables of a large state: with logs of 16 MiB that was half of what a transfer among a million accounts cost. Two logs
 *  may be in memory at once. */
const WRITE_BUFFER_BYTES = 64 * 1024 * 1024;

/** Batches after which a log becomes a table, however small they are. LevelDB can lose what its logs hold, of which there are two: the
 *  seals of so many batches are kept, and of twice as many, since a log goes on for a while. */
const LOG_BATCHES_MAX: number = SEAL_SLOTS / 4;

/** Opens the LevelDB in the folder, which is made if it is missing.
 *  Rejects with StorageError: STORE_LOCKED, STORE_CORRUPT, STORE_UNREADABLE. */
export async function openLevelStore(folder: string, logBatchesMax: number = LOG_BATCHES_MAX): Promise<LevelStore> {
  try {
    const damage = await findDamage(folder);
    if (damage !== undefined) throw new StorageError('STORE_CORRUPT', `${folder} is damaged: ${damage}`);
    const database = new Level<string, Uint8Array>(folder, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      writeBufferSize: WRITE_BUFFER_BYTES,
      // Hashes and signatures are most of what is stored, and cannot be compressed.
      compression: false,
    });
    await database.open();
    return new LevelStore(database, logBatchesMax);
  } catch (error) {
    throw openingError(folder, error);
  }
}

const AFTER_ALL = '\u007f';

/** A Level on a disk: the package's types name only what there is in browsers too. */
type Compacting = Level<string, Uint8Array> & { compactRange(from: string, to: string): Promise<void> };

export class LevelStore implements Store {
  readonly #database: Level<string, Uint8Array>;
  readonly #logBatchesMax: number;
  /** Batches since a new log was begun. */
  #batches = 0;
  /** The log before that becomes a table. */
  #newLog: Promise<void> = Promise.resolve();
  readonly #waiting: Waiting[] = [];
  #writing = false;
  /** Why no further write is taken. */
  #ended: StorageError | undefined;
  #drained: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(database: Level<string, Uint8Array>, logBatchesMax: number = LOG_BATCHES_MAX) {
    this.#database = database;
    this.#logBatchesMax = logBatchesMax;
  }

  write(batch: readonly StoreOperation[], done: Done): void {
    const ended = this.#ended;
    if (ended !== undefined) {
      queueMicrotask(() => done(ended));
      return;
    }
    this.#waiting.push({ batch, done });
    if (!this.#writing) void this.#writeGroup();
  }

  read(keys: readonly string[], done: ReadDone): void {
    void this.#read(keys, done);
  }

  scan(range: StoreRange, done: ScanDone): void {
    invariant(Number.isSafeInteger(range.limit) && range.limit > 0, 'a scan has a positive limit', { ...range });
    void this.#scan(range, done);
  }

  /** Takes no further write, waits for those it has taken, and gives the folder free. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ended ??= new StorageError('STORE_CLOSED', 'the store is closed');
    if (this.#writing) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    await this.#newLog.catch(() => undefined);
    await this.#database.close();
  }

  async #read(keys: readonly string[], done: ReadDone): Promise<void> {
    let values: readonly (Uint8Array | undefined)[];
    try {
      values = await this.#database.getMany([...keys]);
    } catch (error) {
      done([], this.#readingError(error));
      return;
    }
    done(values.map((value) => value && plain(value)));
  }

  async #scan({ from, to, limit }: StoreRange, done: ScanDone): Promise<void> {
    let entries: readonly (readonly [string, Uint8Array])[];
    try {
      entries = await this.#database.iterator({ gte: from, lt: to, limit }).all();
    } catch (error) {
      done([], this.#readingError(error));
      return;
    }
    done(entries.map(([key, value]) => [key, plain(value)]));
  }

  /** Writes what waits, and goes on with what came meanwhile. */
  async #writeGroup(): Promise<void> {
    const group = this.#takeGroup();
    this.#writing = group.length > 0;
    if (!this.#writing) {
      this.#drained?.();
      return;
    }
    try {
      await this.#commit(group);
    } catch (error) {
      this.#break(group, error);
      return;
    }
    // The next group is on its way before the answers are looked at, so the disk never waits for the driver.
    void this.#writeGroup();
    for (const { done } of group) done();
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const chained = this.#database.batch();
    for (const { batch } of group) {
      for (const operation of batch) {
        if (operation.kind === 'put') chained.put(operation.key, operation.value);
        else chained.del(operation.key);
      }
    }
    await chained.write({ sync: true });
    this.#batches += group.length;
    if (this.#batches >= this.#logBatchesMax) await this.#beginLog();
  }

  /** Waits for nothing but the log before the last. */
  async #beginLog(): Promise<void> {
    await this.#newLog;
    this.#batches = 0;
    // LevelDB begins a log before it compacts anything, and no key is after this one.
    this.#newLog = (this.#database as Compacting).compactRange(AFTER_ALL, AFTER_ALL);
    // Whoever waits for it next hears of it.
    this.#newLog.catch(() => undefined);
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { batch } of this.#waiting) {
      if (bytes >= GROUP_BYTES_MAX) break;
      for (const operation of batch) if (operation.kind === 'put') bytes += operation.value.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #break(group: readonly Waiting[], cause: unknown): void {
    const broken = new StorageError('STORE_BROKEN', `a write failed: ${describe(cause)}`, { cause });
    this.#ended = broken;
    this.#writing = false;
    for (const { done } of [...group, ...this.#waiting.splice(0)]) done(broken);
    this.#drained?.();
  }

  #readingError(cause: unknown): StorageError {
    if (this.#ended !== undefined) return this.#ended;
    return new StorageError('STORE_BROKEN', `a read failed: ${describe(cause)}`, { cause });
  }
}

/** LevelDB answers with Buffers, whose `slice` does not copy as a Uint8Array's does. */
const plain = (value: Uint8Array): Uint8Array => new Uint8Array(value.buffer, value.byteOffset, value.byteLength);

function openingError(folder: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  switch (codeOf(cause)) {
    case 'LEVEL_LOCKED':
      return new StorageError('STORE_LOCKED', `${folder} is in use by another node`, { cause });
    case 'LEVEL_CORRUPTION':
      return new StorageError('STORE_CORRUPT', `${folder} is damaged: ${describe(cause)}`, { cause });
    default:
      return new StorageError('STORE_UNREADABLE', `${folder} cannot be opened: ${describe(cause)}`, { cause });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

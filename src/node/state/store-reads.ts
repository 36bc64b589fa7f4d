/** Reads of the store by whoever answers clients, as promises, and what they take of this thread: whoever asks pays for it. */
import type { Codec } from '../../codec/codec.ts';
import type { Store, StoreRange } from '../../driver/ports.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { BROUGHT_MICROS_PER_KIB, STORE_KEY_MICROS, STORE_MICROS } from '../limits.ts';

export class StoreReads {
  readonly #store: Pick<Store, 'read' | 'scan'>;
  #micros = 0;

  constructor(store: Pick<Store, 'read' | 'scan'>) {
    this.#store = store;
  }

  /** Microseconds of this thread so far. */
  get micros(): number {
    return this.#micros;
  }

  /** Undefined where there is nothing. Rejects with StorageError. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const [found] = await this.getAll([key]);
    return found?.[1];
  }

  /** What stands under each of the keys, in their order. Rejects with StorageError. */
  getAll(keys: readonly string[]): Promise<readonly (readonly [key: string, value: Uint8Array | undefined])[]> {
    if (keys.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#store.read(keys, (values, error) => {
        if (error !== undefined) return reject(error);
        this.#answered(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
        this.#micros += STORE_KEY_MICROS * (keys.length - 1);
        resolve(keys.map((key, i) => [key, values[i]]));
      });
    });
  }

  /** Rejects with StorageError. */
  scan(range: StoreRange): Promise<readonly (readonly [string, Uint8Array])[]> {
    return new Promise((resolve, reject) => {
      this.#store.scan(range, (entries, error) => {
        if (error !== undefined) return reject(error);
        this.#answered(entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0));
        resolve(entries);
      });
    });
  }

  /** Does something with what was read, and counts the time that it takes. */
  measured<T>(work: () => T): T {
    const startMs = performance.now();
    try {
      return work();
    } finally {
      this.#micros += 1000 * (performance.now() - startMs);
    }
  }

  /** Throws StorageError STORE_CORRUPT where the bytes are no value. */
  decode<T>(of: Codec<T>, key: string, bytes: Uint8Array): T {
    const decoded = this.measured(() => of.decode(bytes));
    if (!decoded.ok) throw corrupt(`${key}: ${decoded.error.message}`);
    return decoded.value;
  }

  #answered(bytes: number): void {
    this.#micros += STORE_MICROS + (bytes / 1024) * BROUGHT_MICROS_PER_KIB;
  }
}

export const corrupt = (message: string): StorageError => new StorageError('STORE_CORRUPT', message);

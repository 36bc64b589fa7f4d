/** Reads of what is final, for whoever answers clients: from memory where it is recent, else from the store. */
import { ForgetfulMap } from '../base/bounded.ts';
import type { Hash, Height } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { Codec } from '../codec/codec.ts';
import type { FinalizedBlock, Store } from '../driver/ports.ts';
import { KEYS, transactionPlaceCodec } from '../driver/stored/records.ts';
import type { TransactionState } from '../driver/transactions/fate.ts';
import { type BlockRecord, blockHash, blockRecordCodec, fullBodyCodec } from '../ledger/block.ts';
import { certificateCodec } from '../ledger/vote.ts';
import { StorageError } from '../storage/storage-error.ts';
import { DECODED_BLOCKS_MAX, RECENT_BLOCKS_MAX } from './limits.ts';
import type { Outcomes } from './outcomes.ts';

/** What the reader asks of the driver. */
export interface ChainView {
  finalHeight(): Height;
  /** Whether the transaction waits here. */
  isPending(id: Hash): boolean;
}

interface DecodedBlock {
  readonly hash: Hash;
  readonly record: BlockRecord;
}

export class Reader {
  readonly #store: Store;
  readonly #chain: ChainView;
  readonly #outcomes: Outcomes;
  readonly #recent = new ForgetfulMap<Height, FinalizedBlock>(RECENT_BLOCKS_MAX);
  #micros = 0;
  readonly #decoded = new ForgetfulMap<Height, DecodedBlock>(DECODED_BLOCKS_MAX);

  constructor(store: Store, chain: ChainView, outcomes: Outcomes) {
    this.#store = store;
    this.#chain = chain;
    this.#outcomes = outcomes;
  }

  /** Microseconds of this thread that decoding what was read has taken so far: whoever asks pays for it. */
  get micros(): number {
    return this.#micros;
  }

  finalized(block: FinalizedBlock): void {
    this.#recent.set(block.record.header.height, block);
  }

  /** A final block; undefined where this node has none at that height. Rejects with StorageError. */
  async block(wanted: Height | 'latest'): Promise<FinalizedBlock | undefined> {
    const height = wanted === 'latest' ? this.#chain.finalHeight() : wanted;
    const recent = this.#recent.get(height);
    if (recent !== undefined) return recent;
    if (height > this.#chain.finalHeight()) return undefined;
    const [certificate] = await this.#read(KEYS.certificate(height));
    const decoded = await this.#decodedBlock(height);
    if (decoded === undefined) return undefined;
    const key = KEYS.body(height, decoded.record.header.bodyHash);
    const [body] = await this.#read(key);
    return {
      ...decoded,
      body: this.#decode(fullBodyCodec, key, body),
      certificate:
        certificate === undefined ? null : this.#decode(certificateCodec, KEYS.certificate(height), certificate),
    };
  }

  async transaction(id: Hash): Promise<TransactionState> {
    const recent = this.#outcomes.committed(id);
    if (recent !== undefined) return recent;
    if (this.#chain.isPending(id)) return { status: 'pending' };
    const stored = (await this.#stored(id)) ?? (await this.#storedSoon(id));
    if (stored !== undefined) return stored;
    const code = this.#outcomes.rejection(id);
    return code === undefined ? { status: 'unknown' } : { status: 'rejected', code };
  }

  /** As soon as the transaction is committed or rejected, or after the timeout or the signal: what is known of it. */
  async waitFor(id: Hash, timeoutMs: number, signal: AbortSignal): Promise<TransactionState> {
    const wait = this.#outcomes.wait(id, timeoutMs, signal);
    try {
      const now = await this.transaction(id);
      if (now.status === 'committed' || now.status === 'rejected') return now;
      await wait.over;
    } finally {
      wait.end();
    }
    return this.transaction(id);
  }

  /** A transaction leaves the mempool some moments before its block is durable: what is being written now counts too. */
  async #storedSoon(id: Hash): Promise<TransactionState | undefined> {
    await new Promise<void>((resolve, reject) => {
      this.#store.write([], (error) => (error === undefined ? resolve() : reject(error)));
    });
    return this.#stored(id);
  }

  async #stored(id: Hash): Promise<TransactionState | undefined> {
    const key = KEYS.transaction(id);
    const [value] = await this.#read(key);
    if (value === undefined) return undefined;
    const { height, index } = this.#decode(transactionPlaceCodec, key, value);
    if (height > this.#chain.finalHeight()) return { status: 'pending' };
    const { hash, record } = present(await this.#decodedBlock(height), `block ${height}`);
    const receipt = present(record.receipts[index], 'receipt');
    return { status: 'committed', height, index, blockHash: hash, receipt };
  }

  async #decodedBlock(height: Height): Promise<DecodedBlock | undefined> {
    const known = this.#decoded.get(height);
    if (known !== undefined) return known;
    const key = KEYS.block(height);
    const [value] = await this.#read(key);
    if (value === undefined) return undefined;
    const record = this.#decode(blockRecordCodec, key, value);
    const decoded = { hash: blockHash(record.header), record };
    this.#decoded.set(height, decoded);
    return decoded;
  }

  #read(...keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return new Promise((resolve, reject) => {
      this.#store.read(keys, (values, error) => (error === undefined ? resolve(values) : reject(error)));
    });
  }

  #decode<T>(of: Codec<T>, key: string, value: Uint8Array | undefined): T {
    if (value === undefined) throw new StorageError('STORE_CORRUPT', `${key} is missing`);
    const startMs = performance.now();
    const decoded = of.decode(value);
    this.#micros += 1000 * (performance.now() - startMs);
    if (!decoded.ok) throw new StorageError('STORE_CORRUPT', `${key}: ${decoded.error.message}`);
    return decoded.value;
  }
}

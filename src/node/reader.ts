/** Reads of what is final, for whoever answers clients: from memory where it is recent, else from the store. */
import { ForgetfulMap } from '../base/bounded.ts';
import type { Epoch, Hash, Height } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { FinalizedBlock, Store } from '../driver/ports.ts';
import { heightOfBlock, KEYS, RANGES, transactionPlaceCodec } from '../driver/stored/records.ts';
import type { TransactionState } from '../driver/transactions/fate.ts';
import {
  type BlockRecord,
  blockHash,
  blockRecordCodec,
  fullBodyCodec,
  HeaderType,
  headerCodec,
} from '../ledger/block.ts';
import { type HandOver, handOverCodec } from '../ledger/hand-over.ts';
import { certificateCodec } from '../ledger/vote.ts';
import { contain, type Trace } from '../rpc/trace.ts';
import { DECODED_BLOCKS_MAX, RECENT_BLOCKS_MAX } from './limits.ts';
import type { Outcomes } from './outcomes.ts';
import { corrupt, StoreReads } from './state/store-reads.ts';

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
  readonly #reads: StoreReads;
  readonly #chain: ChainView;
  readonly #outcomes: Outcomes;
  readonly #recent = new ForgetfulMap<Height, FinalizedBlock>(RECENT_BLOCKS_MAX);
  readonly #decoded = new ForgetfulMap<Height, DecodedBlock>(DECODED_BLOCKS_MAX);

  constructor(store: Store, chain: ChainView, outcomes: Outcomes) {
    this.#store = store;
    this.#reads = new StoreReads(store);
    this.#chain = chain;
    this.#outcomes = outcomes;
  }

  /** Microseconds of this thread that reading has taken so far: whoever asks pays for it. */
  get micros(): number {
    return this.#reads.micros;
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
    const decoded = await this.#decodedBlock(height);
    return decoded && this.#whole(decoded);
  }

  /** A final block as `block` gives it, or 'without' where it lacks one of the traces. For that its bytes alone are searched,
   *  which takes a tenth of what decoding takes, of full blocks less. Rejects with StorageError. */
  async blockWith(height: Height, traces: readonly Trace[]): Promise<FinalizedBlock | 'without' | undefined> {
    if (this.#recent.has(height) || this.#decoded.has(height)) return this.block(height);
    if (height > this.#chain.finalHeight()) return undefined;
    const key = KEYS.block(height);
    const record = await this.#reads.get(key);
    if (record === undefined) return undefined;
    const elsewhere = this.#lacking(record, traces);
    if (elsewhere.some(({ within }) => within === 'record')) return 'without';
    if (elsewhere.length === 0) return this.#whole(this.#decodeBlock(height, record));
    const { bodyHash } = this.#reads.decode(headerCodec, key, record.subarray(0, HeaderType.maxSize));
    const body = await this.#get(KEYS.body(height, bodyHash));
    if (this.#lacking(body, elsewhere).length > 0) return 'without';
    return this.#whole(this.#decodeBlock(height, record), body);
  }

  /** Who validates in this epoch, as the block before it says; undefined where no such block is final here. Rejects with StorageError. */
  async handOver(epoch: Epoch): Promise<HandOver | undefined> {
    const key = KEYS.handOver(epoch);
    const bytes = await this.#reads.get(key);
    const found = bytes && this.#reads.decode(handOverCodec, key, bytes);
    return found !== undefined && found.height <= this.#chain.finalHeight() ? found : undefined;
  }

  /** The lowest height from this one on at which there is a final block; undefined where there is none. Rejects with StorageError. */
  async nextHeight(from: Height): Promise<Height | undefined> {
    const [entry] = await this.#reads.scan(RANGES.blocksFrom(from, 1));
    if (entry === undefined) return undefined;
    const height = heightOfBlock(entry[0]);
    return height > this.#chain.finalHeight() ? undefined : height;
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
    const value = await this.#reads.get(key);
    if (value === undefined) return undefined;
    const { height, index } = this.#reads.decode(transactionPlaceCodec, key, value);
    if (height > this.#chain.finalHeight()) return { status: 'pending' };
    const { hash, record } = present(await this.#decodedBlock(height), `block ${height}`);
    const receipt = present(record.receipts[index], 'receipt');
    return { status: 'committed', height, index, blockHash: hash, receipt };
  }

  async #decodedBlock(height: Height): Promise<DecodedBlock | undefined> {
    const known = this.#decoded.get(height);
    if (known !== undefined) return known;
    const value = await this.#reads.get(KEYS.block(height));
    return value && this.#decodeBlock(height, value);
  }

  #decodeBlock(height: Height, bytes: Uint8Array): DecodedBlock {
    const record = this.#reads.decode(blockRecordCodec, KEYS.block(height), bytes);
    const decoded = { hash: blockHash(record.header), record };
    this.#decoded.set(height, decoded);
    return decoded;
  }

  /** `bytes`: of its body, where they are here. */
  async #whole({ hash, record }: DecodedBlock, bytes?: Uint8Array): Promise<FinalizedBlock> {
    const { height, bodyHash } = record.header;
    const key = KEYS.certificate(height);
    const certificate = await this.#reads.get(key);
    const bodyKey = KEYS.body(height, bodyHash);
    return {
      hash,
      record,
      body: this.#reads.decode(fullBodyCodec, bodyKey, bytes ?? (await this.#get(bodyKey))),
      certificate: certificate === undefined ? null : this.#reads.decode(certificateCodec, key, certificate),
    };
  }

  /** What has to be there. */
  async #get(key: string): Promise<Uint8Array> {
    const value = await this.#reads.get(key);
    if (value === undefined) throw corrupt(`${key} is missing`);
    return value;
  }

  #lacking(bytes: Uint8Array, traces: readonly Trace[]): readonly Trace[] {
    return this.#reads.measured(() => traces.filter((trace) => !contain(bytes, trace.bytes)));
  }
}

/** Headers of final blocks, and what proves them: the certificate of the same block, or that of one after it, to which their parent
 *  links lead. */
import { ForgetfulMap } from '../../base/bounded.ts';
import type { Hash, Height } from '../../base/brand.ts';
import { PROOF_HEADERS_MAX } from '../../api/limits.ts';
import { KEYS, RANGES } from '../../driver/stored/records.ts';
import { blockHash, type Header, HeaderType, headerCodec } from '../../ledger/block.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { genesisHeader } from '../../ledger/state/ledger-state.ts';
import { parseNode, rootOf } from '../../ledger/tree/node-codec.ts';
import { ROOT_PATH } from '../../ledger/tree/path.ts';
import { type Certificate, certificateCodec } from '../../ledger/vote.ts';
import { HEADERS_KEPT_MAX } from '../limits.ts';
import { corrupt, type StoreReads } from './store-reads.ts';

export interface ProvedHeader {
  /** From the header that is proved to the certified one. */
  readonly headers: readonly [Header, ...Header[]];
  readonly certificate: Certificate;
}

/** What it is asked for is final; all reject with StorageError. */
export class Headers {
  readonly #reads: StoreReads;
  readonly #genesis: Genesis;
  readonly #kept = new ForgetfulMap<Height, Header>(HEADERS_KEPT_MAX);

  constructor(reads: StoreReads, genesis: Genesis) {
    this.#reads = reads;
    this.#genesis = genesis;
  }

  /** Undefined of the genesis block where its state is pruned. */
  async at(height: Height): Promise<Header | undefined> {
    const kept = this.#kept.get(height);
    const header = kept ?? (height === 0 ? await this.#genesisHeader() : await this.#stored(height));
    // What is used stays.
    if (header !== undefined) this.#kept.set(height, header);
    return header;
  }

  /** The header of `from`, with all that a client needs to believe it; `through` is among its headers. Undefined where no certificate
   *  between that and `final` is here. */
  async proved(from: Height, through: Height, final: Height): Promise<ProvedHeader | undefined> {
    const last = Math.min(final, from + PROOF_HEADERS_MAX - 1) as Height;
    const certificate = await this.#certificate(through, last);
    if (certificate === undefined) return undefined;
    const headers: Header[] = [];
    let parent: Hash | undefined;
    for (let height = from; height <= certificate.height; height = (height + 1) as Height) {
      const header = await this.at(height);
      if (header === undefined) return undefined;
      if (parent !== undefined && header.parentHash !== parent)
        throw corrupt(`block ${height} does not follow the one before it`);
      parent = this.#reads.measured(() => blockHash(header));
      headers.push(header);
    }
    if (certificate.blockHash !== parent) throw corrupt(`the certificate of block ${certificate.height} is of another`);
    return { headers: headers as [Header, ...Header[]], certificate };
  }

  /** The newest height up to `final` that has a certificate of its own, if it is near. */
  async certified(final: Height): Promise<Height | undefined> {
    if ((await this.#reads.get(KEYS.certificate(final))) !== undefined) return final;
    const from = Math.max(1, final - PROOF_HEADERS_MAX + 1) as Height;
    const found = await this.#reads.scan(RANGES.certificates(from, final, PROOF_HEADERS_MAX));
    const last = found.at(-1);
    return last && this.#reads.decode(certificateCodec, ...last).height;
  }

  /**
   * Of the blocks from `lowest` to `highest` the last whose time is not after this one; undefined where all are. Times grow from
   * block to block, so it is found by halving: what is looked at are the same rounder heights again and again, whatever the range,
   * so that most of them are kept.
   */
  async atTime(timeMs: number, lowest: Height, highest: Height): Promise<Height | undefined> {
    if (!(await this.#isUpTo(timeMs, lowest))) return undefined;
    if (await this.#isUpTo(timeMs, highest)) return highest;
    let [low, high] = [lowest, highest];
    while (high - low > 1) {
      const middle = roundestBetween(low, high);
      if (await this.#isUpTo(timeMs, middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  async #isUpTo(timeMs: number, height: Height): Promise<boolean> {
    const header = await this.at(height);
    return header !== undefined && header.timestampMs <= timeMs;
  }

  /** The lowest of these heights. */
  async #certificate(from: Height, to: Height): Promise<Certificate | undefined> {
    if (from > to) return undefined;
    // Nearly every block has its own.
    const key = KEYS.certificate(from);
    const own = await this.#reads.get(key);
    if (own !== undefined) return this.#reads.decode(certificateCodec, key, own);
    const [found] = await this.#reads.scan(RANGES.certificates(from, to, 1));
    return found && this.#reads.decode(certificateCodec, ...found);
  }

  async #stored(height: Height): Promise<Header> {
    const key = KEYS.block(height);
    const record = await this.#reads.get(key);
    if (record === undefined) throw corrupt(`${key} is missing`);
    // The record begins with the header.
    const header = this.#reads.decode(headerCodec, key, record.subarray(0, HeaderType.maxSize));
    if (header.height !== height) throw corrupt(`${key}: another block`);
    return header;
  }

  /** The genesis block is not stored: all but the root of its state follows from the genesis. */
  async #genesisHeader(): Promise<Header | undefined> {
    const key = { version: 0 as Height, path: ROOT_PATH };
    const bytes = await this.#reads.get(KEYS.node(key));
    if (bytes === undefined) return undefined;
    const root = parseNode(key, bytes);
    if (!root.ok) throw corrupt(`the root of the first state: ${root.error.message}`);
    return this.#reads.measured(() => genesisHeader(this.#genesis, rootOf(root.value)));
  }
}

/** The height between these two, neither of them, that most powers of two divide. Some are between them. */
export function roundestBetween(low: Height, high: Height): Height {
  let step = 1;
  while (Math.floor(low / (2 * step)) * 2 * step + 2 * step < high) step *= 2;
  return (Math.floor(low / step) * step + step) as Height;
}

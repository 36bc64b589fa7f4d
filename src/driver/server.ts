/** Answers to what peers FETCH: transactions, bodies, ranges of final blocks. Who asks pays for reading and sending them. */
import type { Epoch, Hash, Height } from '../base/brand.ts';
import { mark } from '../consensus/marks.ts';
import type { Status } from '../consensus/messages.ts';
import { blockRecordCodec, FULL_BODY_BYTES_MAX, fullBodyCodec } from '../ledger/block.ts';
import { certificateCodec } from '../ledger/vote.ts';
import type { BodyPool } from './body-pool.ts';
import { completeTransactions } from './body-pool.ts';
import type { Chain } from './chain.ts';
import { bundles } from './intake.ts';
import { SYNC_BLOCKS_MAX, SYNC_BYTES_MAX, SYNC_READ_AHEAD } from './limits.ts';
import type { Mempool } from './mempool.ts';
import type { PeerId, Store } from './ports.ts';
import { KEYS } from './records.ts';
import type { PeerMessage, SyncBlock } from './wire.ts';

export class Server {
  readonly #store: Pick<Store, 'read'>;
  readonly #chain: Chain;
  readonly #mempool: Mempool;
  readonly #pool: BodyPool;
  readonly #send: (to: PeerId, message: PeerMessage) => void;

  constructor(
    store: Pick<Store, 'read'>,
    chain: Chain,
    mempool: Mempool,
    pool: BodyPool,
    send: (to: PeerId, message: PeerMessage) => void,
  ) {
    this.#store = store;
    this.#chain = chain;
    this.#mempool = mempool;
    this.#pool = pool;
    this.#send = send;
  }

  transactions(peer: PeerId, ids: readonly Hash[]): void {
    const found = ids.flatMap((id) => {
      const item = this.#mempool.get(id)?.item ?? this.#pool.carried.get(id);
      return item === undefined ? [] : [item.bytes];
    });
    for (const transactions of bundles(found)) this.#send(peer, { kind: 'transactions', transactions });
  }

  body(peer: PeerId, height: Height, hash: Hash): void {
    const pooled = this.#pool.get(height, hash);
    const transactions = pooled === undefined ? undefined : completeTransactions(pooled);
    if (pooled !== undefined && transactions !== undefined) {
      const fullBody = { body: pooled.body, transactions: transactions.map(({ bytes }) => bytes) };
      return this.#send(peer, { kind: 'body', height, fullBody });
    }
    this.#store.read([KEYS.body(height, hash)], ([bytes]) => {
      const decoded = bytes === undefined ? undefined : fullBodyCodec.decode(bytes);
      if (decoded?.ok === true) this.#send(peer, { kind: 'body', height, fullBody: decoded.value });
    });
  }

  /** Who executed an epoch that we left, and stays in it, lacks the certificate that ends it. */
  helpOutOfEpoch(peer: PeerId, { epoch, executedHeight }: Status, ours: Epoch): void {
    const lastHeight = ((epoch + 1) * this.#chain.state.genesis.consensus.epochLength) as Height;
    if (epoch >= ours || executedHeight < lastHeight) return;
    mark('R8');
    this.#store.read([KEYS.certificate(lastHeight)], ([bytes]) => {
      const certificate = decode(certificateCodec, bytes);
      if (certificate !== undefined) this.#send(peer, { kind: 'certificate', certificate });
    });
  }

  /** An observer is no replica to the core. It too may have executed a block and missed its CHECKPOINTs, or heard the wrong
   *  one of a liar's two first. */
  helpObserver(peer: PeerId, status: Status, ours: Epoch): void {
    this.helpOutOfEpoch(peer, status, ours);
    const { epoch, stableHeight, executedHeight } = status;
    const { certified } = this.#chain;
    if (epoch !== ours || certified === null) return;
    if (certified.height <= stableHeight || certified.height > executedHeight) return;
    mark('R8');
    this.#send(peer, { kind: 'certificate', certificate: certified });
  }

  /** Final blocks from a height on, as many as fit, up to one that has a certificate. */
  blocks(peer: PeerId, from: Height, count: number): void {
    const { epochLength } = this.#chain.state.genesis.consensus;
    const epochEnd = Math.ceil(from / epochLength) * epochLength;
    const to = Math.min(from + Math.min(count, SYNC_BLOCKS_MAX) - 1, this.#chain.finalHeight, epochEnd);
    const heights: Height[] = [];
    for (let height = from; height >= 1 && height <= to; height = (height + 1) as Height) heights.push(height);
    const keys = heights.flatMap((height) => [KEYS.block(height), KEYS.certificate(height)]);
    this.#store.read(keys, (values) => {
      const found = heights.flatMap((_, i) => {
        const record = decode(blockRecordCodec, values[2 * i]);
        return record === undefined
          ? []
          : [{ header: record.header, certificate: decode(certificateCodec, values[2 * i + 1]) ?? null }];
      });
      this.#readBodies(found, { blocks: [], bytes: 0 }, (blocks) => {
        while (blocks.length > 0 && blocks.at(-1)?.certificate === null) blocks.pop();
        this.#send(peer, { kind: 'blocks', blocks });
      });
    });
  }

  /** Reads bodies, a few at a time, until the answer is full: most of what a peer asks for does not fit. */
  #readBodies(
    found: readonly Omit<SyncBlock, 'fullBody'>[],
    { blocks, bytes }: { readonly blocks: SyncBlock[]; readonly bytes: number },
    done: (blocks: SyncBlock[]) => void,
  ): void {
    const next = found.slice(blocks.length, blocks.length + SYNC_READ_AHEAD);
    if (next.length === 0) return done(blocks);
    const keys = next.map(({ header }) => KEYS.body(header.height, header.bodyHash));
    this.#store.read(keys, (values) => {
      let size = bytes;
      for (const [i, block] of next.entries()) {
        const encoded = values[i];
        const fullBody = decode(fullBodyCodec, encoded);
        if (fullBody === undefined || encoded === undefined) return done(blocks);
        size += encoded.length + 1024;
        // Past the limit it goes on only to the first block that has a certificate: without one the answer is no use.
        const useful = blocks.some(({ certificate }) => certificate !== null);
        if (blocks.length > 0 && size > (useful ? SYNC_BYTES_MAX : SYNC_BYTES_MAX + FULL_BODY_BYTES_MAX))
          return done(blocks);
        blocks.push({ ...block, fullBody });
      }
      this.#readBodies(found, { blocks, bytes: size }, done);
    });
  }
}

function decode<T>(
  of: { decode(bytes: Uint8Array): { readonly ok: true; readonly value: T } | { readonly ok: false } },
  bytes: Uint8Array | undefined,
): T | undefined {
  if (bytes === undefined) return undefined;
  const decoded = of.decode(bytes);
  return decoded.ok ? decoded.value : undefined;
}

/** Answers to what peers FETCH: transactions, bodies, ranges of final blocks. Who asks pays for reading and sending them. */
import type { Epoch, Hash, Height } from '../../base/brand.ts';
import type { Status } from '../../consensus/messages.ts';
import { passesOn } from '../../consensus/status.ts';
import {
  fullBodyCodec,
  type Header,
  HeaderType,
  hasAllTransactions,
  headerCodec,
  NO_BODY,
} from '../../ledger/block.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { certificateCodec } from '../../ledger/vote.ts';
import { Answers, EncodedAnswers } from './answers.ts';
import type { BodyPool } from '../bodies/body-pool.ts';
import type { Chain } from '../durability/chain.ts';
import type { Given } from '../fairness/given.ts';
import { bundles } from '../transactions/intake.ts';
import { ENCODED_BYTES_MAX, FETCHED_BYTES_MAX, SYNC_BLOCKS_MAX, SYNC_BYTES_MAX, SYNC_READ_AHEAD } from '../limits.ts';
import type { Mempool } from '../transactions/mempool.ts';
import type { PeerId, Store } from '../ports.ts';
import { KEYS } from '../stored/records.ts';
import {
  type AnswerKind,
  type EncodedBlock,
  encodeBlocksAnswer,
  encodeBodyAnswer,
  encodedBlockSize,
  type PeerMessage,
} from '../wire/wire.ts';

const NO_BODY_BYTES = fullBodyCodec.encode(NO_BODY);

interface Outlet {
  /** Calls `kept` if the pace at which we send does not let it leave. */
  readonly message: (to: PeerId, message: PeerMessage, kept?: () => void) => void;
  readonly encoded: (to: PeerId, kind: AnswerKind, bytes: Uint8Array) => void;
  /** Keeps for later what is done for who asks now. */
  readonly later: () => (run: () => void) => void;
  /** Told of what leaves: who gets the same again pays for the way. */
  readonly given: Pick<Given, 'transactions' | 'kept' | 'body' | 'blocks'>;
}

/** A block of which the body is not read yet. */
type FoundBlock = Omit<EncodedBlock, 'fullBody'> & { readonly key: string };

export class Server {
  readonly #store: Pick<Store, 'read'>;
  readonly #chain: Chain;
  readonly #mempool: Mempool;
  readonly #pool: BodyPool;
  readonly #send: Outlet;
  readonly #large = new Answers();
  readonly #encoded = new EncodedAnswers(ENCODED_BYTES_MAX);

  constructor(store: Pick<Store, 'read'>, chain: Chain, mempool: Mempool, pool: BodyPool, send: Outlet) {
    this.#store = store;
    this.#chain = chain;
    this.#mempool = mempool;
    this.#pool = pool;
    this.#send = send;
  }

  transactions(peer: PeerId, ids: readonly Hash[]): void {
    const found: IdentifiedTransaction[] = [];
    let bytesLeft = FETCHED_BYTES_MAX;
    for (const id of ids) {
      const item = this.#mempool.get(id)?.item ?? this.#pool.carried.get(id);
      if (item === undefined) continue;
      bytesLeft -= item.bytes.length;
      if (bytesLeft < 0) break;
      found.push(item);
    }
    const { given } = this.#send;
    const first = given.transactions(peer, found);
    let sent = 0;
    for (const transactions of bundles(found.map(({ bytes }) => bytes))) {
      const firstOfThese = found.slice(sent, sent + transactions.length).filter(({ id }) => first.has(id));
      sent += transactions.length;
      this.#send.message(peer, { kind: 'transactions', transactions }, () => given.kept(peer, firstOfThese));
    }
  }

  /** Only what the store has was judged valid, here or by a quorum: anything else could be beyond what the peer may accept, and
   *  would be held against us. Where transactions are left out the peer has to ask for the block. */
  body(peer: PeerId, height: Height, hash: Hash): void {
    const key = KEYS.body(height, hash);
    const send = (answer: Uint8Array): void => {
      const { genesis } = this.#chain.state;
      const isOld = height <= this.#chain.finalHeight - genesis.consensus.window;
      this.#send.given.body(peer, hash, isOld, answer.length);
      this.#send.encoded(peer, 'body', answer);
    };
    this.#give((done) => {
      const known = this.#encoded.get(key);
      if (known !== undefined) {
        send(known);
        return done();
      }
      this.#store.read([key], ([bytes]) => {
        if (bytes !== undefined && hasAllTransactions(bytes)) {
          const answer = encodeBodyAnswer(height, bytes);
          this.#encoded.keep(key, answer);
          send(answer);
        }
        done();
      });
    });
  }

  /** Makes an answer when its turn comes. */
  #give(work: (done: () => void) => void): void {
    const resume = this.#send.later();
    this.#large.give((done) => resume(() => work(done)));
  }

  /** Passes a certificate on to whom the core does not know as one of its replicas: who executed an epoch that we left,
   *  and stays in it, may lack the certificate that ends it; and an observer, that of a block. */
  passCertificate(peer: PeerId, status: Status, ours: { readonly epoch: Epoch; readonly isReplica: boolean }): void {
    const { certified, state } = this.#chain;
    if (status.epoch < ours.epoch) {
      const left = state.epochs.of(status.epoch);
      if (left === undefined || !passesOn(left.lastHeight, status)) return;
      this.#store.read([KEYS.certificate(left.lastHeight)], ([bytes]) => {
        const certificate = decode(certificateCodec, bytes);
        if (certificate !== undefined) this.#send.message(peer, { kind: 'certificate', certificate });
      });
    } else if (status.epoch === ours.epoch && !ours.isReplica && certified !== null) {
      if (passesOn(certified.height, status)) this.#send.message(peer, { kind: 'certificate', certificate: certified });
    }
  }

  /** Final blocks from a height on, as many as fit, up to one that has a certificate. */
  blocks(peer: PeerId, from: Height, count: number): void {
    const epochEnd = this.#chain.state.epochs.at(from)?.lastHeight ?? 0;
    // Beyond what was asked for headers may have to lead to a certificate.
    const to = count < 1 ? 0 : Math.min(from + SYNC_BLOCKS_MAX - 1, this.#chain.finalHeight, epochEnd);
    const heights: Height[] = [];
    for (let height = from; height >= 1 && height <= to; height = (height + 1) as Height) heights.push(height);
    this.#give((done) =>
      this.#readBlocks(heights, count, (blocks) => {
        const answer = encodeBlocksAnswer(blocks);
        // Those of which it gets the header alone it has yet to ask for.
        const whole = blocks.filter(({ fullBody }) => fullBody !== NO_BODY_BYTES).length;
        if (whole > 0) this.#send.given.blocks(peer, from, (from + whole - 1) as Height, answer.length);
        this.#send.encoded(peer, 'blocks', answer);
        done();
      }),
    );
  }

  /** Of so many of these heights at most the whole blocks. */
  #readBlocks(heights: readonly Height[], count: number, done: (blocks: readonly EncodedBlock[]) => void): void {
    this.#readHeaders(heights.slice(0, count), (whole) => {
      const give = (found: readonly FoundBlock[]): void =>
        this.#readBodies(whole, { blocks: [], bytes: 0 }, (blocks) => done(provable(blocks, found)));
      // Records of full blocks are large: those beyond what was asked for are read only where the proof lies there.
      if (whole.length < count || whole.some(({ certificate }) => certificate !== null)) return give(whole);
      this.#readHeaders(heights.slice(count), (beyond) => give([...whole, ...beyond]));
    });
  }

  /** Up to the first that is not here. */
  #readHeaders(heights: readonly Height[], done: (found: readonly FoundBlock[]) => void): void {
    if (heights.length === 0) return done([]);
    const keys = heights.flatMap((height) => [KEYS.block(height), KEYS.certificate(height)]);
    this.#store.read(keys, (values) => {
      const found: FoundBlock[] = [];
      for (let i = 0; i < heights.length; i++) {
        // The record begins with the header.
        const encoded = values[2 * i]?.subarray(0, HeaderType.maxSize);
        const header: Header | undefined = decode(headerCodec, encoded);
        if (header === undefined || encoded === undefined) break;
        const key = KEYS.body(header.height, header.bodyHash);
        found.push({ key, header: encoded, certificate: values[2 * i + 1] ?? null });
      }
      done(found);
    });
  }

  /** Reads bodies, a few at a time, until the answer is full: most of what a peer asks for does not fit. */
  #readBodies(
    found: readonly FoundBlock[],
    { blocks, bytes }: { readonly blocks: EncodedBlock[]; readonly bytes: number },
    done: (blocks: readonly EncodedBlock[]) => void,
  ): void {
    const next = found.slice(blocks.length, blocks.length + SYNC_READ_AHEAD);
    if (next.length === 0) return done(blocks);
    this.#store.read(
      next.map(({ key }) => key),
      (values) => {
        let size = bytes;
        for (const [i, { header, certificate }] of next.entries()) {
          const fullBody = values[i];
          if (fullBody === undefined) return done(blocks);
          const block = { header, fullBody, certificate };
          size += encodedBlockSize(block);
          // One always fits, or whoever lacks it would never get past it.
          if (blocks.length > 0 && size > SYNC_BYTES_MAX) return done(blocks);
          blocks.push(block);
        }
        this.#readBodies(found, { blocks, bytes: size }, done);
      },
    );
  }
}

/** As many of these as end with a certificate. Where none of them has one, all of them, and what follows up to the first
 *  certificate as headers alone: blocks without one can be as many and as large as a window allows, and no answer is. */
function provable(blocks: readonly EncodedBlock[], found: readonly FoundBlock[]): readonly EncodedBlock[] {
  const last = blocks.findLastIndex(({ certificate }) => certificate !== null);
  if (last >= 0) return blocks.slice(0, last + 1);
  const rest = found.slice(blocks.length);
  const proof = rest.findIndex(({ certificate }) => certificate !== null);
  if (blocks.length === 0 || proof < 0) return [];
  const headers = rest.slice(0, proof + 1).map(({ header, certificate }) => ({ header, certificate }));
  return [...blocks, ...headers.map((block) => ({ ...block, fullBody: NO_BODY_BYTES }))];
}

function decode<T>(
  of: { decode(bytes: Uint8Array): { readonly ok: true; readonly value: T } | { readonly ok: false } },
  bytes: Uint8Array | undefined,
): T | undefined {
  if (bytes === undefined) return undefined;
  const decoded = of.decode(bytes);
  return decoded.ok ? decoded.value : undefined;
}

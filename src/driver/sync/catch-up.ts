/**
 * Catching up: a node that is behind asks its peers for ranges of blocks, one range at a time, and believes none of them.
 * Each range ends with a certificate; the blocks before it are proved by theirs or by the parent links. Where it is further
 * away than an answer is long, headers alone lead there.
 */
import type { Hash, Height } from '../../base/brand.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { fromHex } from '../../codec/hex.ts';
import { type Authority, checkCertificate } from '../../consensus/authenticate.ts';
import { merkleRoot } from '../../crypto/merkle.ts';
import { type Body, blockHash, bodyHash, type Header, NULL_BODY_HASH } from '../../ledger/block.ts';
import { type IdentifiedTransaction, identifyTransaction } from '../../ledger/transaction.ts';
import type { Certificate } from '../../ledger/vote.ts';
import { chooseNext } from '../bodies/fetching.ts';
import { FETCH_BODY_PEERS_MAX, SYNC_BLOCKS_MAX, SYNC_BYTES_MAX } from '../limits.ts';
import type { PeerId } from '../ports.ts';
import type { PeerMessage, SyncBlock } from '../wire/wire.ts';

/** Ticks after which a peer's claim is believed no more. Its answer is taken all the same, when it comes. */
const ANSWER_TICKS = 16;
/** Ticks after which the next is asked besides, unless the peer was the last to give what we asked for, much of it and fast: others
 *  may be silent. */
const NEXT_TICKS = 8;
/** Ticks until somebody is asked again when all who may have the blocks were asked: who has none answers at once. */
const AGAIN_TICKS = 4;
/** Milliseconds in which a peer gives as many blocks, or as many bytes, as an answer holds, and part of them in that part of the
 *  time, to be asked again before the others had their turn. Who is slower has no more than its turn: else a liar that gives one
 *  block just in time would keep us behind for ever. So many blocks a second, or so many bytes, no chain grows by. */
const BLOCKS_MS = 200;
const BYTES_MS = 800;
/** Questions that are open at a time, in rounds: while one waits for its answers, the next may begin. */
const ROUNDS_OPEN = ANSWER_TICKS / NEXT_TICKS;

interface Asked {
  readonly from: Height;
  /** Of an earlier question, of which the answer may still come: it is as good. */
  readonly earliest: Height;
  readonly tick: number;
  /** It had its time, and nobody waits for it any more. */
  isLate: boolean;
}

interface CatchUpContext {
  readonly tickMs: number;
  readonly send: (to: PeerId, message: PeerMessage) => void;
  readonly peers: () => readonly PeerId[];
  /** Whether one of these peers at least is honest. */
  readonly isWeakQuorum: (peers: readonly PeerId[]) => boolean;
}

export class CatchUp {
  readonly #context: CatchUpContext;
  /** Height that somebody says exists. */
  #target = 0;
  /** Height that a certificate proves. */
  #proved = 0 as Height;
  /** Whom we asked, and have no answer of yet. */
  readonly #asked = new Map<PeerId, Asked>();
  /** Asked since all who may have the blocks were. */
  readonly #tried = new Set<PeerId>();
  /** Who gave much last, and fast. */
  #giver: PeerId | null = null;
  #now = 0;
  /** When somebody was last asked; who gives need not wait to be asked for more. */
  #tick = Number.NEGATIVE_INFINITY;
  /** Who said to be that far. */
  readonly #claims = new Map<PeerId, Height>();
  /** Height of which the body is nowhere complete. */
  #overdue: Height | null = null;

  constructor(context: CatchUpContext) {
    this.#context = context;
  }

  /** Peers that say that they are ahead. */
  get claims(): number {
    return this.#claims.size;
  }

  /** How far the chain is for certain: a certificate says so, or more peers claim it than can lie. Null while nothing is
   *  missing here. */
  target(executed: Height): Height | null {
    let certain = this.#proved;
    for (const height of this.#claims.values()) {
      if (height <= certain) continue;
      const claiming = [...this.#claims].filter(([, claim]) => claim >= height).map(([peer]) => peer);
      if (this.#context.isWeakQuorum(claiming)) certain = height;
    }
    return certain > executed ? certain : null;
  }

  /** Blocks up to here exist: so says a peer (a hint), or a certificate (null). */
  behind(height: Height, peer: PeerId | null): void {
    this.#target = Math.max(this.#target, height);
    if (peer === null) this.#proved = height;
    else this.#claims.set(peer, height);
  }

  /** The next body is nowhere complete, but in a range of blocks: who executed it forgot what it skipped. Those who must have
   *  it are asked, several at a time. To be called each turn, before `pursue`. */
  overdue(height: Height, holders: Iterable<PeerId>): void {
    this.#overdue = height;
    for (const peer of holders) if ((this.#claims.get(peer) ?? 0) < height) this.behind(height, peer);
  }

  disconnected(peer: PeerId): void {
    this.#claims.delete(peer);
    this.#asked.delete(peer);
    this.#tried.delete(peer);
    if (this.#giver === peer) this.#giver = null;
  }

  /** Asks for what comes next, unless an answer is awaited. */
  pursue(executed: Height, tick: number): void {
    this.#now = tick;
    if (this.#target <= executed) {
      this.#target = 0;
      this.#asked.clear();
      return;
    }
    const from = (executed + 1) as Height;
    for (const [peer, asked] of this.#asked) {
      if (asked.isLate || tick - asked.tick < ANSWER_TICKS) continue;
      asked.isLate = true;
      this.#claims.delete(peer);
      if (this.#giver === peer) this.#giver = null;
    }
    const count = this.#room(from, tick);
    if (count <= 0) return;
    for (const peer of this.#choose(executed, count, tick)) {
      this.#tick = tick;
      this.#asked.set(peer, { from, earliest: this.#asked.get(peer)?.earliest ?? from, tick, isLate: false });
      this.#context.send(peer, { kind: 'fetch-blocks', from, count: SYNC_BLOCKS_MAX });
    }
  }

  /** How many may be asked now: one, and then one more in each round; of an overdue block, two. */
  #room(from: Height, tick: number): number {
    const round = this.#overdue === from ? FETCH_BODY_PEERS_MAX : 1;
    let [recent, open] = [0, 0];
    for (const [peer, asked] of this.#asked) {
      if (asked.isLate) continue;
      open += 1;
      if (asked.from === from && (peer === this.#giver || tick - asked.tick < NEXT_TICKS)) recent += 1;
    }
    return Math.min(round - recent, ROUNDS_OPEN * round - open);
  }

  /** Those who say that they have it, or anybody where nobody says so: by turns, but for who gives fast; and last who owes an
   *  answer, since large ones take long on thin wires. */
  #choose(executed: Height, count: number, tick: number): readonly PeerId[] {
    const peers = this.#context.peers();
    const claiming = peers.filter((peer) => (this.#claims.get(peer) ?? 0) > executed);
    const holders = claiming.length > 0 ? claiming : peers;
    const order = holders
      .filter((peer) => this.#asked.get(peer)?.isLate ?? true)
      .toSorted((a, b) => this.#rank(a) - this.#rank(b));
    if (tick - this.#tick < AGAIN_TICKS && order.every((peer) => this.#tried.has(peer))) return [];
    return chooseNext(order, this.#tried, count);
  }

  #rank(peer: PeerId): number {
    if (peer === this.#giver) return 0;
    return this.#asked.has(peer) ? 2 : 1;
  }

  /** Whether these blocks are an answer that is awaited from this peer. Any other ends its claim. */
  accept(peer: PeerId, blocks: readonly SyncBlock[]): boolean {
    const asked = this.#asked.get(peer);
    if (asked === undefined) return false;
    const first = blocks[0];
    const height = first?.header.height ?? 0;
    if (first !== undefined && height >= asked.earliest && height < asked.from && !isBare(first)) {
      // Of an earlier question, and only one: the newer one stays open.
      this.#asked.set(peer, { ...asked, earliest: asked.from });
      return true;
    }
    this.#asked.delete(peer);
    if (first !== undefined && height === asked.from && !isBare(first)) {
      this.#tick = Number.NEGATIVE_INFINITY;
      if (isFast(blocks, Math.max(1, this.#now - asked.tick) * this.#context.tickMs)) {
        this.#giver = peer;
        this.#tried.delete(peer);
      } else if (this.#giver === peer) this.#giver = null;
      return true;
    }
    this.refuted(peer);
    return false;
  }

  /** The peer's answer was a lie. A claim that nobody can show is forgotten, an honest STATUS will set it again; but not what a
   *  certificate proves. */
  refuted(peer: PeerId): void {
    this.#claims.delete(peer);
    if (this.#giver === peer) this.#giver = null;
    if (this.#claims.size === 0) this.#target = this.#proved;
  }
}

/** Whether these are much for so many milliseconds. Headers alone are no blocks. */
function isFast(blocks: readonly SyncBlock[], ms: number): boolean {
  let [whole, bytes] = [0, 0];
  for (const block of blocks) {
    if (isBare(block)) break;
    whole += 1;
    for (const { length } of block.fullBody.transactions) bytes += length;
  }
  return whole * BLOCKS_MS >= ms * SYNC_BLOCKS_MAX || bytes * BYTES_MS >= ms * SYNC_BYTES_MAX;
}

/** Whether only the header is given. The null block's body is the same, and whole. */
const isBare = ({ header, fullBody: { body, transactions } }: SyncBlock): boolean =>
  header.bodyHash !== NULL_BODY_HASH && transactions.length === 0 && bodyHash(body) === NULL_BODY_HASH;

/** Whether the blocks follow `parent` and are final, without executing them: how many of them have their bodies. Bodies are
 *  matched to headers, headers to each other, and the last to its certificate; after the first bare header nobody looks at
 *  bodies. Errors: SYNC_GAP, SYNC_BODY, SYNC_UNPROVED, and those of certificates. */
export function checkRange(
  authority: Authority,
  parent: { readonly height: Height; readonly hash: Hash },
  blocks: readonly SyncBlock[],
): Result<number> {
  const bare = blocks.findIndex(isBare);
  const whole = bare < 0 ? blocks.length : bare;
  let { height, hash } = parent;
  for (const [position, { header, fullBody, certificate }] of blocks.entries()) {
    if (header.height !== height + 1 || header.parentHash !== hash)
      return fail('SYNC_GAP', `block ${header.height} does not follow ${height}`);
    const isOther =
      header.bodyHash !== bodyHash(fullBody.body) ||
      fullBody.transactions.length !== fullBody.body.transactionIds.length;
    if (position < whole && isOther) return fail('SYNC_BODY', `another body at height ${header.height}`);
    height = header.height;
    hash = blockHash(header);
    if (certificate === null) continue;
    if (certificate.height !== height || certificate.blockHash !== hash)
      return fail('SYNC_UNPROVED', `the certificate is not that of block ${height}`);
    const checked = checkCertificate(authority, certificate);
    if (!checked.ok) return checked;
  }
  if (blocks.at(-1)?.certificate === null) return fail('SYNC_UNPROVED', 'the last block has no certificate');
  return ok(whole);
}

interface ProvedBlock {
  readonly header: Header;
  readonly body: Body;
  /** In the order of the ids; null for those that execution skipped, where the peer had forgotten them. */
  readonly transactions: readonly (IdentifiedTransaction | null)[];
  readonly certificate: Certificate | null;
}

export interface ProvedRange {
  readonly blocks: readonly ProvedBlock[];
  /** Where no certificate stands with the last of them: that to which headers lead from it. */
  readonly proof: Certificate | null;
}

/** Blocks of a peer that are proved to follow the head, ready to be executed. Errors: as `checkRange`, and SYNC_BODY. */
export function proveRange(
  authority: Authority,
  head: { readonly header: Pick<Header, 'height'>; readonly hash: Hash },
  blocks: readonly SyncBlock[],
): Result<ProvedRange> {
  const checked = checkRange(authority, { height: head.header.height, hash: head.hash }, blocks);
  if (!checked.ok) return checked;
  const proved: ProvedBlock[] = [];
  for (const { header, fullBody, certificate } of blocks.slice(0, checked.value)) {
    const { body } = fullBody;
    const transactions: (IdentifiedTransaction | null)[] = [];
    for (const [position, bytes] of fullBody.transactions.entries()) {
      if (bytes.length === 0) {
        transactions.push(null);
        continue;
      }
      const identified = identifyTransaction(bytes);
      if (!identified.ok || identified.value.id !== body.transactionIds[position])
        return fail('SYNC_BODY', `another transaction at height ${header.height}`);
      transactions.push(identified.value);
    }
    const given = transactions.filter((each) => each !== null);
    // Whoever leaves out what was executed would have us make another block than the certified one, and stop.
    if (
      given.length < transactions.length &&
      merkleRoot(given.map(({ id }) => fromHex(id))) !== header.transactionsRoot
    )
      return fail('SYNC_BODY', `an executed transaction is missing at height ${header.height}`);
    proved.push({ header, body, transactions, certificate });
  }
  return ok({ blocks: proved, proof: checked.value < blocks.length ? (blocks.at(-1)?.certificate ?? null) : null });
}

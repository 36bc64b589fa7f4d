/**
 * Catching up, as one machine: it is given claims, ticks and answers, and says what to ask of whom and which blocks come next.
 * It has no clock and sends nothing.
 *
 *   abreast ──claimed──▶ behind ──reached──▶ abreast
 *
 * While it is behind each height is wanted, asked or proved (`Ranges`), until it is executed:
 *
 *   wanted ──ask──▶ asked ──answered──▶ proved ──take──▶ executed
 *      ▲              │ late, refused, left out of the answer
 *      └──────────────┘
 *
 * Several peers are asked for different ranges at once, each for one at a time; a range is proved by itself as soon as it comes,
 * and executed in its turn. Of the next range, which all others wait for, somebody else is asked besides when it takes long:
 * so a peer that is silent, slow or lies costs no more than its range. What is asked, and what waits, is bounded in bytes.
 */
import type { Height } from '../../base/brand.ts';
import {
  FETCH_BODY_PEERS_MAX,
  SYNC_AHEAD_BLOCKS_MAX,
  SYNC_ANSWER_BYTES_MAX,
  SYNC_BLOCKS_MAX,
  SYNC_BYTES_MAX,
  SYNC_HELD_BYTES_MAX,
} from '../limits.ts';
import type { PeerId } from '../ports.ts';
import type { SyncBlock } from '../wire/wire.ts';
import { Claims } from './claims.ts';
import { Givers } from './givers.ts';
import { isBare, type ProvedRange } from './proof.ts';
import { type AskedRange, type Range, Ranges } from './ranges.ts';

/** Ticks after which somebody else is asked besides for what comes next: liars may be silent. Where answers with much in
 *  them take long, half as long again as they take, so that on slow wires nobody is asked for what is on its way. */
const NEXT_TICKS = 8;
const NEXT_PART = 1.5;
const NEXT_TICKS_MAX = 64;
/** Questions about what comes next that are open at a time, in rounds: while one waits for its answers, the next may begin. After
 *  so many rounds an answer is late: the peer's claim is doubted, and what it was asked is wanted again. Its answer is taken all
 *  the same, when it comes. */
const ROUNDS_OPEN = 2;
/** Ticks after which an answer counts as lost, as those are that found no room on their way: its peer is asked as before. In this
 *  time the longest answer comes over a wire of 3 Mbit/s. */
const LOST_TICKS = 8 * NEXT_TICKS_MAX;
/** Ranges that are asked for before the first answer tells how large blocks are: where large ones leave holes between ranges, these
 *  take the room that the holes need. */
const FIRST_QUESTIONS = 3;
/** A range is made as long as fills this part of an answer, by the size of the blocks that came before. Larger blocks do not fit
 *  then, are left out at the end of the answer, and have to be asked for again. */
const FILL = 0.9;

/** Where a node stands towards what others say exists. */
type Standing =
  /** Nobody says that a block is missing here. */
  { readonly kind: 'abreast' } | { readonly kind: 'behind'; readonly ranges: Ranges };

interface CatchUpContext {
  readonly tickMs: number;
  /** Connected peers. */
  readonly peers: () => readonly PeerId[];
  /** Whether one of these peers at least is honest. */
  readonly isWeakQuorum: (peers: readonly PeerId[]) => boolean;
}

export class CatchUp {
  readonly #context: CatchUpContext;
  readonly #claims: Claims;
  readonly #givers = new Givers();
  #standing: Standing = { kind: 'abreast' };
  /** Height of which the body is nowhere complete. */
  #overdue: Height | null = null;
  #now = 0;
  /** By peer: ticks that its last answer took that had much in it. */
  readonly #ticksOf = new Map<PeerId, number>();
  /** In so many of them honest peers answer, and slow liars among them change nothing. */
  #answerTicks = 0;
  /** Bytes of a block, by the newest that came. */
  #blockBytes = 0;

  constructor(context: CatchUpContext) {
    this.#context = context;
    this.#claims = new Claims(context.isWeakQuorum);
  }

  /** Peers that say that they are ahead. */
  get claims(): number {
    return this.#claims.size;
  }

  /** Bytes of blocks that came before their turn. */
  get heldBytes(): number {
    return this.#standing.kind === 'behind' ? this.#standing.ranges.heldBytes : 0;
  }

  /** How far the chain is for certain, or null while nothing is missing here. */
  target(executed: Height): Height | null {
    return this.#claims.certain(executed);
  }

  /** Blocks up to here exist: so says a peer (a hint), or a certificate (null). */
  behind(height: Height, peer: PeerId | null): void {
    this.#claims.add(height, peer);
  }

  /** The next body is nowhere complete, but in a range of blocks: who executed it forgot what it skipped. Those who must have
   *  it are asked, several at a time. To be called each turn, before `ask`. */
  overdue(height: Height, holders: Iterable<PeerId>): void {
    this.#overdue = height;
    for (const peer of holders) if (this.#claims.of(peer) < height) this.#claims.add(height, peer);
  }

  disconnected(peer: PeerId): void {
    this.#claims.forget(peer);
    if (this.#standing.kind === 'abreast') return;
    if (this.#standing.ranges.oldest(peer) !== undefined) this.#givers.failed(peer);
    this.#standing.ranges.disconnected(peer);
  }

  /** What is to be asked now of whom, by who executed so much and knows the validators up to `last`. */
  ask(executed: Height, last: Height, tick: number): readonly AskedRange[] {
    this.#now = tick;
    if (this.#claims.target <= executed) {
      this.#standing = { kind: 'abreast' };
      return [];
    }
    if (this.#standing.kind === 'abreast') this.#standing = { kind: 'behind', ranges: new Ranges() };
    const { ranges } = this.#standing;
    for (const question of ranges.asked) {
      if (this.#isAwaited(question) || question.isDoubted) continue;
      question.isDoubted = true;
      this.#claims.doubt(question.peer);
      this.#givers.failed(question.peer);
    }
    const next = ranges.first((executed + 1) as Height, ({ kind }) => kind === 'proved');
    if (next > Math.min(last, this.#claims.target)) return [];
    // One peer's word is enough to ask for what comes next, and not for more: a liar's would lead nowhere.
    const end = Math.min(last, this.#claims.certain(executed) ?? 0, executed + SYNC_AHEAD_BLOCKS_MAX);
    return [...this.#askNext(ranges, next, last), ...this.#askAhead(ranges, next, { end, last })];
  }

  /** For what all others wait for: one is asked, and one more in each round; of an overdue block, two. Where only those who give
   *  little are asked, one who does not is asked besides: else they would give one block after the other, and nobody the rest. */
  *#askNext(ranges: Ranges, next: Height, last: Height): Generator<AskedRange> {
    const round = this.#overdue === next ? FETCH_BODY_PEERS_MAX : 1;
    const open = ranges.asked.filter((each) => this.#isAwaited(each) && each.from <= next && next <= each.to);
    const recent = open.filter(({ tick }) => this.#now - tick < this.#nextTicks);
    const isLittle = ({ peer }: AskedRange): boolean => this.#givers.givesLittle(peer);
    const count = Math.min(round - recent.length, ROUNDS_OPEN * round - open.length);
    if (count <= 0 && !open.every(isLittle)) return;
    const holders = this.#holders(next).filter(
      (peer) => !this.#awaits(ranges, peer) && (count > 0 || !this.#givers.givesLittle(peer)),
    );
    if (holders.length === 0) return;
    const owes = (peer: PeerId): boolean => this.#owes(ranges, peer);
    for (const peer of this.#givers.choose(holders, owes, Math.max(1, count), this.#now))
      yield this.#ask(ranges, peer, next, last);
  }

  /** For what comes after it, of all who are free: as much as fits, and no further than is worth while. */
  *#askAhead(
    ranges: Ranges,
    next: Height,
    { end, last }: { readonly end: number; readonly last: Height },
  ): Generator<AskedRange> {
    for (let from = next; ; ) {
      from = ranges.first(from, (range) => this.#counts(range));
      if (from > end || !this.#hasRoom(ranges)) return;
      const peer = this.#givers.chooseAhead(this.#holders(from), {
        isFree: (each) => !this.#owes(ranges, each),
        isAwaited: (each) => this.#awaits(ranges, each),
      });
      // While nobody is asked for what comes next, its place is kept.
      if (from === next) from = (from + this.#size) as Height;
      else if (peer === undefined) return;
      else yield this.#ask(ranges, peer, from, last);
    }
  }

  #ask(ranges: Ranges, peer: PeerId, from: Height, last: Height): AskedRange {
    const to = Math.min(
      last,
      from + this.#size - 1,
      ranges.end(from, (range) => this.#counts(range)),
    ) as Height;
    const question: AskedRange = { kind: 'asked', peer, from, to, tick: this.#now, isDoubted: false };
    this.#givers.asked(peer, this.#now);
    ranges.ask(question);
    return question;
  }

  /** Those who say that they have it. Where all who said so are late, anybody, if there is such a block for certain: else one
   *  liar's word would have all others asked again and again, for ever, for a block that there is not. */
  #holders(height: Height): readonly PeerId[] {
    const peers = this.#context.peers();
    const claiming = peers.filter((peer) => this.#claims.of(peer) >= height);
    return claiming.length === 0 && this.#claims.exists(height) ? peers : claiming;
  }

  /** Whether it need not be asked for: it came, or is awaited. */
  #counts(range: Range): boolean {
    return range.kind === 'proved' || this.#isAwaited(range);
  }

  #isAwaited({ tick }: AskedRange): boolean {
    return this.#now - tick < ROUNDS_OPEN * this.#nextTicks;
  }

  #awaits(ranges: Ranges, peer: PeerId): boolean {
    return ranges.asked.some((question) => question.peer === peer && this.#isAwaited(question));
  }

  /** Whether an answer of this peer may yet come: who has more to send on a thin wire is not asked for more. */
  #owes(ranges: Ranges, peer: PeerId): boolean {
    return ranges.asked.some((question) => question.peer === peer && this.#now - question.tick < LOST_TICKS);
  }

  get #nextTicks(): number {
    return Math.min(Math.max(NEXT_TICKS, Math.ceil(NEXT_PART * this.#answerTicks)), NEXT_TICKS_MAX);
  }

  /** Blocks to ask of one peer. */
  get #size(): number {
    const fitting = Math.floor((FILL * SYNC_BYTES_MAX) / Math.max(1, this.#blockBytes));
    return Math.min(Math.max(1, fitting), SYNC_BLOCKS_MAX);
  }

  #hasRoom(ranges: Ranges): boolean {
    const awaited = ranges.asked.filter((question) => this.#isAwaited(question)).length;
    if (this.#blockBytes === 0) return awaited < FIRST_QUESTIONS;
    const answerBytes = this.#blockBytes > SYNC_BYTES_MAX ? SYNC_ANSWER_BYTES_MAX : SYNC_BYTES_MAX;
    return ranges.heldBytes + (awaited + 1) * answerBytes <= SYNC_HELD_BYTES_MAX;
  }

  /** Whether these blocks are an answer that is awaited from this peer. Any other ends its claim, unless it `wasAsked` for blocks
   *  from there on when we were behind before: slow answers come when nobody waits for them any more. */
  accept(peer: PeerId, blocks: readonly SyncBlock[], wasAsked = false): boolean {
    if (this.#standing.kind === 'abreast') return false;
    const { ranges } = this.#standing;
    const [first] = blocks;
    const isWhole = first !== undefined && !isBare(first);
    const question = isWhole ? ranges.question(peer, first.header.height) : undefined;
    if (question !== undefined) {
      const ticks = Math.max(1, this.#now - question.tick);
      ranges.close(question);
      this.#claims.trust(peer);
      // Nobody gives what there is not yet. A liar's word on that counts for nothing.
      const to = Math.min(question.to, this.#claims.certain((question.from - 1) as Height) ?? question.to);
      const isMuch = this.#givers.gave(peer, to - question.from + 1, blocks, ticks * this.#context.tickMs);
      if (isMuch) this.#answeredIn(peer, ticks);
      return true;
    }
    const useless = isWhole && wasAsked ? undefined : ranges.oldest(peer);
    if (useless === undefined) return false;
    ranges.close(useless);
    this.refuted(peer);
    return false;
  }

  #answeredIn(peer: PeerId, ticks: number): void {
    this.#ticksOf.set(peer, ticks);
    const fastest = [...this.#ticksOf].toSorted(([, a], [, b]) => a - b);
    const isHonestIn = (_: unknown, last: number): boolean =>
      this.#context.isWeakQuorum(fastest.slice(0, last + 1).map(([each]) => each));
    this.#answerTicks = (fastest.find(isHonestIn) ?? fastest[0])?.[1] ?? 0;
  }

  /** The peer's answer was a lie, or none. */
  refuted(peer: PeerId): void {
    this.#claims.forget(peer);
    this.#givers.failed(peer);
  }

  /** What was accepted is proved, and came in so many bytes. */
  proved(range: ProvedRange, bytes: number, executed: Height): void {
    const [from, to] = [range.blocks[0]?.header.height, range.blocks.at(-1)?.header.height];
    if (this.#standing.kind === 'abreast' || from === undefined || to === undefined) return;
    const each = bytes / range.blocks.length;
    this.#blockBytes = this.#blockBytes === 0 ? each : (3 * this.#blockBytes + each) / 4;
    this.#standing.ranges.hold({ ...range, kind: 'proved', from, to, bytes }, executed);
  }

  /** The blocks that are to be executed next, if they are here. */
  take(executed: Height, isReady: (block: ProvedRange['blocks'][number]) => boolean): ProvedRange | undefined {
    return this.#standing.kind === 'behind' ? this.#standing.ranges.take(executed, isReady) : undefined;
  }

  /** Whether there are any. */
  isReady(executed: Height): boolean {
    return this.#standing.kind === 'behind' && this.#standing.ranges.isReady(executed);
  }
}

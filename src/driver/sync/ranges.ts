/**
 * The ranges of heights that a node behind deals with. Each is asked of a peer, or has come and is proved, and waits for those
 * before it. A height that stands in none of them is wanted. A range that came is taken out piece by piece and executed.
 */
import type { Height } from '../../base/brand.ts';
import { EXECUTED_BYTES_PER_TURN, EXECUTED_PER_TURN, SYNC_HELD_BYTES_MAX, SYNC_QUESTIONS_MAX } from '../limits.ts';
import type { PeerId } from '../ports.ts';
import type { ProvedRange } from './proof.ts';

export interface AskedRange {
  readonly kind: 'asked';
  readonly peer: PeerId;
  readonly from: Height;
  readonly to: Height;
  /** When. */
  readonly tick: number;
  /** It was found late: the peer's claim counts no more, unless it is made again. */
  isDoubted: boolean;
}

export interface HeldRange extends ProvedRange {
  readonly kind: 'proved';
  readonly from: Height;
  readonly to: Height;
  /** Length of the message in which it came, all of it. */
  readonly bytes: number;
}

export type Range = AskedRange | HeldRange;

export class Ranges {
  #asked: readonly AskedRange[] = [];
  #held: readonly HeldRange[] = [];

  /** Bytes of what came and waits. */
  get heldBytes(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get asked(): readonly AskedRange[] {
    return this.#asked;
  }

  *[Symbol.iterator](): Generator<Range> {
    yield* this.#asked;
    yield* this.#held;
  }

  /** wanted → asked. Of each peer a few, of which the oldest was lost, if it has to make room. */
  ask(range: AskedRange): void {
    const before = this.#asked.filter(({ peer }) => peer === range.peer);
    const lost = before.length >= SYNC_QUESTIONS_MAX ? before[0] : undefined;
    this.#asked = [...this.#asked.filter((each) => each !== lost), range];
  }

  /** What this peer was asked from that height on, or undefined. */
  question(peer: PeerId, from: number): AskedRange | undefined {
    return this.#asked.find((each) => each.peer === peer && each.from === from);
  }

  /** What this peer was asked first and did not answer. */
  oldest(peer: PeerId): AskedRange | undefined {
    return this.#asked.find((each) => each.peer === peer);
  }

  /** asked → wanted: it is answered, and what came of it is held or is nothing. Peers answer in the order of the questions, so the
   *  answers to what this peer was asked before were lost. */
  close(question: AskedRange): void {
    const asked = this.#asked.indexOf(question);
    this.#asked = this.#asked.filter(({ peer }, position) => peer !== question.peer || position > asked);
  }

  /** → proved. False when there is no room for it, and it is wanted as before. What is executed next has always room. */
  hold(range: HeldRange, executed: Height): boolean {
    if (this.#held.some(({ from, to }) => from <= range.from && range.to <= to)) return false;
    const others = this.#held.filter(({ from, to }) => from < range.from || range.to < to);
    const isNext = range.from <= executed + 1;
    if (!isNext && this.heldBytes + range.bytes > SYNC_HELD_BYTES_MAX) return false;
    this.#held = [...others, range];
    return true;
  }

  /** Whether what follows this height is here. */
  isReady(executed: Height): boolean {
    return this.#held.some(({ from, to }) => from <= executed + 1 && to > executed);
  }

  /** proved → executed: what follows this height, so much of it as one turn has time for and `isReady` says yes to. */
  take(executed: Height, isReady: (block: ProvedRange['blocks'][number]) => boolean): ProvedRange | undefined {
    this.#held = this.#held.filter(({ to }) => to > executed);
    const next = this.#held.find(({ from }) => from <= executed + 1);
    if (next === undefined) return undefined;
    const blocks = next.blocks.slice(executed + 1 - next.from);
    let [count, transactions, bytes] = [0, 0, 0];
    for (const block of blocks) {
      transactions += block.transactions.length;
      for (const item of block.transactions) bytes += item?.bytes.length ?? 0;
      const isMuch = transactions > EXECUTED_PER_TURN || bytes > EXECUTED_BYTES_PER_TURN;
      if ((count > 0 && isMuch) || !isReady(block)) break;
      count += 1;
    }
    if (count === 0) return undefined;
    const [taken, rest] = [blocks.slice(0, count), blocks.slice(count)];
    // The rest counts as before until all of it is gone.
    this.#held = this.#held.flatMap((each) => (each !== next ? [each] : rest.length > 0 ? [remains(next, rest)] : []));
    if (taken.at(-1)?.certificate !== null) return { blocks: taken, proof: null };
    return { blocks: taken, proof: rest.find(({ certificate }) => certificate !== null)?.certificate ?? next.proof };
  }

  /** The first height from there on that is in none of the ranges that count. */
  first(from: Height, counts: (range: Range) => boolean): Height {
    const counted = [...this].filter(counts);
    for (let first = from; ; ) {
      const covering = counted.filter((range) => range.from <= first && first <= range.to);
      if (covering.length === 0) return first;
      first = (Math.max(...covering.map(({ to }) => to)) + 1) as Height;
    }
  }

  /** The last height before the next range that counts begins. */
  end(from: Height, counts: (range: Range) => boolean): Height {
    const next = [...this].filter((range) => range.from > from && counts(range)).map((range) => range.from - 1);
    return Math.min(Number.MAX_SAFE_INTEGER, ...next) as Height;
  }

  disconnected(peer: PeerId): void {
    this.#asked = this.#asked.filter((each) => each.peer !== peer);
  }
}

const remains = (range: HeldRange, rest: HeldRange['blocks']): HeldRange => ({
  ...range,
  from: (range.to - rest.length + 1) as Height,
  blocks: rest,
});

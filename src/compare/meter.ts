/**
 * What is measured of a run, the same for every protocol. A runner tells of messages, of work, and of what honest nodes show
 * as final; the meter compares. It knows nothing of how a protocol comes to say so.
 */
import type { Hash } from '../base/brand.ts';

/** Two honest nodes hold different things final. */
export interface Disagreement {
  readonly atMs: number;
  readonly position: number;
  readonly nodes: readonly [number, number];
}

/** How long it took, by transaction: from submission until the first honest node shows it as final, even where it is taken back. */
export interface Finality {
  /** Null where nothing became final. */
  readonly finalityMs: { readonly p50: number | null; readonly p99: number | null };
  /** Of twenty equal parts of all that became final: the shortest first. */
  readonly finalityQuantilesMs: readonly number[];
}

/** Not counting what liars show. Milliseconds are virtual. */
export interface Measured extends Finality {
  /** Of each transaction that became final, the shortest first. */
  readonly finalityTimesMs: readonly number[];
  readonly submitted: number;
  /** Final at some honest node at the end. */
  readonly committed: number;
  /** Committed a second, from the first submission to the last that became final: of what was offered, and not what it could take. */
  readonly throughput: number;
  /** Between nodes, those of liars too; not where no connection stands. What clients tell the node beside them is none. */
  readonly messages: number;
  readonly bytes: number;
  /** Made or checked by nodes. Of a liar of Raft nobody sees what it checks. */
  readonly signatures: number;
  /** SHA-256 by nodes, those in ed25519 not among them; for proof of work, those of mining above all. */
  readonly hashes: number;
  readonly messagesPerTransaction: number | null;
  readonly bytesPerTransaction: number | null;
  readonly signaturesPerTransaction: number | null;
  readonly hashesPerTransaction: number | null;
  /** Positions where honest nodes saw two blocks or more: of a tree, or final. */
  readonly forks: number;
  /** Blocks that a node undid at once, the most. */
  readonly deepestReorganisation: number;
  /** Whether two honest nodes ever held different things final. */
  readonly disagreed: boolean;
  readonly disagreement: Disagreement | null;
  /** Transactions that an honest node showed as final, and took back. */
  readonly reversedAfterFinal: number;
  /** The longest time in which transactions waited, and none became final at any honest node that was not so at another. */
  readonly unavailableMs: number;
  /** The same of each honest node by itself. */
  readonly unavailableMsOf: readonly { readonly node: number; readonly ms: number }[];
  /** By honest node, how many transactions it held final at the end of each such time. */
  readonly timeline: {
    readonly everyMs: number;
    readonly final: readonly { readonly node: number; readonly counts: readonly number[] }[];
  };
}

const QUANTILES = 20;
/** Points of a timeline. */
const SAMPLES = 120;

/** Of one node, and of all together. */
class Pauses {
  #sinceMs: number;
  longestMs = 0;

  constructor(startMs: number) {
    this.#sinceMs = startMs;
  }

  /** Something became final, or nothing waits. */
  progress(atMs: number): void {
    this.longestMs = Math.max(this.longestMs, atMs - this.#sinceMs);
    this.#sinceMs = atMs;
  }

  /** Nothing waited until now. */
  idle(atMs: number): void {
    this.#sinceMs = atMs;
  }
}

export class Meter {
  readonly #honest: readonly number[];
  readonly #submittedMs = new Map<Hash, number>();
  readonly #finalMs = new Map<Hash, number>();
  /** By node, the transactions that it holds final now. */
  readonly #finalAt: ReadonlyMap<number, Set<Hash>>;
  /** By transaction that is final now, how many nodes hold it so. */
  readonly #holders = new Map<Hash, number>();
  /** By position, what was ever held final there, and by whom. */
  readonly #held = new Map<number, Map<string, Set<number>>>();
  /** By position, what was ever seen there. */
  readonly #seen = new Map<number, Set<string>>();
  readonly #reversed = new Set<Hash>();
  readonly #pauses = new Map<number, Pauses>();
  readonly #pause = new Pauses(0);
  /** By node, how many it held final since when. */
  readonly #steps = new Map<number, { readonly atMs: number; readonly count: number }[]>();
  #disagreement: Disagreement | null = null;
  #messages = 0;
  #bytes = 0;
  #signatures = 0;
  #hashes = 0;
  #deepest = 0;

  constructor(honest: readonly number[]) {
    this.#honest = honest;
    this.#finalAt = new Map(honest.map((node) => [node, new Set<Hash>()]));
    for (const node of honest) this.#pauses.set(node, new Pauses(0));
  }

  submitted(id: Hash, atMs: number): void {
    for (const node of this.#honest) this.#idle(node, atMs);
    this.#submittedMs.set(id, atMs);
  }

  /** Something will wait from now on: nothing did, perhaps, until now. */
  #idle(node: number, atMs: number): void {
    if (this.#holders.size === this.#submittedMs.size) this.#pause.idle(atMs);
    if (this.#finalAt.get(node)?.size === this.#submittedMs.size) this.#pauses.get(node)?.idle(atMs);
  }

  /** The node shows this as final at a position of its chain or log, with these transactions. */
  final(node: number, position: number, value: string, transactions: readonly Hash[], atMs: number): void {
    const mine = this.#finalAt.get(node);
    if (mine === undefined) return;
    this.saw(node, position, value);
    this.#hold(node, position, value, atMs);
    const before = { of: mine.size, together: this.#holders.size };
    for (const id of transactions) {
      if (!this.#submittedMs.has(id)) continue;
      if (!mine.has(id)) this.#holders.set(id, (this.#holders.get(id) ?? 0) + 1);
      mine.add(id);
      if (!this.#finalMs.has(id)) this.#finalMs.set(id, atMs);
    }
    // What others had before was not waited for.
    if (this.#holders.size > before.together) this.#pause.progress(atMs);
    if (mine.size === before.of) return;
    this.#pauses.get(node)?.progress(atMs);
    this.#step(node, atMs);
  }

  /** What one showed and took back counts too: who trusted it did so for good. */
  #hold(node: number, position: number, value: string, atMs: number): void {
    const held = this.#held.get(position) ?? new Map<string, Set<number>>();
    this.#held.set(position, held);
    held.set(value, (held.get(value) ?? new Set()).add(node));
    if (held.size === 1 || this.#disagreement !== null) return;
    for (const [other, nodes] of held) {
      const [another] = [...nodes].filter((each) => each !== node);
      if (other !== value && another !== undefined) this.#disagreement ??= { atMs, position, nodes: [another, node] };
    }
  }

  /** The node shows these as final no more. */
  reversed(node: number, transactions: readonly Hash[], atMs: number): void {
    const mine = this.#finalAt.get(node);
    if (mine === undefined) return;
    this.#idle(node, atMs);
    for (const id of transactions) {
      if (!mine.delete(id)) continue;
      this.#reversed.add(id);
      const others = (this.#holders.get(id) ?? 1) - 1;
      if (others > 0) this.#holders.set(id, others);
      else this.#holders.delete(id);
    }
    this.#step(node, atMs);
  }

  /** A block or entry came to a node, final or not. */
  saw(node: number, position: number, value: string): void {
    if (this.#finalAt.has(node)) this.#seen.set(position, (this.#seen.get(position) ?? new Set()).add(value));
  }

  #step(node: number, atMs: number): void {
    const steps = this.#steps.get(node) ?? [];
    this.#steps.set(node, steps);
    steps.push({ atMs, count: this.#finalAt.get(node)?.size ?? 0 });
  }

  #timeline(endMs: number): Measured['timeline'] {
    const everyMs = endMs / SAMPLES;
    const final = this.#honest.map((node) => {
      const steps = this.#steps.get(node) ?? [];
      let at = 0;
      const counts = Array.from({ length: SAMPLES }, (_, sample) => {
        while ((steps[at]?.atMs ?? Number.POSITIVE_INFINITY) <= (sample + 1) * everyMs) at += 1;
        return steps[at - 1]?.count ?? 0;
      });
      return { node, counts };
    });
    return { everyMs, final };
  }

  isFinal(id: Hash): boolean {
    return this.#finalMs.has(id);
  }

  message(bytes: number): void {
    this.#messages += 1;
    this.#bytes += bytes;
  }

  /** Made or checked. */
  signatures(count: number): void {
    this.#signatures += count;
  }

  hashes(count: number): void {
    this.#hashes += count;
  }

  /** A node undid so many blocks at once. */
  reorganised(node: number, depth: number): void {
    if (this.#finalAt.has(node)) this.#deepest = Math.max(this.#deepest, depth);
  }

  result(endMs: number): Measured {
    const waits = [...this.#finalMs].map(([id, atMs]) => atMs - (this.#submittedMs.get(id) ?? atMs));
    const finalityTimesMs = waits.sort((a, b) => a - b);
    const committed = this.#holders.size;
    if (committed < this.#submittedMs.size) this.#pause.progress(endMs);
    for (const [node, pauses] of this.#pauses)
      if ((this.#finalAt.get(node)?.size ?? 0) < this.#submittedMs.size) pauses.progress(endMs);
    const firstMs = Math.min(...this.#submittedMs.values());
    const work = { messages: this.#messages, bytes: this.#bytes, signatures: this.#signatures, hashes: this.#hashes };
    const tookMs = Math.max(...this.#finalMs.values()) - firstMs;
    return {
      finalityTimesMs,
      ...finalityOf(finalityTimesMs),
      submitted: this.#submittedMs.size,
      committed,
      throughput: committed === 0 || tookMs === 0 ? 0 : committed / (tookMs / 1000),
      ...work,
      ...perTransaction(work, committed),
      forks: [...this.#seen.values()].filter(({ size }) => size > 1).length,
      deepestReorganisation: this.#deepest,
      disagreed: this.#disagreement !== null,
      disagreement: this.#disagreement,
      reversedAfterFinal: this.#reversed.size,
      unavailableMs: this.#pause.longestMs,
      unavailableMsOf: this.#honest.map((node) => ({ node, ms: this.#pauses.get(node)?.longestMs ?? 0 })),
      timeline: this.#timeline(endMs),
    };
  }
}

type Work = Pick<Measured, 'messages' | 'bytes' | 'signatures' | 'hashes'>;

/** What was done for each of those that are committed; null for none. */
export function perTransaction(
  { messages, bytes, signatures, hashes }: Work,
  committed: number,
): Pick<
  Measured,
  'messagesPerTransaction' | 'bytesPerTransaction' | 'signaturesPerTransaction' | 'hashesPerTransaction'
> {
  const each = (amount: number): number | null => (committed === 0 ? null : amount / committed);
  return {
    messagesPerTransaction: each(messages),
    bytesPerTransaction: each(bytes),
    signaturesPerTransaction: each(signatures),
    hashesPerTransaction: each(hashes),
  };
}

/** Of times that are sorted. */
export const finalityOf = (timesMs: readonly number[]): Finality => ({
  finalityMs: { p50: quantile(timesMs, 0.5), p99: quantile(timesMs, 0.99) },
  finalityQuantilesMs:
    timesMs.length === 0
      ? []
      : Array.from({ length: QUANTILES + 1 }, (_, part) => quantile(timesMs, part / QUANTILES) ?? 0),
});

/** 0.55 · 100 is a little more than 55. */
const ROUNDING = 1e-9;

/** Of sorted numbers, the smallest that so large a part of them does not exceed. */
export const quantile = (sorted: readonly number[], part: number): number | null =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length - ROUNDING) - 1))] ?? null;

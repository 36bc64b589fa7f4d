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

/** Not counting what liars show. Milliseconds are virtual. */
export interface Measured {
  /** From submission until the first honest node shows it as final; null where nothing became so. */
  readonly finalityMs: { readonly p50: number | null; readonly p99: number | null };
  /** The same, of twenty equal parts of all that became final: the shortest first. */
  readonly finalityQuantilesMs: readonly number[];
  readonly submitted: number;
  /** Final at some honest node at the end. */
  readonly committed: number;
  /** Committed a second, from the first submission to the last that became final. */
  readonly throughput: number;
  readonly messages: number;
  readonly bytes: number;
  readonly messagesPerTransaction: number | null;
  readonly bytesPerTransaction: number | null;
  readonly signaturesPerTransaction: number | null;
  /** SHA-256 of any kind; for proof of work, those of mining above all. */
  readonly hashesPerTransaction: number | null;
  /** Two blocks or more on one parent, leaders in one view or term at odds, and such. */
  readonly forks: number;
  /** Blocks that a node undid at once, the most. */
  readonly deepestReorganisation: number;
  /** Whether two honest nodes ever held different things final. */
  readonly disagreed: boolean;
  readonly disagreement: Disagreement | null;
  /** Transactions that an honest node showed as final, and took back. */
  readonly reversedAfterFinal: number;
  /** The longest time in which something waited, and no honest node made anything final. */
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
  /** By node, what it holds final: transactions, and what stands at each position. */
  readonly #finalAt: ReadonlyMap<number, Set<Hash>>;
  /** By position, what was ever held final there, and by whom first. */
  readonly #held = new Map<number, { readonly value: string; readonly node: number }>();
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
  #forks = 0;
  #deepest = 0;

  constructor(honest: readonly number[]) {
    this.#honest = honest;
    this.#finalAt = new Map(honest.map((node) => [node, new Set<Hash>()]));
    for (const node of honest) this.#pauses.set(node, new Pauses(0));
  }

  submitted(id: Hash, atMs: number): void {
    if (this.#finalMs.size === this.#submittedMs.size) this.#pause.idle(atMs);
    for (const [node, pauses] of this.#pauses)
      if (this.#finalAt.get(node)?.size === this.#submittedMs.size) pauses.idle(atMs);
    this.#submittedMs.set(id, atMs);
  }

  /** The node shows this as final at a position of its chain or log, with these transactions. */
  final(node: number, position: number, value: string, transactions: readonly Hash[], atMs: number): void {
    const mine = this.#finalAt.get(node);
    if (mine === undefined) return;
    const held = this.#held.get(position);
    if (held === undefined) this.#held.set(position, { value, node });
    else if (held.value !== value && held.node !== node)
      this.#disagreement ??= { atMs, position, nodes: [held.node, node] };
    for (const id of transactions) {
      if (!this.#submittedMs.has(id)) continue;
      mine.add(id);
      if (!this.#finalMs.has(id)) this.#finalMs.set(id, atMs);
    }
    if (transactions.length === 0) return;
    this.#pause.progress(atMs);
    this.#pauses.get(node)?.progress(atMs);
    this.#step(node, atMs);
  }

  /** It shows this as final no more. */
  reversed(node: number, transactions: readonly Hash[], atMs: number): void {
    const mine = this.#finalAt.get(node);
    for (const id of transactions) if (mine?.delete(id) === true) this.#reversed.add(id);
    this.#step(node, atMs);
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

  fork(): void {
    this.#forks += 1;
  }

  reorganised(depth: number): void {
    this.#deepest = Math.max(this.#deepest, depth);
  }

  /** By transaction, milliseconds from submission to the first honest node that showed it as final. */
  finality(): readonly number[] {
    return [...this.#finalMs].map(([id, atMs]) => atMs - (this.#submittedMs.get(id) ?? atMs)).sort((a, b) => a - b);
  }

  result(endMs: number): Measured {
    const times = this.finality();
    const kept = new Set([...this.#finalAt.values()].flatMap((ids) => [...ids]));
    const committed = kept.size;
    if (committed < this.#submittedMs.size) this.#pause.progress(endMs);
    for (const [node, pauses] of this.#pauses)
      if ((this.#finalAt.get(node)?.size ?? 0) < this.#submittedMs.size) pauses.progress(endMs);
    const each = (amount: number): number | null => (committed === 0 ? null : amount / committed);
    const firstMs = Math.min(...this.#submittedMs.values());
    const lastMs = Math.max(...this.#finalMs.values());
    return {
      finalityMs: { p50: quantile(times, 0.5), p99: quantile(times, 0.99) },
      finalityQuantilesMs:
        times.length === 0
          ? []
          : Array.from({ length: QUANTILES + 1 }, (_, part) => quantile(times, part / QUANTILES) ?? 0),
      submitted: this.#submittedMs.size,
      committed,
      throughput: committed === 0 ? 0 : committed / ((lastMs - firstMs) / 1000),
      messages: this.#messages,
      bytes: this.#bytes,
      messagesPerTransaction: each(this.#messages),
      bytesPerTransaction: each(this.#bytes),
      signaturesPerTransaction: each(this.#signatures),
      hashesPerTransaction: each(this.#hashes),
      forks: this.#forks,
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

/** Of sorted numbers, the smallest that so large a part of them does not exceed. */
export const quantile = (sorted: readonly number[], part: number): number | null =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))] ?? null;

/**
 * Since when this node has seen the network at work without a break. What happened before that is no reason to blame
 * the primary. In an outage, above all, a primary may have made a proposal that is old by now, and what waited could
 * not be ordered.
 */
import type { Genesis } from '../../ledger/genesis.ts';

export class Attention {
  readonly #baseTimeoutMs: number;
  readonly #idleBlockMs: number;
  readonly #clockDriftMs: number;
  /** When the newest block became final here. */
  #finalMs: number;
  /** Since when blocks become final as they do while somebody waits for one. */
  #orderingMs: number;
  /** Since when nothing is missing that a living network shows: a quorum that is connected, and an idle block in time. */
  #unbrokenMs: number;

  constructor({ consensus }: Genesis, nowMs: number) {
    this.#baseTimeoutMs = consensus.baseTimeoutTicks * consensus.tickMs;
    this.#idleBlockMs = consensus.idleBlockMs;
    this.#clockDriftMs = consensus.clockDriftMs;
    this.#finalMs = nowMs;
    this.#orderingMs = nowMs;
    this.#unbrokenMs = nowMs;
  }

  /** Since when a primary could have ordered what waits. */
  get orderingSinceMs(): number {
    return this.#orderingMs;
  }

  /** A quorum is connected, and was not before. */
  quorumReturned(nowMs: number): void {
    this.#orderingMs = nowMs;
    this.#unbrokenMs = nowMs;
  }

  /** A block became final. */
  blockFinal(nowMs: number): void {
    const gapMs = nowMs - this.#finalMs;
    if (gapMs > this.#baseTimeoutMs) this.#orderingMs = nowMs;
    if (gapMs > this.#longestGapMs) this.#unbrokenMs = nowMs;
    this.#finalMs = nowMs;
  }

  /**
   * The oldest time that a body may have which is proposed for the first time. An older one was not made now. A node
   * that was away, or saw nothing happen, cannot know when the body was made. For it the time of the chain's head
   * counts, if that is earlier: no honest primary's clock is far below that.
   */
  oldestMs(nowMs: number, headMs: number): number {
    const isAttentive =
      nowMs - this.#unbrokenMs > 2 * this.#baseTimeoutMs && nowMs - this.#finalMs <= this.#longestGapMs;
    return (isAttentive ? nowMs : Math.min(nowMs, headMs)) - this.#clockDriftMs;
  }

  get #longestGapMs(): number {
    return this.#idleBlockMs + this.#baseTimeoutMs;
  }
}

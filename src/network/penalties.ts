/** Who is kept away, and for how long. Pure: the caller brings the time, in milliseconds of a clock that never goes back. */
import { ForgetfulMap } from '../base/bounded.ts';
import type { PeerId } from '../driver/ports.ts';
import { AWAY_MS_MAX, AWAY_MS_MIN, FORGIVE_MS, OFFENDERS_MAX } from './limits.ts';

interface Offender {
  readonly offences: number;
  readonly lastMs: number;
  readonly awayUntilMs: number;
}

export class Penalties {
  readonly #offenders = new ForgetfulMap<PeerId, Offender>(OFFENDERS_MAX);

  /** Notes one more offence. Returns for how long the peer is away, in milliseconds: doubled for each offence that is not
   *  yet forgiven, bounded, so that a repaired node always comes back. */
  punish(peer: PeerId, nowMs: number): number {
    const known = this.#offenders.get(peer);
    const forgiven = known === undefined ? 0 : Math.floor((nowMs - known.lastMs) / FORGIVE_MS);
    const offences = Math.max(0, (known?.offences ?? 0) - forgiven) + 1;
    const awayMs = Math.min(AWAY_MS_MAX, AWAY_MS_MIN * 2 ** (offences - 1));
    this.#offenders.set(peer, { offences, lastMs: nowMs, awayUntilMs: nowMs + awayMs });
    return awayMs;
  }

  /** Milliseconds for which the peer is still away; 0 when it may come. */
  awayMs(peer: PeerId, nowMs: number): number {
    return Math.max(0, (this.#offenders.get(peer)?.awayUntilMs ?? 0) - nowMs);
  }
}

/**
 * Whom to ask for what a body lacks: first who must have it, which is who gave us the body and who proposed it; then who voted
 * for it, as a PREPARE is cast for a complete body only; then everybody. One at first, several at once when that did not help.
 */
import type { Hash, Height } from '../../base/brand.ts';
import { BUNDLE_TRANSACTIONS_MAX, FETCH_AT_ONCE_MAX, FETCH_BODY_PEERS_MAX, FETCH_PEERS_MAX } from '../limits.ts';
import type { PeerId } from '../ports.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { Roster } from '../peers/roster.ts';
import type { PeerMessage } from '../wire/wire.ts';

/** Ticks between two rounds of questions for the same thing; half of it after the first, which went to one peer alone. */
const ASK_TICKS = 4;
/** Ticks until the first round, where much is missing: it is usually on its way. */
const LATE_TICKS = 2;
/** Rounds of transactions before the first of bodies. Peers that executed the body have its transactions only with it. */
const ROUNDS_OF_TRANSACTIONS = 2;

export interface Want {
  readonly height: Height;
  readonly hash: Hash;
  /** Ids of the transactions that are missing and not here to be checked; null where the body itself is missing. */
  readonly ids: () => readonly Hash[] | null;
  /** Who should have it, best first. */
  readonly holders: () => Iterable<PeerId>;
}

interface FetchingContext {
  readonly roster: Pick<Roster, 'peers'>;
  readonly outbox: Pick<Outbox, 'sendTo'>;
}

interface Asking {
  round: number;
  dueTick: number;
  /** Asked since everybody was, each in its own turn: who was asked for transactions and has them no more may have the body. */
  readonly askedFor: { readonly transactions: Set<PeerId>; readonly body: Set<PeerId> };
}

export class Fetching {
  readonly #context: FetchingContext;
  readonly #asking = new Map<Hash, Asking>();

  constructor(context: FetchingContext) {
    this.#context = context;
  }

  /** How often this was asked for. */
  rounds(hash: Hash): number {
    return this.#asking.get(hash)?.round ?? 0;
  }

  /** Asks for what is due. What is wanted no longer is forgotten. */
  pursue(wants: readonly Want[], tick: number): void {
    const wanted = new Set(wants.map(({ hash }) => hash));
    for (const hash of this.#asking.keys()) if (!wanted.has(hash)) this.#asking.delete(hash);
    for (const want of wants) {
      const known = this.#asking.get(want.hash);
      if (known !== undefined && tick < known.dueTick) continue;
      const ids = want.ids();
      if (ids?.length === 0) continue;
      const asking = known ?? this.#begin(want.hash, ids, tick);
      if (tick >= asking.dueTick) this.#ask(want, ids, asking, tick);
    }
  }

  /** A few transactions are asked for at once: whoever gave them to the primary alone shall not delay each body by a tick. Many,
   *  or a body, are more likely on their way. */
  #begin(hash: Hash, ids: readonly Hash[] | null, tick: number): Asking {
    const isSmall = ids !== null && ids.length <= FETCH_AT_ONCE_MAX;
    const askedFor = { transactions: new Set<PeerId>(), body: new Set<PeerId>() };
    const asking: Asking = { round: 0, dueTick: isSmall ? tick : tick + LATE_TICKS, askedFor };
    this.#asking.set(hash, asking);
    return asking;
  }

  #ask({ height, hash, holders }: Want, ids: readonly Hash[] | null, asking: Asking, tick: number): void {
    const { round } = asking;
    const forBody = ids === null || (round >= ROUNDS_OF_TRANSACTIONS && round % 2 === 0);
    const message: PeerMessage = forBody
      ? { kind: 'fetch-body', height, hash }
      : { kind: 'fetch-transactions', ids: ids.slice(0, BUNDLE_TRANSACTIONS_MAX) };
    const count = forBody
      ? Math.min(1 + Math.floor(round / 3), FETCH_BODY_PEERS_MAX)
      : Math.min(1 + round, FETCH_PEERS_MAX);
    const asked = asking.askedFor[forBody ? 'body' : 'transactions'];
    for (const peer of this.#choose(holders(), asked, count)) this.#context.outbox.sendTo(peer, message);
    asking.round += 1;
    asking.dueTick = tick + (round === 0 ? ASK_TICKS / 2 : ASK_TICKS);
  }

  #choose(holders: Iterable<PeerId>, asked: Set<PeerId>, count: number): readonly PeerId[] {
    const connected = new Set(this.#context.roster.peers());
    const order = [...new Set([...holders, ...connected])].filter((peer) => connected.has(peer));
    return chooseNext(order, asked, count);
  }
}

/** The best that were not asked yet; everybody again when all were. */
export function chooseNext(order: readonly PeerId[], asked: Set<PeerId>, count: number): readonly PeerId[] {
  if (order.every((peer) => asked.has(peer))) asked.clear();
  const chosen = order.filter((peer) => !asked.has(peer)).slice(0, count);
  for (const peer of chosen) asked.add(peer);
  return chosen;
}

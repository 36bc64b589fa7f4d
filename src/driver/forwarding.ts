/** Passes transactions on to other validators: once when they come, and again while they wait, since bundles get lost. */
import type { ValidatorIndex } from '../base/brand.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { bundles } from './intake.ts';
import { RELAYED_MAX } from './limits.ts';
import type { Mempool } from './mempool.ts';
import type { Patience } from './patience.ts';
import type { PeerId } from './ports.ts';
import type { Postman } from './postman.ts';
import type { Entry } from './sender-queue.ts';

export class Forwarding {
  readonly #timeoutMs: number;
  readonly #self: ValidatorIndex | null;
  readonly #mempool: Mempool;
  readonly #patience: Patience;
  readonly #postman: Postman;
  readonly #primary: () => ValidatorIndex;

  constructor(
    { genesis, self }: { readonly genesis: Genesis; readonly self: ValidatorIndex | null },
    mempool: Mempool,
    patience: Patience,
    postman: Postman,
    primary: () => ValidatorIndex,
  ) {
    this.#timeoutMs = genesis.consensus.baseTimeoutTicks * genesis.consensus.tickMs;
    this.#self = self;
    this.#mempool = mempool;
    this.#patience = patience;
    this.#postman = postman;
    this.#primary = primary;
  }

  /** What our clients gave us and still waits, to a peer that connects. */
  toPeer(peer: PeerId): void {
    for (const transactions of bundlesOf(this.#own(Number.POSITIVE_INFINITY)))
      this.#postman.sendTo(peer, { kind: 'transactions', transactions });
  }

  /** What has waited for half a base timeout: ours to all, that of others to the primary. Called as often. */
  again(nowMs: number): void {
    const own = [...this.#own(nowMs - this.#timeoutMs / 2)];
    for (const transactions of bundlesOf(own)) this.#postman.broadcast({ kind: 'transactions', transactions });
    const primary = this.#primary();
    const peer = this.#postman.peerOf(primary);
    if (primary === this.#self || !this.#postman.isConnected(peer)) return;
    this.#patience.turnTo(primary);
    const others = this.#ofOthers(nowMs - this.#timeoutMs / 4);
    for (const transactions of bundlesOf(others)) this.#postman.sendTo(peer, { kind: 'transactions', transactions });
    for (const entry of [...own, ...others]) this.#patience.tell(entry, nowMs);
  }

  /** A peer may have sent a transaction to us and not to the primary: it hears of it before we hold it against it
   *  (Castro & Liskov 1999, 4.1: backups relay requests to the primary). What it was told of goes first, as it may have
   *  been lost; then what each peer gave us in turn, so that none delays the others' with a flood of its own. */
  #ofOthers(sinceMs: number): readonly Entry[] {
    const patience = this.#patience;
    const isDue = ({ item, from, gapped, asOfMs }: Entry): boolean =>
      from !== null && !gapped && asOfMs < sinceMs && !patience.inFlight.has(item.id);
    const chosen: Entry[] = [];
    for (const entry of patience.told()) {
      if (chosen.length === RELAYED_MAX) return chosen;
      if (isDue(entry)) chosen.push(entry);
    }
    const given = new Map<PeerId | null, Entry[]>();
    for (const entry of this.#mempool.entries()) {
      if (!isDue(entry) || patience.isTold(entry)) continue;
      const lane = given.get(entry.from);
      if (lane === undefined) given.set(entry.from, [entry]);
      else if (lane.length < RELAYED_MAX) lane.push(entry);
    }
    for (let turn = 0; turn < RELAYED_MAX; turn++)
      for (const lane of given.values()) chosen.push(...lane.slice(turn, turn + 1));
    return chosen.slice(0, RELAYED_MAX);
  }

  *#own(sinceMs: number): Generator<Entry> {
    for (const entry of this.#mempool.entries()) if (entry.from === null && entry.sinceMs < sinceMs) yield entry;
  }
}

function* encodings(entries: Iterable<Entry>): Generator<Uint8Array> {
  for (const { item } of entries) yield item.bytes;
}

const bundlesOf = (entries: Iterable<Entry>): Iterable<readonly Uint8Array[]> => bundles(encodings(entries));

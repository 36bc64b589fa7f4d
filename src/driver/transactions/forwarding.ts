/**
 * Passes transactions on to other validators: once when they come, and again while they wait, since bundles get lost. What
 * that costs is bounded, however much waits.
 */
import type { Hash, Height, ValidatorIndex } from '../../base/brand.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { TRANSACTION_BYTES_MAX } from '../../ledger/limits.ts';
import { bundles } from './intake.ts';
import { RELAYED_BYTES_MAX, RELAYED_MAX, RESENT_BYTES_MAX } from '../limits.ts';
import type { Mempool } from './mempool.ts';
import type { ToldTransactions } from './told-transactions.ts';
import type { PeerId } from '../ports.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { Roster } from '../peers/roster.ts';
import type { Entry } from './sender-queue.ts';

export class Forwarding {
  readonly #timeoutTicks: number;
  readonly #timeoutMs: number;
  readonly #mempool: Mempool;
  readonly #told: ToldTransactions;
  readonly #roster: Roster;
  readonly #outbox: Outbox;
  /** When the last relay looked for what is new, and what was executed by then. */
  #relayed = { atMs: Number.NEGATIVE_INFINITY, height: 0 };
  /** Of our clients' transactions that came until then, these were sent again in this round. */
  #round: { readonly untilMs: number; readonly sent: Set<Hash> } = { untilMs: 0, sent: new Set() };
  /** Bytes that may be sent again now. What one time leaves over is saved for the next, up to the longest transaction: where many
   *  validators share the wires it has to be. */
  #resendable = 0;

  constructor(genesis: Genesis, mempool: Mempool, told: ToldTransactions, roster: Roster, outbox: Outbox) {
    this.#timeoutTicks = genesis.consensus.baseTimeoutTicks;
    this.#timeoutMs = genesis.consensus.baseTimeoutTicks * genesis.consensus.tickMs;
    this.#mempool = mempool;
    this.#told = told;
    this.#roster = roster;
    this.#outbox = outbox;
  }

  /** Whether the primary owes a body: a transaction waits that it was told of, or that came from our clients and was
   *  sent to it then; or anything waits while it is not connected. What a peer gave to us alone the primary may not
   *  know: it has its whole timeout from when we tell it. */
  demands(primary: ValidatorIndex): boolean {
    if (!this.#mempool.demand) return false;
    if (this.#mempool.own > 0 || this.#told.isOwed) return true;
    return primary === this.#roster.self || !this.#roster.isConnected(this.#roster.peerOf(primary));
  }

  /** What our clients gave us and has waited for longest, to a peer that connects. The rest it gets as all others do. */
  toPeer(peer: PeerId): void {
    const entries: Entry[] = [];
    // One of the longest goes all the same: nobody connects often.
    let room = Math.max(this.#resentBytesMax(), TRANSACTION_BYTES_MAX);
    for (const entry of this.#own(Number.POSITIVE_INFINITY)) {
      room -= entry.item.bytes.length;
      if (room < 0) break;
      entries.push(entry);
    }
    for (const transactions of bundlesOf(entries)) this.#outbox.sendTo(peer, { kind: 'transactions', transactions });
  }

  /** A tick went by. */
  tick(ticks: number, nowMs: number, executedHeight: Height, primary: ValidatorIndex): void {
    if (ticks % Math.ceil(this.#timeoutTicks / 8) === 0) this.#relay(nowMs, executedHeight, primary);
    if (ticks % Math.ceil(this.#timeoutTicks / 2) === 0) this.#resend(nowMs);
  }

  /** Tells the primary what waits here, so that it hears of it in time, before we hold it against it: every eighth of a
   *  base timeout while nothing is executed, since it may not know what we wait for; else every half, as it is at
   *  work. */
  #relay(nowMs: number, executedHeight: Height, primary: ValidatorIndex): void {
    const isQuiet = executedHeight === this.#relayed.height;
    if (!isQuiet && nowMs - this.#relayed.atMs < this.#timeoutMs / 2) {
      this.#relayed.height = executedHeight;
      return;
    }
    this.#relayed = { atMs: nowMs, height: executedHeight };
    const peer = this.#roster.peerOf(primary);
    if (primary === this.#roster.self || !this.#roster.isConnected(peer)) return;
    this.#told.turnTo(primary);
    const entries = this.#due(nowMs);
    for (const transactions of bundlesOf(entries)) this.#outbox.sendTo(peer, { kind: 'transactions', transactions });
    for (const entry of entries) this.#told.tell(entry, nowMs);
  }

  /** What our clients gave us and has waited for half a base timeout goes to all again, so many bytes at a time: the oldest
   *  first, and when all had their turn the oldest again. */
  #resend(nowMs: number): void {
    const share = this.#resentBytesMax();
    this.#resendable = Math.min(this.#resendable + share, Math.max(share, TRANSACTION_BYTES_MAX));
    let entries = this.#nextOfRound();
    if (entries.length === 0) {
      this.#round = { untilMs: nowMs - this.#timeoutMs / 2, sent: new Set() };
      entries = this.#nextOfRound();
    }
    for (const transactions of bundlesOf(entries)) this.#outbox.broadcast({ kind: 'transactions', transactions });
  }

  #nextOfRound(): readonly Entry[] {
    const { untilMs, sent } = this.#round;
    const entries: Entry[] = [];
    for (const entry of this.#own(untilMs)) {
      const { id, bytes } = entry.item;
      if (sent.has(id) || this.#told.inFlight.has(id)) continue;
      if (bytes.length > this.#resendable) break;
      this.#resendable -= bytes.length;
      sent.add(id);
      entries.push(entry);
    }
    return entries;
  }

  /** What the primary is to be told now (Castro & Liskov 1999, 4.1: backups relay requests to the primary). A peer may
   *  have sent a transaction to us and not to the primary, which must know it before we hold it against it. First goes
   *  what it was told before, as that may have been lost; then one of each peer and of our clients in turn, so that
   *  nobody delays the others' with a flood of its own. What our clients brought was sent to it when it came, and waits
   *  a while before it goes again. */
  #due(nowMs: number): readonly Entry[] {
    const told = this.#told;
    const isDue = ({ item, from, gapped, asOfMs }: Entry): boolean =>
      !gapped && asOfMs < (from === null ? nowMs - this.#timeoutMs / 4 : nowMs) && !told.inFlight.has(item.id);
    const chosen: Entry[] = [];
    let bytesLeft = RELAYED_BYTES_MAX;
    /** False when that was all that may go. */
    const choose = (entry: Entry): boolean => {
      bytesLeft -= entry.item.bytes.length;
      if (bytesLeft < 0 || chosen.length === RELAYED_MAX) return false;
      chosen.push(entry);
      return true;
    };
    for (const entry of told.waiting()) if (isDue(entry) && !choose(entry)) return chosen;
    const given = new Map<PeerId | null, Entry[]>();
    for (const entry of this.#mempool.entries()) {
      if (!isDue(entry) || told.isTold(entry)) continue;
      const lane = given.get(entry.from);
      if (lane === undefined) given.set(entry.from, [entry]);
      else if (lane.length < RELAYED_MAX) lane.push(entry);
    }
    for (let turn = 0; turn < RELAYED_MAX; turn++)
      for (const lane of given.values())
        for (const entry of lane.slice(turn, turn + 1)) if (!choose(entry)) return chosen;
    return chosen;
  }

  /** All validators send again: together they may not send more. */
  #resentBytesMax(): number {
    return Math.floor(RESENT_BYTES_MAX / this.#roster.validators.members.length);
  }

  *#own(sinceMs: number): Generator<Entry> {
    for (const entry of this.#mempool.entries()) if (entry.from === null && entry.sinceMs < sinceMs) yield entry;
  }
}

function* encodings(entries: Iterable<Entry>): Generator<Uint8Array> {
  for (const { item } of entries) yield item.bytes;
}

const bundlesOf = (entries: Iterable<Entry>): Iterable<readonly Uint8Array[]> => bundles(encodings(entries));

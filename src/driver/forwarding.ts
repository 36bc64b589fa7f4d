/** Passes transactions on to other validators: once when they come, and again while they wait, since bundles get lost. */
import type { Hash, ValidatorIndex } from '../base/brand.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { bundles } from './intake.ts';
import { RELAYED_MAX } from './limits.ts';
import type { Mempool } from './mempool.ts';
import type { PeerId } from './ports.ts';
import type { Postman } from './postman.ts';

interface ForwardingContext {
  readonly genesis: Genesis;
  readonly self: ValidatorIndex | null;
  readonly mempool: Mempool;
  /** Transactions of bodies in flight. */
  readonly inFlight: { has(id: Hash): boolean };
  readonly postman: Postman;
  readonly primary: () => ValidatorIndex;
}

export class Forwarding {
  readonly #context: ForwardingContext;

  constructor(context: ForwardingContext) {
    this.#context = context;
  }

  /** What our clients gave us and still waits, to a peer that connects. */
  toPeer(peer: PeerId): void {
    for (const transactions of bundles(this.#local(Number.POSITIVE_INFINITY)))
      this.#context.postman.sendTo(peer, { kind: 'transactions', transactions });
  }

  /** What has waited for half a base timeout: ours to all, that of others to the primary. Called as often. */
  again(nowMs: number): void {
    const { genesis, postman } = this.#context;
    const timeoutMs = genesis.consensus.baseTimeoutTicks * genesis.consensus.tickMs;
    for (const transactions of bundles(this.#local(nowMs - timeoutMs / 2)))
      postman.broadcast({ kind: 'transactions', transactions });
    this.#toPrimary(nowMs - timeoutMs / 4);
  }

  /** A peer may have sent a transaction to us and not to the primary: it hears of it before we hold it against it
   *  (Castro & Liskov 1999, 4.1: backups relay requests to the primary). */
  #toPrimary(sinceMs: number): void {
    const { self, mempool, inFlight, postman, primary } = this.#context;
    if (primary() === self) return;
    const waiting: Uint8Array[] = [];
    for (const entry of mempool.executable()) {
      if (waiting.length >= RELAYED_MAX) break;
      if (entry.local || entry.sinceMs >= sinceMs || inFlight.has(entry.item.id)) continue;
      waiting.push(entry.item.bytes);
    }
    for (const transactions of bundles(waiting))
      postman.sendTo(postman.peerOf(primary()), { kind: 'transactions', transactions });
  }

  *#local(sinceMs: number): Generator<Uint8Array> {
    for (const entry of this.#context.mempool.entries())
      if (entry.local && entry.sinceMs < sinceMs) yield entry.item.bytes;
  }
}

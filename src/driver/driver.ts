/**
 * The driver: what a node, or the simulator, puts into it and asks of it. Inputs are taken in turns (durability/loop.ts): the pure
 * core and the ledger answer, what has to be durable is written in one batch, and only then anything leaves. A node runs it over
 * libp2p, LevelDB and the wall clock; the simulator over virtual time. Nothing in it waits: answers of the world come back as
 * inputs.
 */
import type { Address, Hash, Height } from '../base/brand.ts';
import { ACCOUNTS } from '../ledger/account.ts';
import type { Evidence } from '../ledger/evidence.ts';
import { assemble, type DriverOptions, type Parts } from './assembly.ts';
import { type Buffers, INPUT_BYTES_MAX, INPUTS_MAX } from './limits.ts';
import type { AccountView, PeerId } from './ports.ts';
import { OpenAnswers } from './durability/open-answers.ts';
import { type Answer, ENDED, type SubmitOutcome } from './transactions/fate.ts';
import { accountOf, buffersOf, type DriverStatus, isPending, statusOf } from './reports.ts';

export class Driver {
  readonly #options: DriverOptions;
  readonly #parts: Parts;
  readonly #submissions = new OpenAnswers<SubmitOutcome>(ENDED);
  readonly #accounts = new OpenAnswers<AccountView | undefined>(undefined);
  #ticks = 0;

  /** Of clients' transactions that wait for a turn. */
  #waitingBytes = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#parts = assemble(options);
    const { loop, dealings, reception } = this.#parts;
    // The first turn writes what recovery promised.
    loop.begin({
      messages: () => dealings.take((peer, message) => reception.look(peer, message)),
      endTurn: () => this.#endTurn(),
      halted: (error) => options.observer.halted(error),
      ended: () => {
        this.#submissions.end();
        this.#accounts.end();
      },
    });
  }

  /** Ends the loop after the turn that is being written; `done` when nothing more will happen. */
  stop(done: () => void): void {
    this.#parts.loop.stop(done);
  }

  /** Call it every `tickMs` of the genesis. */
  tick(): void {
    this.#parts.dealings.tick();
    this.#parts.loop.tick(() => this.#onTick());
  }

  peerConnected(peer: PeerId): void {
    const { loop, roster, dealings, protocol, outbox, forwarding } = this.#parts;
    loop.input(() => {
      roster.connected(peer);
      dealings.connected(peer);
      protocol.reach();
      outbox.sendTo(peer, { kind: 'status', status: protocol.status });
      forwarding.toPeer(peer);
    });
  }

  peerDisconnected(peer: PeerId): void {
    const { loop, roster, dealings, protocol, reception, catchUp } = this.#parts;
    loop.input(() => {
      dealings.disconnected(peer, (from, message) => reception.look(from, message));
      roster.disconnected(peer);
      protocol.reach();
      catchUp.disconnected(peer);
    });
  }

  /** One message of a connected peer. It waits until it is paid for. When too many wait some are dropped; STATUS brings back
   *  what matters. */
  receive(peer: PeerId, message: Uint8Array): void {
    this.#parts.dealings.receive(peer, message);
  }

  /** Whether what the peer says of the protocol now is looked at in the next turn: it owes us nothing. */
  isHeard(peer: PeerId): boolean {
    return this.#parts.dealings.isHeard(peer);
  }

  /** A client's signed transaction. */
  submit(signedBytes: Uint8Array, done: Answer): void {
    const { loop, intake } = this.#parts;
    const answer = this.#submissions.open(done);
    if (answer === undefined) return;
    const bytes = signedBytes.length;
    if (loop.backlog >= INPUTS_MAX || this.#waitingBytes + bytes > INPUT_BYTES_MAX)
      return answer({ code: 'MEMPOOL_FULL', message: 'too many inputs wait' });
    this.#waitingBytes += bytes;
    loop.input(() => {
      this.#waitingBytes -= bytes;
      intake.submit(signedBytes, answer);
    });
  }

  status(): DriverStatus {
    return statusOf(this.#parts);
  }

  /** Undefined while the account is not in memory. */
  account(address: Address): AccountView | undefined {
    return accountOf(this.#parts, address);
  }

  /** The same, as soon as it is in memory; undefined where the driver ends first, or too many wait. */
  fetchAccount(address: Address, done: (account: AccountView | undefined) => void): void {
    const { loop, stateFetching } = this.#parts;
    const known = this.account(address);
    if (known !== undefined || loop.backlog + stateFetching.waiting >= INPUTS_MAX) return done(known);
    const answer = this.#accounts.open(done);
    if (answer === undefined) return;
    loop.input(() => stateFetching.withEntry(ACCOUNTS.key(address), () => answer(this.account(address))));
  }

  /** The oldest height whose state is not pruned. */
  get oldestState(): Height {
    return this.#parts.pruning.oldest;
  }

  /** Bytes of the state that lie in memory, about. */
  get stateBytes(): number {
    return this.#parts.resident.bytes;
  }

  /** Whether the transaction waits here. */
  isPending(id: Hash): boolean {
    return isPending(this.#parts, id);
  }

  /** Proofs of offences that this node holds. */
  evidence(): readonly Evidence[] {
    return [...this.#parts.protocol.accusations];
  }

  buffers(): Buffers {
    return buffersOf(this.#parts);
  }

  /** What follows from all inputs of a turn together. */
  #endTurn(): void {
    const { protocol, stateTransfer, bodies, intake, stateFetching, pruning, batch } = this.#parts;
    stateTransfer.follow();
    protocol.settle();
    stateTransfer.ask(this.#ticks);
    bodies.fetch(this.#ticks, {
      voters: (height, hash) => protocol.voters(height, hash),
      isChecking: (id) => intake.isChecking(id),
    });
    intake.flush();
    stateFetching.flush();
    // The store has by then what this turn wrote: that may be forgotten in memory, and may be pruned.
    batch.after(() => {
      stateFetching.forget();
      pruning.step();
    });
  }

  #onTick(): void {
    const { outbox, protocol, forwarding, chain } = this.#parts;
    this.#ticks += 1;
    outbox.tick();
    protocol.tick(this.#ticks);
    forwarding.tick(this.#ticks, this.#options.clock.nowMs(), chain.executedHeight, protocol.primary);
  }
}

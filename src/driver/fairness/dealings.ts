/**
 * What we do for our peers, and what they pay for it: messages wait here until they are paid for and their turn comes,
 * answers are charged to who asked, and what we send ourselves keeps to a pace.
 */
import type { Genesis } from '../../ledger/genesis.ts';
import type { ValidatorSet } from '../../ledger/validators.ts';
import type { Loop } from '../durability/loop.ts';
import { Budgets } from './budgets.ts';
import { Given } from './given.ts';
import { Inbox, type Taken } from './inbox.ts';
import { KnownSignatures } from './known-signatures.ts';
import { signaturesMax, TURN_US } from '../limits.ts';
import { Pace } from './pace.ts';
import type { PeerId, Store, Transport, Verifier } from '../ports.ts';
import { priceOfAnswer, priceOfDropping } from './prices.ts';
import { Questions } from './questions.ts';
import { kindOfBytes, type Leaving } from '../wire/wire.ts';

interface DealingsContext {
  readonly genesis: Genesis;
  /** Of the epoch that runs. */
  readonly validators: () => ValidatorSet;
  readonly verifier: Verifier;
  readonly transport: Transport;
  readonly store: Store;
  /** Told when something that waited can be looked at. */
  readonly loop: Pick<Loop, 'message'>;
  /** Its messages have had to wait for a while. */
  readonly throttled: (peer: PeerId) => void;
  /** It offered more useless work than any honest node could. */
  readonly overdrawn: (peer: PeerId) => void;
}

export class Dealings {
  readonly budgets: Budgets;
  readonly questions = new Questions();
  readonly given: Given;
  /** Of validators. Who made us check one pays for it. */
  readonly signatures: KnownSignatures;
  /** Reads for whoever is being answered. */
  readonly store: Pick<Store, 'read'>;
  readonly #context: DealingsContext;
  readonly #inbox: Inbox;
  readonly #pace: Pace;

  constructor(context: DealingsContext) {
    this.#context = context;
    const { genesis, validators, verifier, transport, store, loop } = context;
    const { tickMs, window } = genesis.consensus;
    this.budgets = new Budgets({ ...context, tickMs, members: () => validators().members.length - 1 });
    this.given = new Given({ tickMs, again: (...given) => this.budgets.repeated(...given) });
    this.#inbox = new Inbox({ tickMs, budgets: this.budgets, hold: (peer, held) => transport.hold?.(peer, held) });
    this.#pace = new Pace(tickMs);
    this.signatures = new KnownSignatures(
      (publicKey, message, signature) => {
        this.budgets.verifying();
        return verifier.check({ publicKey, message, signature });
      },
      signaturesMax(validators().members.length, window),
    );
    this.store = {
      read: (keys, done) =>
        this.budgets.reading((answer) =>
          store.read(keys, (values, error) => {
            const bytes = values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
            answer(keys.length, bytes, () => done(values, error));
            loop.message();
          }),
        ),
    };
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#inbox.messages;
  }

  connected(peer: PeerId): void {
    this.budgets.connected(peer);
  }

  /** It has left, and may stay away: what it said before about agreement still counts. */
  disconnected(peer: PeerId, look: (peer: PeerId, message: Uint8Array) => boolean): void {
    const end = this.budgets.spent + TURN_US;
    for (let next = this.#inbox.nextOf(peer); next !== undefined; next = this.#inbox.nextOf(peer)) {
      this.#pay(next, look);
      if (this.budgets.spent >= end) break;
    }
    this.budgets.disconnected(peer);
    this.#inbox.remove(peer);
    this.questions.disconnected(peer);
  }

  /** A message has come. Answers to what was not asked are thrown away unread. */
  receive(peer: PeerId, message: Uint8Array): void {
    if (!this.questions.awaits(peer, kindOfBytes(message)))
      return this.budgets.declined(peer, priceOfDropping(message.length));
    this.#inbox.put(peer, message);
    this.#context.loop.message();
  }

  /** Looks at messages, each when it is paid for: as many as one turn has time for. `look` says whether one was of use. True
   *  when there are more. */
  take(look: (peer: PeerId, message: Uint8Array) => boolean): boolean {
    const { budgets } = this;
    const end = budgets.spent + TURN_US;
    this.#inbox.begin();
    for (let next = this.#inbox.next(); next !== undefined; next = this.#inbox.next()) {
      this.#pay(next, look);
      if (budgets.spent >= end) return this.#inbox.messages > 0;
    }
    return false;
  }

  #pay({ peer, lane, message, price }: Taken, look: (peer: PeerId, message: Uint8Array) => boolean): void {
    this.budgets.paying(peer, lane, price, () => look(peer, message));
  }

  tick(): void {
    this.budgets.tick();
    this.given.tick();
    this.#inbox.tick();
    this.#pace.tick();
  }

  /** A message is about to leave. False when it has to stay. */
  leaves(to: PeerId, message: Leaving, bytes: Uint8Array): boolean {
    if (!this.#pace.take(to, message.kind, bytes)) return false;
    this.questions.asked(to, message);
    this.budgets.answered(to, priceOfAnswer(message.kind, bytes.length));
    return true;
  }

  /** Whether what the peer says of the protocol now is looked at in the next turn. */
  isHeard(peer: PeerId): boolean {
    return this.budgets.left(peer, 'consensus') > this.#inbox.price(peer, 'consensus');
  }
}

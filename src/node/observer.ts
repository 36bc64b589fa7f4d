/** What the driver tells, passed on: to the log, to the memory of outcomes, to listeners. */
import type { Logger } from 'pino';
import { ForgetfulMap } from '../base/bounded.ts';
import type { Misbehaviour } from '../api/status.ts';
import type { Hash } from '../base/brand.ts';
import { invariant, unreachable } from '../base/invariant.ts';
import type { DriverNote, FinalizedBlock, Observer } from '../driver/ports.ts';
import { offenceOf } from '../ledger/offence.ts';
import type { Evidence } from '../ledger/evidence.ts';
import type { AdmissionCode } from '../ledger/transaction-rules.ts';
import { RULES_VERSION } from '../ledger/upgrade.ts';
import { LISTENERS_MAX, MISBEHAVIOUR_MAX } from './limits.ts';
import type { Outcomes } from './outcomes.ts';

export type BlockListener = (block: FinalizedBlock) => void;

export class NodeObserver implements Observer {
  readonly #logger: Logger;
  readonly #outcomes: Outcomes;
  readonly #halt: (error: Error) => void;
  readonly #listeners = new Set<BlockListener>();
  readonly #misbehaviour = new ForgetfulMap<string, Misbehaviour>(MISBEHAVIOUR_MAX);
  #finalMs = performance.now();

  constructor(logger: Logger, outcomes: Outcomes, halt: (error: Error) => void) {
    this.#logger = logger;
    this.#outcomes = outcomes;
    this.#halt = halt;
  }

  /** Milliseconds since a block became final here, or since the start. */
  get quietMs(): number {
    return performance.now() - this.#finalMs;
  }

  /** Calls the listener with each block that becomes final from now on, in order. Returns how to end it. */
  subscribe(listener: BlockListener): () => void {
    invariant(this.#listeners.size < LISTENERS_MAX, 'listeners to final blocks keep to their limit', {
      limit: LISTENERS_MAX,
    });
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  misbehaviour(): readonly Misbehaviour[] {
    return [...this.#misbehaviour.values()];
  }

  finalized(block: FinalizedBlock): void {
    this.#finalMs = performance.now();
    const { height } = block.record.header;
    this.#logger.debug({ height, hash: block.hash, transactions: block.record.receipts.length }, 'block is final');
    this.#outcomes.finalized(block);
    for (const listener of this.#listeners) listener(block);
  }

  rejected(id: Hash, code: AdmissionCode): void {
    this.#logger.debug({ id, code }, 'transaction rejected');
    this.#outcomes.reject(id, code);
  }

  offence(evidence: Evidence): void {
    const { validator, kind, height, view } = offenceOf(evidence);
    const did =
      evidence.kind === 'amnesia'
        ? `asked for view ${evidence.viewChange.claims.view} and hid what it had committed to`
        : `signed a ${kind} twice, differently,`;
    const votes = evidence.kind === 'amnesia' ? [evidence.commit] : [evidence.first, evidence.second];
    const hashes = votes.map(({ vote }) => vote.hash);
    this.#logger.warn(
      { offence: kind, validator, height, view, hashes },
      `validator ${validator} was caught: it ${did} at height ${height}; both messages are kept`,
    );
  }

  note(note: DriverNote): void {
    switch (note.kind) {
      case 'view-change-started':
        return this.#logger.warn({ ...note }, `asks for view ${note.view}: ${note.reason}`);
      case 'view-entered':
        return this.#logger.info({ ...note }, `view ${note.view} begins, validator ${note.primary} is primary`);
      case 'catching-up':
        return this.#logger.info({ ...note }, `catches up: height ${note.from} to ${note.to}`);
      case 'caught-up':
        return this.#logger.info({ ...note }, `caught up at height ${note.height}`);
      case 'misbehaviour':
        return this.#misbehaved(note);
      case 'suspected':
        return this.#logger.warn({ ...note }, `suspects the primary, validator ${note.primary}: ${note.reason}`);
      case 'key-in-use':
        return this.#logger.error(
          { ...note },
          `this validator's key signed a ${note.vote} at height ${note.height} that this node did not cast: another node runs with its key, or this folder is an older copy. It votes no more in epoch ${note.epoch}. End one of the two nodes before the next epoch`,
        );
      case 'upgrade-needed':
        return this.#logger.warn(
          { ...note, known: RULES_VERSION },
          `the chain follows rules of version ${note.version} from height ${note.height} on, and this software knows ${RULES_VERSION}: install newer software, or this node stops there`,
        );
      default:
        return unreachable(note);
    }
  }

  halted(error: Error): void {
    this.#halt(error);
  }

  #misbehaved(note: Extract<DriverNote, { kind: 'misbehaviour' }>): void {
    const { validator, code, message } = note;
    const key = `${validator}/${code}`;
    const count = (this.#misbehaviour.get(key)?.count ?? 0) + 1;
    this.#misbehaviour.set(key, { validator, code, count, last: message });
    // Powers of two only: a liar can repeat itself for ever, and the log must not grow with it.
    if ((count & (count - 1)) !== 0) return;
    const who = validator === null ? `peer ${note.peer}` : `validator ${validator}`;
    this.#logger.warn({ ...note, count }, `${who} broke a rule, ${code}: ${message}`);
  }
}

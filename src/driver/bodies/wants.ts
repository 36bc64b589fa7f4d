/** What bodies still need from peers, and who should have it. */
import type { Hash, Height, ValidatorIndex } from '../../base/brand.ts';
import { NULL_BODY_HASH } from '../../ledger/block.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import { validatorAt } from '../../ledger/validators.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { Roster } from '../peers/roster.ts';
import type { PeerId } from '../ports.ts';
import type { BodyPool, PooledBody } from './body-pool.ts';
import { Fetching, type Want } from './fetching.ts';

/** Rounds of questions for an ordered body after which its block is fetched: who executed it may have forgotten what execution
 *  skipped, and can no longer give the body. Sooner where a certificate proves that a quorum executed it. */
const ROUNDS_BEFORE_BLOCKS = 3;
const ROUNDS_BEFORE_CERTIFIED_BLOCKS = 2;

/** What others know that helps to fetch. */
export interface Knowledge {
  /** Who proposed this body in our view, and who voted for it. */
  voters(height: Height, hash: Hash): Iterable<ValidatorIndex>;
  /** Whether the transaction is here, and its signature being checked. */
  isChecking(id: Hash): boolean;
}

interface WantsContext {
  readonly epochs: Epochs;
  readonly roster: Pick<Roster, 'peers' | 'peerOf'>;
  readonly outbox: Pick<Outbox, 'sendTo'>;
}

export class Wants {
  readonly #context: WantsContext;
  readonly #pool: BodyPool;
  readonly #fetching: Fetching;

  constructor(context: WantsContext, pool: BodyPool) {
    this.#context = context;
    this.#pool = pool;
    this.#fetching = new Fetching(context);
  }

  /** Fetches what these bodies lack. Called at the end of each turn. */
  pursue(needed: ReadonlyMap<Height, Hash>, tick: number, knowledge: Knowledge): void {
    const wants: Want[] = [];
    for (const [height, hash] of needed) {
      if (hash === NULL_BODY_HASH) continue;
      const pooled = this.#pool.get(height, hash);
      const missing = pooled?.collected?.missing;
      // Its turn has not come, or it is complete.
      if (pooled !== undefined && (missing === undefined || missing.size === 0)) continue;
      wants.push({
        height,
        hash,
        ids: () => (missing === undefined ? null : [...missing.keys()].filter((id) => !knowledge.isChecking(id))),
        holders: () => this.#holders(height, hash, pooled, knowledge),
      });
    }
    this.#fetching.pursue(wants, tick);
  }

  /** Best first: who gave us the body, who made it, who voted for it. */
  *#holders(height: Height, hash: Hash, pooled: PooledBody | undefined, knowledge: Knowledge): Generator<PeerId> {
    const { epochs, roster } = this.#context;
    if (pooled !== undefined) {
      if (pooled.from !== null) yield pooled.from;
      const epoch = epochs.at(height);
      const proposer = epoch && validatorAt(epoch.validators, pooled.body.proposer);
      if (proposer !== undefined) yield proposer.peerId;
    }
    for (const voter of knowledge.voters(height, hash)) yield roster.peerOf(voter);
  }

  /** Whether this ordered body was asked for in vain, so that its block has to be fetched. */
  isInVain(hash: Hash, isCertified: boolean): boolean {
    return this.#fetching.rounds(hash) >= (isCertified ? ROUNDS_BEFORE_CERTIFIED_BLOCKS : ROUNDS_BEFORE_BLOCKS);
  }
}

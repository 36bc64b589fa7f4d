/** What a primary puts into a body, and when. */
import type { Height } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { widestCertificate } from '../../consensus/checkpoint.ts';
import type { Replica } from '../../consensus/replica.ts';
import type { Body } from '../../ledger/block.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import type { Evidence } from '../../ledger/evidence.ts';
import type { BodyPool } from '../bodies/body-pool.ts';
import type { Chain } from '../durability/chain.ts';
import { PIPELINE_FILL, PIPELINE_MAX } from '../limits.ts';
import type { Mempool } from '../transactions/mempool.ts';
import { Room } from '../transactions/room.ts';
import type { Clock } from '../ports.ts';

export class Proposer {
  readonly #genesis: Genesis;
  readonly #clock: Clock;
  readonly #mempool: Mempool;
  readonly #pool: BodyPool;
  readonly #chain: Chain;
  #lastBlockMs: number;

  constructor(genesis: Genesis, clock: Clock, mempool: Mempool, pool: BodyPool, chain: Chain) {
    this.#genesis = genesis;
    this.#clock = clock;
    this.#mempool = mempool;
    this.#pool = pool;
    this.#chain = chain;
    this.#lastBlockMs = clock.nowMs();
  }

  /** A block was executed. */
  blockExecuted(): void {
    this.#lastBlockMs = this.#clock.nowMs();
  }

  /** The body to propose at the height now, or null to wait: for transactions, or for the bodies in flight, since one large
   *  block costs less than many small ones. */
  body(
    replica: Replica,
    height: Height,
    accusations: readonly Evidence[],
  ): { readonly body: Body; readonly transactions: readonly IdentifiedTransaction[] } | null {
    const inFlight = height - 1 - this.#chain.executedHeight;
    if (inFlight >= PIPELINE_MAX) return null;
    const { parameters } = present(this.#chain.state.epochs.at(height), 'the epoch of a proposal');
    const room = new Room(parameters.ledger.blockWeightMax);
    const items = this.#mempool.select(this.#pool.carried, height, room);
    if (inFlight > 0 && room.used < PIPELINE_FILL) return null;
    if (items.length === 0 && accusations.length === 0 && !this.idleBlockDue(height)) return null;
    return {
      transactions: items,
      body: {
        proposer: present(replica.instance.self, 'a proposer is a validator'),
        timestampMs: this.#clock.nowMs(),
        certificate: widestCertificate(replica) ?? this.#chain.certified,
        transactionIds: items.map(({ id }) => id),
        evidence: [...accusations],
      },
    };
  }

  /** Whether the primary owes an empty block. The first comes at once, so that a new network shows that it works; later
   *  ones after a silence, as a sign of life: a primary that does not give it is replaced. */
  idleBlockDue(height: Height): boolean {
    if (height === 1) return true;
    if (this.#chain.finalHeight < this.#chain.executedHeight) return false;
    return this.#clock.nowMs() - this.#lastBlockMs >= this.#genesis.consensus.idleBlockMs;
  }
}

/** Raft, applied to the same ledger: each committed entry is a signed transaction, which every server executes. */
import type { Address, Hash } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { toHex } from '../codec/hex.ts';
import { execute } from '../ledger/execute.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { advance, genesisState, type LedgerState } from '../ledger/state/ledger-state.ts';
import { identifyTransaction, type IdentifiedTransaction, signedMessage } from '../ledger/transaction.ts';
import { CONSENSUS_DEFAULTS, type SimulatedAccount } from '../simulator/world/keys.ts';
import type { Scheduler } from '../simulator/world/scheduler.ts';
import { standIn } from '../simulator/world/stand-in.ts';
import { aside, countedSignatures } from './hashes.ts';
import { comparedLedger } from './keys.ts';
import type { Meter } from './meter.ts';
import type { Meters, Network, Protocol } from './protocol.ts';
import { RaftCluster, type RaftTiming } from './raft/cluster.ts';
import { type Forge, twoFaced } from './raft/strategy.ts';
import { distances, honestOf, NODES, type Scenario } from './scenario.ts';
import { spentElsewhere } from './thief.ts';

/** Milliseconds until a disk has what is written: as in the simulation of PBFT. */
const SYNC_MS = 1;
/** The election timeout is that of PBFT's backups: two seconds at least. */
const TIMING: RaftTiming = {
  tickMs: CONSENSUS_DEFAULTS.tickMs,
  heartbeatTicks: 10,
  electionTicksMin: CONSENSUS_DEFAULTS.baseTimeoutTicks,
  electionTicksMax: 2 * CONSENSUS_DEFAULTS.baseTimeoutTicks,
  entriesPerMessage: 64,
};

export const raft: Protocol = {
  name: 'raft',
  title: 'Raft',
  // Election timeouts are drawn.
  repetitions: 10,
  network: (scenario, seed, meters) => new RaftNetwork(scenario, seed, meters),
};

class RaftNetwork implements Network {
  readonly genesis: Genesis;
  readonly accounts: readonly SimulatedAccount[];
  readonly #cluster: RaftCluster;
  readonly #meter: Meter;
  readonly #signatures = countedSignatures(() => this.#meter.signatures(1));
  readonly #ledgers = new Map<number, LedgerState>();
  /** By account, what its client has not seen executed, in the order in which it was signed. It holds back all but the first:
   *  entries are applied where they stand, and one that comes before its turn would do nothing. */
  readonly #queues = new Map<Address, { readonly id: Hash; readonly bytes: Uint8Array; node: number }[]>();
  #crashed: number | null = null;

  constructor(scenario: Scenario, seed: number, meters: Meters) {
    ({ genesis: this.genesis, accounts: this.accounts } = comparedLedger(scenario.transfersPerBlock));
    this.#meter = meters(honestOf(scenario));
    const liars = new Map(
      Array.from({ length: scenario.liars }, (_, index) => [index, twoFaced(this.#forge)] as const),
    );
    this.#cluster = new RaftCluster({
      seed,
      servers: NODES,
      timing: TIMING,
      latencyMs: scenario.latencyMs(0, 1),
      syncMs: SYNC_MS,
      liars,
      firstLeader: 0,
      observers: [
        {
          sent: (from, to, _kind, bytes) => {
            // Where no connection stands nothing leaves.
            const isUp = present(this.#cluster.servers[to], 'server').replica !== null;
            if (isUp && !this.#cluster.links.between(from, to).blocked) this.#meter.message(bytes);
          },
          committed: (server, index, { payload }) => this.#apply(server, index, payload),
        },
      ],
    });
    for (const { from, to, link } of distances(scenario))
      this.#cluster.setLatency(from, to, link.latencyMs, link.jitterMs);
  }

  get scheduler(): Scheduler {
    return this.#cluster.scheduler;
  }

  start(): void {
    this.#cluster.start();
  }

  /** Its clients ask again by themselves, beside the server where they are; when they are offered elsewhere, they go there. What
   *  is final is not offered any more. */
  offer(node: number, bytes: Uint8Array, id: Hash): void {
    const identified = aside(() => identifyTransaction(bytes, id));
    invariant(identified.ok, 'clients submit transactions');
    const { sender } = identified.value.signed.transaction;
    const queue = this.#queues.get(sender) ?? [];
    this.#queues.set(sender, queue);
    const waiting = queue.find((each) => each.id === id);
    // It keeps its place even where the server is down: those that are signed after it have to wait for it.
    if (waiting === undefined) queue.push({ id, bytes, node });
    else waiting.node = node;
    if (queue[0]?.id === id) this.#submitFirst(sender);
  }

  #submitFirst(sender: Address): void {
    const first = this.#queues.get(sender)?.[0];
    // As everywhere: nothing comes of what is given to a server that is down.
    if (first === undefined || present(this.#cluster.servers[first.node], 'server').replica === null) return;
    this.#cluster.submit(first.bytes, first.node);
  }

  #next(sender: Address, id: Hash): void {
    const queue = this.#queues.get(sender) ?? [];
    if (queue[0]?.id !== id) return;
    queue.shift();
    this.#submitFirst(sender);
  }

  crashLeader(): void {
    this.#crashed = present(this.#cluster.leader, 'a leader').index;
    this.#cluster.crash(this.#crashed);
  }

  restart(): void {
    if (this.#crashed !== null) this.#cluster.restart(this.#crashed);
  }

  cut(side: readonly number[]): void {
    const nodes = Array.from({ length: NODES }, (_, index) => index);
    this.#cluster.partition([side, nodes.filter((node) => !side.includes(node))]);
  }

  heal(): void {
    this.#cluster.heal();
  }

  /** A server that starts again applies its log from the first entry. */
  #apply(server: number, index: number, payload: Uint8Array): void {
    const state = index === 1 ? genesisState(this.genesis) : (this.#ledgers.get(server) ?? genesisState(this.genesis));
    this.#ledgers.set(server, state);
    const transaction = this.#checked(payload);
    const executedIds = transaction === null ? [] : executeAlone(state, transaction);
    this.#meter.final(server, index, toHex(payload), executedIds, this.scheduler.nowMs);
    const [id] = executedIds;
    if (id !== undefined && transaction !== null) this.#next(transaction.signed.transaction.sender, id);
  }

  /** Null where nobody signed it. The entry that a leader begins its term with is empty. */
  #checked(payload: Uint8Array): IdentifiedTransaction | null {
    const identified = identifyTransaction(payload);
    if (payload.length === 0 || !identified.ok) return null;
    const { signed } = identified.value;
    const { sender } = signed.transaction;
    const account = this.accounts.find(({ address }) => address === sender);
    const key = account === undefined ? undefined : standIn.publicKey(account.secret);
    const isSigned =
      key !== undefined && this.#signatures.verify(key, signedMessage(identified.value), signed.signature);
    return isSigned ? identified.value : null;
  }

  /** The liar has an account too, and spends its money twice: what it tells one half pays itself. */
  readonly #forge: Forge = (payload) => {
    const identified = aside(() => identifyTransaction(payload));
    return identified.ok ? spentElsewhere(identified.value, this.accounts).bytes : payload;
  };
}

/** The ids of what was executed: one, or none where it came before its turn or a second time. */
function executeAlone(state: LedgerState, transaction: IdentifiedTransaction): readonly Hash[] {
  const body = {
    proposer: 0,
    timestampMs: state.head.header.timestampMs + 1,
    certificate: null,
    transactionIds: [transaction.id],
    evidence: [],
  };
  const block = execute(state, body as never, [transaction]);
  advance(state, block);
  return block.record.receipts.map(({ transactionId }) => transactionId);
}

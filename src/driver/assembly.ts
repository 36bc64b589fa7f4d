/**
 * The parts of a driver, put together in the order in which they rest on one another: each is given those above it, and none
 * reaches forward to one that comes later.
 */
import { type Authority, authorityOf } from '../consensus/authenticate.ts';
import { ACCOUNTS, accountIn } from '../ledger/account.ts';
import type { Height } from '../base/brand.ts';
import type { EpochSet } from '../ledger/epoch.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { Protocol } from './agreement/protocol.ts';
import { Bodies } from './bodies/bodies.ts';
import { Batch } from './stored/batch.ts';
import { Chain } from './durability/chain.ts';
import { Loop } from './durability/loop.ts';
import { KEYS } from './stored/records.ts';
import { type RecoveredDriver, runningEpoch } from './durability/recovery.ts';
import { Dealings } from './fairness/dealings.ts';
import { Outbox } from './peers/outbox.ts';
import { type Punish, punishing } from './peers/punish.ts';
import { Roster } from './peers/roster.ts';
import type { Clock, Lane, Observer, PeerId, Signer, Store, Transport, Verifier } from './ports.ts';
import { Reception } from './reception.ts';
import { CatchUp } from './sync/catch-up.ts';
import { Pruning } from './state/pruning.ts';
import { StateFetching } from './state/state-fetching.ts';
import { Server } from './sync/server.ts';
import { StateTransfer } from './sync/state-transfer.ts';
import { Forwarding } from './transactions/forwarding.ts';
import { Intake } from './transactions/intake.ts';
import { Mempool } from './transactions/mempool.ts';
import { ToldTransactions } from './transactions/told-transactions.ts';
import type { StrategyFactory } from './wire/strategy.ts';
import { laneOf } from './wire/wire.ts';

export interface DriverOptions {
  readonly genesis: Genesis;
  /** Of the key that signs votes, 32 bytes: in each epoch the node is the validator that has it, or none. Null for an observer. */
  readonly publicKey: Uint8Array | null;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly store: Store;
  readonly verifier: Verifier;
  readonly signer: Signer;
  readonly observer: Observer;
  readonly recovered: RecoveredDriver;
  /** Makes this validator lie; development chains only. */
  readonly strategy?: StrategyFactory;
}

export type Parts = ReturnType<typeof assemble>;

export function assemble(options: DriverOptions) {
  const { genesis, recovered, observer, clock } = options;
  const batch = new Batch();
  const loop = new Loop({ ...options, batch });
  const roster = new Roster(options, batch);
  const punish = punishing(options, roster);
  const dealings = newDealings(options, loop, roster, punish);
  const outbox = new Outbox(options, roster, batch, dealings);
  const chain = new Chain(recovered, batch, observer);
  const { epochs, source: resident } = recovered.state;
  const input = (run: () => void): void => loop.input(run);
  const stateFetching = new StateFetching({ store: options.store, resident, input });
  const executedHeight = (): Height => chain.executedHeight;
  const pruning = newPruning(options, { batch, chain }, input);
  const authority = (epoch: EpochSet): Authority => authorityOf(epoch, genesis, dealings.signatures.verify);
  const { ledger } = runningEpoch(recovered).parameters;
  const mempool = new Mempool((sender) => accountIn(chain.state.source, sender), ledger);
  const bodies = new Bodies({
    genesis,
    clock,
    batch,
    epochs,
    authority,
    roster,
    outbox,
    headMs: () => chain.state.head.header.timestampMs,
    find: (id) => mempool.get(id)?.item,
    executedHeight,
    executedBody: (height) => chain.pendingBody(height),
  });
  bodies.restore(recovered.bodies);
  const shared = { ...options, batch, roster, outbox, chain, stateFetching, mempool, bodies, authority };
  const intake = newIntake(shared, loop, dealings, punish);
  const told = new ToldTransactions(genesis, mempool, bodies.pool.carried);
  const forwarding = new Forwarding(genesis, mempool, told, roster, outbox);
  const server = newServer(shared, loop, dealings);
  const catchUp = new CatchUp({
    tickMs: genesis.consensus.tickMs,
    peers: () => [...roster.peers()],
    isWeakQuorum: (peers) => roster.isWeakQuorum(peers),
  });
  const protocol = new Protocol({ ...shared, told, forwarding, catchUp, again: () => loop.input(() => {}) });
  const stateTransfer = new StateTransfer({ ...shared, catchUp, protocol, again: () => loop.input(() => {}) });
  const { questions } = dealings;
  const reception = new Reception({ ...shared, intake, server, protocol, stateTransfer, questions, punish });
  return {
    ...shared,
    resident,
    pruning,
    loop,
    dealings,
    intake,
    forwarding,
    catchUp,
    protocol,
    stateTransfer,
    reception,
  };
}

function newPruning(
  { store, recovered }: DriverOptions,
  { batch, chain }: Pick<Below, 'batch' | 'chain'>,
  input: (run: () => void) => void,
): Pruning {
  const historyHeights = (height: Height) => chain.state.epochs.at(height)?.parameters.ledger.historyHeights;
  const finalHeight = (): Height => chain.told.height;
  return new Pruning({ store, batch, input, historyHeights, finalHeight, recovered });
}

function newDealings(options: DriverOptions, loop: Loop, roster: Roster, punish: Punish): Dealings {
  return new Dealings({
    ...options,
    validators: () => roster.validators,
    loop,
    throttled: (peer) =>
      options.observer.note({
        kind: 'misbehaviour',
        peer,
        validator: roster.validatorOf(peer) ?? null,
        code: 'THROTTLED',
        message: 'it sends more than is of use, and waits for its turn',
      }),
    overdrawn: (peer) =>
      loop.input(() => punish(peer, 'OVERDRAWN', 'more useless work, for longer, than any node may ask for')),
  });
}

interface Below {
  readonly batch: Batch;
  readonly roster: Roster;
  readonly outbox: Outbox;
  readonly chain: Chain;
  readonly stateFetching: StateFetching;
  readonly mempool: Mempool;
  readonly bodies: Bodies;
}

function newIntake(options: DriverOptions & Below, loop: Loop, dealings: Dealings, punish: Punish): Intake {
  const { store, chain, bodies } = options;
  return new Intake({
    ...options,
    state: chain.state,
    bodies: bodies.pool,
    loop,
    budgets: dealings.budgets,
    questions: dealings.questions,
    punish,
    isInMemory: (sender) => chain.state.source.has(ACCOUNTS.key(sender)),
    committed: (id, done) =>
      store.read([KEYS.transaction(id)], ([value]) => loop.input(() => done(value !== undefined))),
  });
}

/** Whoever asked pays for the answer. */
function newServer({ chain, mempool, bodies, outbox }: Below, loop: Loop, dealings: Dealings): Server {
  const { store, budgets, given } = dealings;
  const answer = (to: PeerId, lane: Lane, send: () => void): void =>
    loop.input(() =>
      budgets.paying(to, lane, 0, () => {
        send();
        return false;
      }),
    );
  return new Server(store, chain, mempool, bodies.pool, {
    message: (to, message, kept) =>
      answer(to, laneOf(message), () => {
        if (!outbox.offer(to, message)) kept?.();
      }),
    encoded: (to, kind, bytes) => answer(to, 'sync', () => outbox.sendEncoded(to, kind, bytes)),
    later: () => budgets.later(),
    given,
  });
}

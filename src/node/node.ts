/**
 * One node as a running process: opens what it needs in an order in which each part finds what it rests on, and ends
 * it in reverse. HTTP is not here: whoever starts a node puts the server before it.
 */
import type { Logger } from 'pino';
import type { Misbehaviour, ReadinessReason } from '../api/status.ts';
import type { Address, Height } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import { installNodeSha256 } from '../crypto/node-sha256.ts';
import { selectEd25519 } from '../crypto/select-ed25519.ts';
import { Driver } from '../driver/driver.ts';
import type { DriverStatus } from '../driver/reports.ts';
import { runningEpoch } from '../driver/durability/recovery.ts';
import { admittedIn } from '../driver/peers/roster.ts';
import type { SubmitOutcome } from '../driver/transactions/fate.ts';
import type { AccountView, Clock, PeerId } from '../driver/ports.ts';
import type { Genesis } from '../ledger/genesis.ts';
import type { Evidence } from '../ledger/evidence.ts';
import { createNetwork, type Network } from '../network/network.ts';
import type { LevelStore } from '../storage/level-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { NodeConfig } from './config.ts';
import type { AskPassphrase } from './keys.ts';
import { type BlockListener, NodeObserver } from './observer.ts';
import { Outcomes } from './outcomes.ts';
import { type Prepared, prepare } from './prepare.ts';
import { readinessReasons } from './readiness.ts';
import { Reader } from './reader.ts';
import { StateReader } from './state/state-reader.ts';
import { type RunningVerifier, startVerifier } from './verifier.ts';
import { Ticker } from './ticker.ts';

export interface NodeOptions {
  readonly config: NodeConfig;
  readonly logger: Logger;
  /** Asked for keystores only. */
  readonly passphraseOf: AskPassphrase;
}

/** A node that takes part. */
export interface RunningNode {
  readonly genesis: Genesis;
  readonly peerId: PeerId;
  /** Where peers reach it. */
  readonly addresses: readonly string[];
  readonly reader: Reader;
  readonly state: StateReader;
  /** Takes in the signed bytes of one transaction. */
  submit(signedBytes: Uint8Array): Promise<SubmitOutcome>;
  /** Rejects with StorageError where the node has ended. */
  account(address: Address): Promise<AccountView>;
  status(): DriverStatus;
  /** The oldest height whose state can be read. */
  oldestState(): Height;
  /** Why it is not ready; empty when it is. */
  readiness(): readonly ReadinessReason[];
  /** What validators were caught at. */
  offences(): readonly Evidence[];
  misbehaviour(): readonly Misbehaviour[];
  /** Calls the listener with each block that becomes final from now on, in order. Returns how to end it. */
  subscribe(listener: BlockListener): () => void;
  /** Resolves when the node cannot go on: a bug of ours or a broken disk. It signs nothing any more; `stop` it. */
  readonly halted: Promise<Error>;
  stop(): Promise<void>;
}

const CLOCK: Clock = {
  nowMs: () => Date.now(),
  // After the events of this turn of the loop: whatever came in together is one turn of the driver.
  soon: (turn) => void setImmediate(turn),
};

/**
 * Starts the node that the configuration describes. Errors, by what they are about: the genesis file (GENESIS_UNREADABLE,
 * GENESIS_INVALID), the keys (see loadKeys), lying (NOT_A_DEVELOPMENT_NETWORK, UNKNOWN_STRATEGY), the data folder (WRONG_NODE_KEY, STORE_LOCKED,
 * STORE_CORRUPT, STORE_UNREADABLE, STORE_BROKEN, WRONG_CHAIN), the address (LISTEN_FAILED). Rejects where ed25519 fails its self-check.
 */
export async function startNode(options: NodeOptions): Promise<Result<RunningNode>> {
  const { config, passphraseOf } = options;
  installNodeSha256();
  const ed25519 = await selectEd25519();
  const prepared = await prepare(config, ed25519, passphraseOf);
  if (!prepared.ok) return prepared;
  try {
    return await startPrepared(options, ed25519, prepared.value);
  } catch (error) {
    await prepared.value.store.close();
    throw error;
  }
}

async function startPrepared(
  { config, logger }: NodeOptions,
  ed25519: Ed25519,
  prepared: Prepared,
): Promise<Result<RunningNode>> {
  const { genesis, keys, recovered } = prepared;
  const { promise: halted, resolve: halt } = Promise.withResolvers<Error>();
  const verifier = await startVerifier({ ed25519, workers: config.verifier.workers, failed: halt });
  const network = createNetwork({
    nodeKey: keys.nodeSecret,
    chainId: genesis.chainId,
    admitted: admittedIn(runningEpoch(recovered)),
    configured: new Set(config.p2p.admit),
    listen: config.p2p,
    bootstrap: config.p2p.bootstrap,
    mdns: config.p2p.mdns,
    log: ({ level, message, ...event }) => logger[level](event, message),
  });
  const node = new ValidatorNode(prepared, { logger, ed25519, verifier, network, halted, halt });
  try {
    await node.start();
  } catch (error) {
    await node.stop();
    const { host, port } = config.p2p;
    const reason = error instanceof Error ? error.message : String(error);
    return fail('LISTEN_FAILED', `p2p: cannot listen on ${host}, port ${port}: ${reason}`);
  }
  const { self: index, epoch, executedHeight, finalHeight } = node.status();
  const facts = { chainId: genesis.chainId, index, peerId: node.peerId, epoch, executedHeight, finalHeight };
  const what = index === null ? 'a node without a vote' : `validator ${index}`;
  logger.info({ ...facts, ed25519: ed25519.name }, `${what} of ${genesis.name} runs`);
  if (index === null && prepared.publicKey !== null)
    logger.warn({ epoch }, `no validator of epoch ${epoch} has its key: it follows until one has`);
  if (config.byzantine !== undefined) logger.warn({ byzantine: config.byzantine }, 'this validator lies');
  return ok(node);
}

interface Surroundings {
  readonly logger: Logger;
  readonly ed25519: Ed25519;
  readonly verifier: RunningVerifier;
  readonly network: Network;
  readonly halted: Promise<Error>;
  readonly halt: (error: Error) => void;
}

class ValidatorNode implements RunningNode {
  readonly genesis: Genesis;
  readonly reader: Reader;
  readonly state: StateReader;
  readonly halted: Promise<Error>;
  readonly #logger: Logger;
  readonly #store: LevelStore;
  readonly #verifier: RunningVerifier;
  readonly #network: Network;
  readonly #observer: NodeObserver;
  readonly #driver: Driver;
  #haltedBy: Error | null = null;
  #ticker: Ticker | undefined;
  #stopping: Promise<void> | undefined;

  constructor({ genesis, keys, publicKey, store, recovered, strategy }: Prepared, surroundings: Surroundings) {
    const { logger, ed25519, verifier, network, halted, halt } = surroundings;
    this.genesis = genesis;
    this.halted = halted;
    this.#logger = logger;
    this.#store = store;
    this.#verifier = verifier;
    this.#network = network;
    const outcomes = new Outcomes();
    this.#observer = new NodeObserver(logger, outcomes, halt);
    this.#driver = new Driver({
      genesis,
      publicKey,
      clock: CLOCK,
      transport: network.transport,
      store,
      verifier,
      signer: { sign: (message) => ed25519.sign(present(keys.validatorSecret, 'the key of who votes'), message) },
      observer: this.#observer,
      recovered,
      ...(strategy !== undefined && { strategy }),
    });
    const chain = {
      finalHeight: () => this.#driver.status().finalHeight,
      isPending: (id: Parameters<Driver['isPending']>[0]) => this.#driver.isPending(id),
    };
    this.reader = new Reader(store, chain, outcomes);
    this.state = new StateReader(store, genesis, { ...chain, oldestState: () => this.oldestState() });
    this.#observer.subscribe((block) => this.reader.finalized(block));
    void halted.then((error) => this.#onHalt(error));
  }

  get peerId(): PeerId {
    return this.#network.peerId;
  }

  get addresses(): readonly string[] {
    return this.#network.addresses();
  }

  /** Rejects when the address cannot be listened on. */
  async start(): Promise<void> {
    await this.#network.start({
      connected: (peer) => this.#driver.peerConnected(peer),
      disconnected: (peer) => this.#driver.peerDisconnected(peer),
      received: (peer, message) => this.#driver.receive(peer, message),
    });
    this.#ticker = new Ticker(this.genesis.consensus.tickMs, () => this.#driver.tick());
    this.#ticker.start();
  }

  submit(signedBytes: Uint8Array): Promise<SubmitOutcome> {
    return new Promise((resolve) => this.#driver.submit(signedBytes, resolve));
  }

  account(address: Address): Promise<AccountView> {
    return new Promise((resolve, reject) => {
      this.#driver.fetchAccount(address, (account) => {
        if (account !== undefined) resolve(account);
        else reject(new StorageError('STORE_CLOSED', 'the node has ended, or too much waits'));
      });
    });
  }

  status(): DriverStatus {
    return this.#driver.status();
  }

  oldestState(): Height {
    return this.#driver.oldestState;
  }

  readiness(): readonly ReadinessReason[] {
    return readinessReasons({
      genesis: this.genesis,
      peerId: this.peerId,
      status: this.status(),
      stopping: this.#stopping !== undefined,
      halted: this.#haltedBy,
      quietMs: this.#observer.quietMs,
    });
  }

  offences(): readonly Evidence[] {
    return this.#driver.evidence();
  }

  misbehaviour(): readonly Misbehaviour[] {
    return this.#observer.misbehaviour();
  }

  subscribe(listener: BlockListener): () => void {
    return this.#observer.subscribe(listener);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#ticker?.stop();
    await this.#network.stop();
    await new Promise<void>((resolve) => this.#driver.stop(resolve));
    await this.#verifier.stop();
    await this.#store.close();
    this.#logger.info('stopped');
  }

  #onHalt(error: Error): void {
    this.#haltedBy = error;
    this.#logger.fatal({ err: error }, `halted, and will sign nothing any more: ${error.message}`);
    // A dead worker halts the node too, and then the driver does not know it yet.
    this.#driver.stop(() => undefined);
  }
}

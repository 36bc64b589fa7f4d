/** Drivers on one virtual clock, over a network and a disk without any chance: for tests that say what arrives when, byte by
 *  byte, and count what comes of it. All others use the simulator. */
import type { Address, Hash, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { equalBytes } from '../../src/codec/codec.ts';
import { Driver } from '../../src/driver/driver.ts';
import type { DriverNote, FinalizedBlock, PeerId, Store, StoreOperation } from '../../src/driver/ports.ts';
import { recover, runningEpoch } from '../../src/driver/durability/recovery.ts';
import { STATE_CACHE, type StateCacheLimits } from '../../src/driver/state/limits.ts';
import type { SubmitOutcome } from '../../src/driver/transactions/fate.ts';
import { encodePeerMessage, type PeerMessage } from '../../src/driver/wire/wire.ts';
import { type Body, bodyHash } from '../../src/ledger/block.ts';
import { admittedIn } from '../../src/driver/peers/roster.ts';
import { type Genesis, parseGenesis } from '../../src/ledger/genesis.ts';
import { type Transaction, signedTransactionCodec, transactionSigningBytes } from '../../src/ledger/transaction.ts';
import type { Evidence } from '../../src/ledger/evidence.ts';
import { voteSigningBytes } from '../../src/ledger/vote.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { Scheduler } from '../../src/simulator/world/scheduler.ts';
import { standIn } from '../../src/simulator/world/stand-in.ts';
import { standInSignature } from '../consensus/stand-in.ts';
import { fromHex } from '../../src/codec/hex.ts';

export class SimulatedDisk implements Store {
  readonly #scheduler: Scheduler;
  readonly #entries = new Map<string, Uint8Array>();
  /** Told of each batch that is durable. */
  written: (batch: readonly StoreOperation[]) => void = () => {};

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** What is under way is lost with `alive`. */
  write(batch: readonly StoreOperation[], done: (error?: Error) => void, alive: () => boolean = () => true): void {
    this.#scheduler.after(0.3, () => {
      if (!alive()) return;
      for (const operation of batch) {
        if (operation.kind === 'put') this.#entries.set(operation.key, operation.value);
        else this.#entries.delete(operation.key);
      }
      this.written(batch);
      // Whoever was told may have ended it.
      if (alive()) done();
    });
  }

  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  *under(prefix: string): Generator<readonly [string, Uint8Array]> {
    for (const entry of this.#entries) if (entry[0].startsWith(prefix)) yield entry;
  }

  /** As a damage leaves it: undefined for a record that is gone. */
  damage(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.set(key, value);
  }

  read(keys: readonly string[], done: (values: readonly (Uint8Array | undefined)[]) => void): void {
    this.#scheduler.after(0.1, () => done(keys.map((key) => this.#entries.get(key))));
  }

  scan(
    { from, to, limit }: { from: string; to: string; limit: number },
    done: (entries: readonly (readonly [string, Uint8Array])[]) => void,
  ): void {
    this.#scheduler.after(0.1, () =>
      done(
        [...this.#entries]
          .filter(([key]) => key >= from && key < to)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, limit),
      ),
    );
  }
}

export interface ClusterNode {
  readonly index: ValidatorIndex;
  readonly peerId: PeerId;
  readonly disk: SimulatedDisk;
  driver: Driver | null;
  readonly blocks: FinalizedBlock[];
  readonly offences: Evidence[];
  readonly notes: DriverNote[];
  readonly halted: Error[];
  /** Whom it punished, and why. */
  readonly punished: { readonly peer: PeerId; readonly code: string }[];
  readonly rejected: { readonly id: Hash; readonly code: string }[];
  life: number;
}

/** What tests vary of a genesis file. */
export interface GenesisText {
  consensus: Record<string, unknown>;
  ledger: Record<string, unknown>;
  accounts: Record<string, unknown>[];
  validators: Record<string, unknown>[];
}

const pairOf = (a: number, b: number): string => `${Math.min(a, b)} ${Math.max(a, b)}`;

const streamOf = (from: PeerId, to: number): string => `${from} ${to}`;

export class Cluster {
  readonly scheduler = new Scheduler(1_800_000_000_000);
  genesis: Genesis;
  readonly nodes: ClusterNode[];
  readonly accounts = developmentNetwork(4).accounts;
  /** Whether a message may pass; a test closes links with it. */
  link: (from: number, to: number, message: Uint8Array) => boolean = () => true;
  /** How much of the state nodes that start have in memory. */
  cache: StateCacheLimits = STATE_CACHE;
  /** Only those are connected that admit each other, as on real wires. */
  isClosed = false;
  /** By node: whom it admits. */
  readonly admits = new Map<number, ReadonlySet<PeerId>>();
  /** Pairs that are connected, where the network is closed. */
  readonly #pairs = new Set<string>();
  /** By node; null for those who sign nothing. */
  readonly publicKeys: (Uint8Array | null)[];
  /** By stream: what waits while its receiver reads nothing from it, votes behind what was sent before them. */
  readonly #held = new Map<string, Uint8Array[]>();

  /** Validators, then observers. */
  constructor(count: number, change: (genesis: GenesisText) => void = () => {}, observers = 0) {
    const text = JSON.parse(developmentNetwork(count).genesisText) as GenesisText;
    change(text);
    const parsed = parseGenesis(JSON.stringify(text));
    if (!parsed.ok) throw new Error(parsed.error.message);
    this.genesis = parsed.value;
    const peers = [
      ...this.genesis.validators.members.map(({ peerId }) => peerId),
      ...developmentNetwork(count + observers)
        .validators.slice(count)
        .map(({ peerId }) => peerId),
    ];
    this.publicKeys = peers.map((_, index) => this.genesis.validators.members[index]?.publicKey ?? null);
    this.nodes = peers.map((peerId, index) => ({
      index: index as ValidatorIndex,
      peerId,
      disk: new SimulatedDisk(this.scheduler),
      driver: null,
      blocks: [],
      offences: [],
      notes: [],
      halted: [],
      punished: [],
      rejected: [],
      life: 0,
    }));
  }

  /** The state of so many heights can be read; 0 keeps all. */
  keepHeights(historyHeights: number): void {
    this.genesis = { ...this.genesis, ledger: { ...this.genesis.ledger, historyHeights } };
  }

  startAll(): void {
    for (const { index } of this.nodes) this.start(index);
  }

  node(index: number): ClusterNode {
    return present(this.nodes[index], 'node');
  }

  start(index: number): void {
    const node = this.node(index);
    const life = ++node.life;
    recover(
      node.disk,
      this.genesis,
      standIn.verify,
      (recovered) => {
        if (!recovered.ok) throw new Error(recovered.error.message);
        node.driver = new Driver({
          genesis: this.genesis,
          publicKey: this.publicKeys[index] ?? null,
          recovered: recovered.value,
          store: {
            write: (batch, done) => node.disk.write(batch, done, () => node.life === life),
            read: (keys, done) => node.disk.read(keys, (values) => node.life === life && done(values)),
            scan: (range, done) => node.disk.scan(range, (entries) => node.life === life && done(entries)),
          },
          clock: { nowMs: () => Math.floor(this.scheduler.nowMs), soon: (turn) => this.scheduler.after(0, turn) },
          transport: {
            send: (to, _lane, message) => this.#send(index, to, message),
            punish: (peer, code) => node.punished.push({ peer, code }),
            hold: (peer, held) => this.#hold(peer, index, held),
            admit: (peers) => this.#admit(index, peers),
          },
          verifier: {
            check: ({ publicKey: key, message, signature }) => equalBytes(signature, standInSignature(key, message)),
            checkBatch: (checks, done) =>
              this.scheduler.after(0.2, () =>
                done(
                  checks.map(({ publicKey: key, message, signature }) =>
                    equalBytes(signature, standInSignature(key, message)),
                  ),
                ),
              ),
          },
          signer: { sign: (message) => this.sign(index, message) },
          observer: {
            finalized: (block) => node.blocks.push(block),
            rejected: (id, code) => node.rejected.push({ id, code }),
            offence: (evidence) => node.offences.push(evidence),
            note: (note) => node.notes.push(note),
            halted: (error) => node.halted.push(error),
          },
        });
        this.#tick(index, life);
        if (this.isClosed) return this.#admit(index, admittedIn(runningEpoch(recovered.value)));
        for (const other of this.nodes) {
          if (other.index === index || other.driver === null) continue;
          node.driver.peerConnected(other.peerId);
          other.driver.peerConnected(node.peerId);
        }
      },
      this.cache,
    );
  }

  #admit(by: number, peers: ReadonlySet<PeerId>): void {
    this.admits.set(by, peers);
    if (!this.isClosed) return;
    for (const a of this.nodes) for (const b of this.nodes) if (a.index < b.index) this.#settle(a, b);
  }

  /** Connects these two, or ends their connection, by whom they admit. */
  #settle(a: ClusterNode, b: ClusterNode): void {
    const pair = pairOf(a.index, b.index);
    const admits = (by: ClusterNode, other: ClusterNode): boolean =>
      this.admits.get(by.index)?.has(other.peerId) ?? false;
    const wanted = a.driver !== null && b.driver !== null && admits(a, b) && admits(b, a);
    if (wanted === this.#pairs.has(pair)) return;
    if (wanted) this.#pairs.add(pair);
    else this.#pairs.delete(pair);
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const)
      if (wanted) one.driver?.peerConnected(other.peerId);
      else one.driver?.peerDisconnected(other.peerId);
  }

  #tick(index: number, life: number): void {
    const node = this.node(index);
    this.scheduler.after(this.genesis.consensus.tickMs, () => {
      if (node.life !== life || node.driver === null) return;
      node.driver.tick();
      this.#tick(index, life);
    });
  }

  crash(index: number): void {
    const node = this.node(index);
    node.life += 1;
    node.driver = null;
    if (this.isClosed) return this.#admit(index, new Set());
    for (const other of this.nodes) other.driver?.peerDisconnected(node.peerId);
  }

  #send(from: number, to: PeerId, message: Uint8Array): void {
    const target = this.nodes.find(({ peerId }) => peerId === to);
    if (target !== undefined && this.isClosed && !this.#pairs.has(pairOf(from, target.index))) return;
    if (target === undefined || !this.link(from, target.index, message)) return;
    const life = target.life;
    this.scheduler.after(1, () => {
      if (target.life === life) this.#arrive(this.node(from).peerId, target.index, message);
    });
  }

  #arrive(from: PeerId, to: number, message: Uint8Array): void {
    const waiting = this.#held.get(streamOf(from, to));
    if (waiting === undefined) this.node(to).driver?.receive(from, message);
    else waiting.push(message);
  }

  #hold(from: PeerId, to: number, held: boolean): void {
    const stream = streamOf(from, to);
    if (held) return void this.#held.set(stream, []);
    this.scheduler.after(0, () => {
      const waiting = this.#held.get(stream) ?? [];
      this.#held.delete(stream);
      for (const message of waiting) this.#arrive(from, to, message);
    });
  }

  /** A message as if `from` had sent it, whatever it is. */
  inject(from: number, to: number, message: PeerMessage | Uint8Array): void {
    const bytes = message instanceof Uint8Array ? message : encodePeerMessage(message);
    this.scheduler.after(1, () => this.#arrive(this.node(from).peerId, to, bytes));
  }

  driver(index: number): Driver {
    return present(this.node(index).driver, 'driver');
  }

  /** Signs as this validator. */
  sign(index: number, bytes: Uint8Array): Uint8Array {
    return standInSignature(present(this.publicKeys[index] ?? undefined, 'a key'), bytes);
  }

  /** Submits to this node; the answer appears in the list. */
  submit(index: number, bytes: Uint8Array): SubmitOutcome[] {
    const answers: SubmitOutcome[] = [];
    this.driver(index).submit(bytes, (outcome) => answers.push(outcome));
    return answers;
  }

  /** Runs until the condition holds; false when it does not within `ms`. */
  until(condition: () => boolean, ms: number): boolean {
    const end = this.scheduler.nowMs + ms;
    while (!condition()) if (!this.scheduler.runNext(end)) return condition();
    return true;
  }

  run(ms: number): void {
    this.until(() => false, ms);
  }

  transfer(from: number, to: number, nonce: number, amount = 1n): Uint8Array {
    return this.pay(from, present(this.accounts[to], 'account').address, nonce, amount);
  }

  pay(from: number, to: Address, nonce: number, amount = 1n): Uint8Array {
    return this.transaction(from, nonce, [{ kind: 'transfer', to, amount }]);
  }

  /** A transaction with these operations. */
  transaction(from: number, nonce: number, operations: Transaction['operations']): Uint8Array {
    const sender = present(this.accounts[from], 'account').address;
    const transaction: Transaction = {
      chainId: this.genesis.chainId,
      sender,
      nonce,
      expiresAt: 0 as Height,
      maxFee: 1_000_000n,
      operations,
      memo: new Uint8Array(),
    };
    const signature = standInSignature(fromHex(sender), transactionSigningBytes(transaction));
    return signedTransactionCodec.encode({ transaction, signature });
  }

  heights(): (number | null)[] {
    return this.nodes.map(({ driver }) => driver?.status().finalHeight ?? null);
  }
}

/** A PRE-PREPARE of this validator with these transactions. */
export function proposal(
  cluster: Cluster,
  voter: number,
  view: number,
  height: number,
  fields: Partial<Body>,
): PeerMessage {
  const body: Body = {
    proposer: voter as ValidatorIndex,
    timestampMs: Math.floor(cluster.scheduler.nowMs),
    certificate: null,
    transactionIds: [],
    evidence: [],
    ...fields,
  };
  const vote = {
    kind: 'pre-prepare' as const,
    epoch: 0 as never,
    view: view as View,
    height: height as Height,
    hash: bodyHash(body),
  };
  const signature = cluster.sign(voter, voteSigningBytes(cluster.genesis.chainId, vote));
  return { kind: 'pre-prepare', vote: { vote, voter: voter as ValidatorIndex, signature }, body };
}

/**
 * Proof of work, applied to the same ledger: the machines that mine in threads, in virtual time. Who finds a block and when is
 * left to chance, as often as the share of the hash power lets each.
 */
import type { Address, Hash } from '../base/brand.ts';
import { present, unreachable } from '../base/invariant.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { type IdentifiedTransaction, identifyTransaction, signedMessage } from '../ledger/transaction.ts';
import type { PowBlock, PowRules, Template } from '../pow/block.ts';
import { type NodeEffect, type NodeInput, PowNode } from '../pow/node.ts';
import { bitsOf } from '../pow/target.ts';
import { type SimulatedAccount, START_MS } from '../simulator/world/keys.ts';
import { Links } from '../simulator/world/links.ts';
import { Random } from '../base/random.ts';
import { Scheduler } from '../simulator/world/scheduler.ts';
import { standIn } from '../simulator/world/stand-in.ts';
import { Confirmations } from './confirmations.ts';
import { countedSignatures } from './hashes.ts';
import { comparedLedger } from './keys.ts';
import type { Meter } from './meter.ts';
import type { Meters, Network, Protocol, SeenBlock } from './protocol.ts';
import { distances, honestOf, NODES, type Scenario } from './scenario.ts';
import { SecretMiner } from './secret-miner.ts';
import { spentElsewhere } from './thief.ts';

/** Milliseconds between two blocks of all miners together, in the mean. Bitcoin's are sixty times as long, and so are all times of
 *  proof of work in what is measured here. */
export const BLOCK_MS = 10_000;
/** Confirmations after which a transaction is shown as final. */
const CONFIRMATIONS = 6;
/** For how many it is measured beside. */
const FEWER = [1, 3, CONFIRMATIONS];
const SECOND_MS = 1000;
/** Hashes a second of one miner, of four: what one core does (`trefoil pow mine` says it of this machine). */
const HASHES_PER_S = 1_000_000;
/** Bytes of an id and of a kind: what an announcement or a question is. */
const ID_BYTES = 33;

/** Of all blocks: chance says who finds one. */
export const POW_LIMIT_BITS = bitsOf((1n << 255n) - 1n);
/** Hard enough that no target changes: hash power stays what it is. */
export const POW_RULES: PowRules = {
  limitBits: POW_LIMIT_BITS,
  retargetBlocks: 1_000_000,
  periodS: (1_000_000 * BLOCK_MS) / 1000,
  futureS: 7200,
  proof: 'stand-in',
};

export const pow: Protocol = {
  name: 'pow',
  title: 'Proof of work',
  // It is chance itself: when blocks are found, and by whom.
  repetitions: 20,
  network: (scenario, seed, meters) => new PowNetwork(scenario, seed, meters),
};

interface Miner {
  readonly node: PowNode;
  /** Part of all hash power. */
  readonly share: number;
  readonly confirmations: readonly Confirmations[];
  readonly secret: SecretMiner | null;
  template: Template | null;
  isUp: boolean;
}

class PowNetwork implements Network {
  readonly scheduler = new Scheduler(START_MS);
  readonly genesis: Genesis;
  readonly accounts: readonly SimulatedAccount[];
  readonly #keys: ReadonlyMap<Address, Uint8Array>;
  readonly #random: Random;
  readonly #links: Links;
  readonly #meter: Meter;
  readonly #signatures = countedSignatures(() => this.#meter.signatures(1));
  readonly #meters: readonly { readonly needed: number; readonly meter: Meter }[];
  readonly #liars: number;
  readonly #miners: readonly Miner[];
  /** Those of `#seen`. */
  readonly blocks: SeenBlock[] = [];
  /** Blocks that came to honest miners. */
  readonly #seen = new Set<Hash>();
  #crashed: number | null = null;
  #newest = 0;
  #cutOff: readonly number[] = [];

  constructor(scenario: Scenario, seed: number, meters: Meters) {
    ({ genesis: this.genesis, accounts: this.accounts } = comparedLedger(scenario.transfersPerBlock));
    this.#keys = new Map(this.accounts.map(({ address, secret }) => [address, standIn.publicKey(secret)]));
    this.#random = new Random(seed);
    this.#links = new Links(NODES, scenario.latencyMs(0, 1), this.#random.fork());
    for (const { from, to, link } of distances(scenario)) Object.assign(this.#links.between(from, to), link);
    this.#liars = scenario.liars;
    const honest = honestOf(scenario);
    this.#meter = meters(honest);
    this.#meters = [
      { needed: CONFIRMATIONS, meter: this.#meter },
      ...FEWER.map((needed) => ({ needed, meter: meters(honest, needed) })),
    ];
    this.#miners = Array.from({ length: NODES }, (_, index) => this.#miner(index));
  }

  /** The liars are one: the first of them has the hash power of all. */
  #miner(index: number): Miner {
    const { genesis } = this;
    const isSigned = (item: IdentifiedTransaction): boolean => this.#isSigned(item);
    const isLiar = index < this.#liars;
    return {
      node: new PowNode({ genesis, firstBits: POW_LIMIT_BITS, rules: POW_RULES, isSigned, miner: index }),
      share: isLiar ? (index === 0 ? this.#liars / NODES : 0) : 1 / NODES,
      confirmations: this.#meters.map(
        ({ needed, meter }) =>
          new Confirmations(needed, {
            final: (height, id, ids) => meter.final(index, height, id, ids, this.#nowMs),
            reversed: (ids) => meter.reversed(index, ids, this.#nowMs),
          }),
      ),
      secret: isLiar ? new SecretMiner(CONFIRMATIONS) : null,
      template: null,
      isUp: true,
    };
  }

  get #nowMs(): number {
    return this.scheduler.nowMs - START_MS;
  }

  #isSigned(item: IdentifiedTransaction): boolean {
    const key = this.#keys.get(item.signed.transaction.sender);
    return key !== undefined && this.#signatures.verify(key, signedMessage(item), item.signed.signature);
  }

  start(): void {
    for (const index of this.#miners.keys()) {
      this.#step(index, { kind: 'renew' });
      this.#mine(index);
    }
    this.#hash();
  }

  /** Miners hash all the time, whatever they find. What they hash beside that is next to nothing, and not all of it is counted:
   *  blocks come to them as they are, and not as bytes. */
  #hash(): void {
    this.scheduler.after(SECOND_MS, () => {
      for (const { isUp, share } of this.#miners) if (isUp) this.#meter.hashes(share * NODES * HASHES_PER_S);
      this.#hash();
    });
  }

  offer(node: number, bytes: Uint8Array, id: Hash): void {
    const item = identifyTransaction(bytes, id);
    if (item.ok) this.#step(node, { kind: 'transaction', from: null, item: item.value });
  }

  /** Whoever found the newest block. */
  crashLeader(): void {
    this.#crashed = this.#newest;
    this.#minerAt(this.#newest).isUp = false;
  }

  /** With the blocks that it had; it asks for the others when it hears of them. */
  restart(): void {
    if (this.#crashed !== null) this.#minerAt(this.#crashed).isUp = true;
  }

  cut(side: readonly number[]): void {
    this.#cutOff = side;
    this.#block(true);
  }

  heal(): void {
    this.#block(false);
  }

  #block(blocked: boolean): void {
    const isInside = (node: number): boolean => this.#cutOff.includes(node);
    for (const from of this.#miners.keys())
      for (const to of this.#miners.keys())
        if (isInside(from) !== isInside(to)) this.#links.between(from, to).blocked = blocked;
  }

  #minerAt(index: number): Miner {
    return present(this.#miners[index], 'miner');
  }

  /** Finding blocks has no memory: at any moment the next one is as far away. */
  #mine(index: number): void {
    const { share } = this.#minerAt(index);
    if (share === 0) return;
    const ms = (-Math.log(1 - this.#random.between(0, 1)) * BLOCK_MS) / share;
    this.scheduler.after(ms, () => {
      this.#find(index);
      this.#mine(index);
    });
  }

  #find(index: number): void {
    const miner = this.#minerAt(index);
    // Miners take in new transactions all the time.
    this.#step(index, { kind: 'renew' });
    if (miner.template === null || !miner.isUp) return;
    this.#newest = index;
    this.#step(index, { kind: 'found', template: miner.template, nonce: 0 });
  }

  #step(index: number, input: NodeInput): void {
    const miner = this.#minerAt(index);
    if (!miner.isUp) return;
    const told = miner.secret === null ? input : this.#forged(input);
    for (const effect of miner.node.step(told, this.scheduler.nowMs / 1000)) this.#carryOut(index, miner, effect);
  }

  /** In its secret branch the liar keeps its money. */
  #forged(input: NodeInput): NodeInput {
    return input.kind === 'transaction' ? { ...input, item: spentElsewhere(input.item, this.accounts) } : input;
  }

  /** A block of another miner: who mines in secret does not follow it. */
  #hear(index: number, from: number, block: PowBlock): void {
    const { secret } = this.#minerAt(index);
    if (secret === null) return this.#step(index, { kind: 'block', from: String(from), block });
    secret.heard(block);
    this.#decide(index, secret);
  }

  #decide(index: number, secret: SecretMiner): void {
    const decision = secret.decide();
    for (const block of decision.publish) this.#publish(index, block);
    for (const block of decision.follow)
      this.#step(index, { kind: 'block', from: String(block.coinbase.miner), block });
  }

  #carryOut(index: number, miner: Miner, effect: NodeEffect): void {
    const toOne = (to: number, bytes: number, input: NodeInput): void =>
      this.#send(index, to, bytes, () => this.#step(to, input));
    const toAll = (except: number | null, bytes: number, input: NodeInput): void => {
      for (const to of this.#miners.keys()) if (to !== index && to !== except) toOne(to, bytes, input);
    };
    switch (effect.kind) {
      case 'mine':
        miner.template = effect.template;
        return;
      case 'send-block':
        if (effect.to !== null) return this.#sendBlock(index, Number(effect.to), effect.block);
        if (miner.secret === null) return this.#publish(index, effect.block);
        miner.secret.found(effect.block);
        return this.#decide(index, miner.secret);
      case 'send-transaction':
        if (miner.secret !== null) return;
        return toAll(effect.except === null ? null : Number(effect.except), effect.item.bytes.length, {
          kind: 'transaction',
          from: String(index),
          item: effect.item,
        });
      case 'announce':
        return toAll(Number(effect.except), ID_BYTES, { kind: 'announced', from: String(index), id: effect.id });
      case 'ask':
        return toOne(Number(effect.to), ID_BYTES, { kind: 'ask', from: String(index), id: effect.id });
      case 'connected':
        for (const each of miner.confirmations) each.connected(effect.block, effect.isTip);
        return this.#saw(index, effect.block);
      case 'reorganised':
        return this.#meter.reorganised(index, effect.depth);
      case 'refused':
        return;
      default:
        unreachable(effect);
    }
  }

  #publish(index: number, block: PowBlock): void {
    for (const to of this.#miners.keys()) if (to !== index) this.#sendBlock(index, to, block);
  }

  #sendBlock(from: number, to: number, block: PowBlock): void {
    this.#send(from, to, block.bytes.length, () => this.#hear(to, from, block));
  }

  #send(from: number, to: number, bytes: number, arrive: () => void): void {
    const link = this.#links.between(from, to);
    // Where no connection stands nothing leaves.
    if (link.blocked || !this.#minerAt(to).isUp) return;
    this.#meter.message(bytes);
    this.#links.send(
      link,
      this.scheduler.nowMs,
      (delayMs) => this.scheduler.after(delayMs, arrive),
      () => {},
    );
  }

  #saw(index: number, { id, header, coinbase }: PowBlock): void {
    const { height, miner } = coinbase;
    this.#meter.saw(index, height, id);
    if (index < this.#liars || this.#seen.has(id)) return;
    this.#seen.add(id);
    this.blocks.push({ id, parent: header.parent, height, miner, atMs: this.#nowMs });
  }
}

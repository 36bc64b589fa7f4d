/**
 * Spending money twice (Nakamoto 2008, sections 4 and 11): somebody pays a merchant, who waits for confirmations and delivers; and has
 * mined in secret meanwhile a branch in which the same money goes elsewhere. And the same two transactions given to PBFT, one to
 * each half, with a primary that lies.
 */
import type { Hash } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { accountIn } from '../ledger/account.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { type IdentifiedTransaction, identifyTransaction, signedMessage } from '../ledger/transaction.ts';
import type { PowBlock } from '../pow/block.ts';
import { type NodeInput, PowNode } from '../pow/node.ts';
import { exactRisk } from '../pow/risk.ts';
import { type SimulatedAccount, START_MS, TRANSFERS_PER_BLOCK } from '../simulator/world/keys.ts';
import { Random } from '../base/random.ts';
import { Simulation } from '../simulator/simulation.ts';
import { standIn } from '../simulator/world/stand-in.ts';
import { comparedLedger } from './keys.ts';
import { Meter } from './meter.ts';
import { BLOCK_MS, POW_LIMIT_BITS, POW_RULES } from './pow-network.ts';
import { NODES } from './scenario.ts';
import { twoFaced } from './two-faced.ts';
import { signedTransfer } from './workload.ts';

export interface DoubleSpend {
  readonly share: number;
  readonly confirmations: number;
  /** The first of them that succeeded, if any did. */
  readonly pow: PowTheft;
  /** The chance that it succeeds, exactly, and how often it did in so many tries with the seeds from this one on. */
  readonly chance: number;
  readonly tries: number;
  readonly successes: number;
  readonly pbft: PbftTheft;
}

interface PowTheft {
  readonly seed: number;
  /** Height at which the merchant saw the payment, and when it was confirmed as often as asked. */
  readonly paidAtHeight: number;
  readonly deliveredMs: number;
  /** When the secret branch was shown; null where the thief gave up. */
  readonly takenBackMs: number | null;
  /** Blocks that the merchant's node undid. */
  readonly depth: number;
  /** What the merchant has got at the end, of 100. */
  readonly merchantHas: string;
}

interface PbftTheft {
  /** How many of the two an honest node showed as final, the most. */
  readonly most: number;
  readonly disagreed: boolean;
  /** Honest nodes that can prove that the liar signed two bodies. */
  readonly provers: number;
}

const AMOUNT = 100n;
/** Blocks behind at which the thief gives up: the chance to catch up is below one in a million at a share of 40 %. */
const GIVE_UP = 35;
const TRIES = 200;
/** What is drawn is told apart by 32 bits. */
const SEEDS = 10_000_000;
const PBFT_MS = 30_000;
/** Until nodes are connected. */
const START_UP_MS = 1000;

export function doubleSpend(share: number, confirmations: number, seed: number): DoubleSpend {
  const thefts = Array.from({ length: TRIES }, (_, at) =>
    new Theft(share, confirmations, (seed % SEEDS) * TRIES + at).run(),
  );
  const succeeded = thefts.filter(({ takenBackMs }) => takenBackMs !== null);
  return {
    share,
    confirmations,
    pow: present(succeeded[0] ?? thefts[0], 'a theft'),
    chance: exactRisk(share, confirmations),
    tries: TRIES,
    successes: succeeded.length,
    pbft: againstPbft(seed),
  };
}

/** Two nodes: that of everybody else, and the thief's. */
class Theft {
  readonly #share: number;
  readonly #confirmations: number;
  readonly #seed: number;
  readonly #random: Random;
  readonly #public: PowNode;
  readonly #secret: PowNode;
  readonly #payment: IdentifiedTransaction;
  readonly #merchant: SimulatedAccount;
  readonly #before: bigint;
  #own: PowBlock[] = [];
  #nowMs = 0;
  #paidAtHeight = 0;

  constructor(share: number, confirmations: number, seed: number) {
    this.#share = share;
    this.#confirmations = confirmations;
    this.#seed = seed;
    this.#random = new Random(seed);
    const { genesis, accounts } = comparedLedger(TRANSFERS_PER_BLOCK);
    const [thief, merchant, other] = [0, 1, 2].map((index) => present(accounts[index], 'account'));
    invariant(thief !== undefined && merchant !== undefined && other !== undefined, 'there are three accounts');
    this.#merchant = merchant;
    this.#payment = identified(signedTransfer(genesis, thief, 0, merchant.address, AMOUNT));
    const again = identified(signedTransfer(genesis, thief, 0, other.address, AMOUNT));
    this.#public = nodeOf(genesis, accounts, 0);
    this.#secret = nodeOf(genesis, accounts, 1);
    this.#before = accountIn(this.#public.state.source, merchant.address).balance;
    this.#step(this.#secret, { kind: 'transaction', from: null, item: again });
    // The thief pays when it has one block that nobody knows of (Rosenfeld 2014, section 2).
    this.#find(this.#secret);
    this.#step(this.#public, { kind: 'transaction', from: null, item: this.#payment });
  }

  run(): PowTheft {
    let deliveredMs: number | null = null;
    while (this.#public.tip.height - this.#secret.tip.height < GIVE_UP) {
      this.#next();
      const confirmed = this.#public.confirmations(this.#payment.id) ?? 0;
      if (confirmed > 0) this.#paidAtHeight = this.#public.tip.height - confirmed + 1;
      if (confirmed >= this.#confirmations) deliveredMs ??= this.#nowMs;
      if (deliveredMs !== null && this.#own.length > this.#public.tip.height)
        return this.#result(deliveredMs, this.#publish());
    }
    return this.#result(deliveredMs ?? this.#nowMs, 0);
  }

  /** Somebody finds a block. */
  #next(): void {
    this.#nowMs += -Math.log(1 - this.#random.between(0, 1)) * BLOCK_MS;
    this.#find(this.#random.chance(this.#share) ? this.#secret : this.#public);
  }

  #find(node: PowNode): void {
    for (const effect of this.#step(node, { kind: 'renew' })) {
      if (effect.kind !== 'mine') continue;
      const found = this.#step(node, { kind: 'found', template: effect.template, nonce: 0 });
      if (node === this.#secret)
        this.#own.push(...found.flatMap((each) => (each.kind === 'connected' ? [each.block] : [])));
    }
  }

  /** Returns how many blocks the public node undid. */
  #publish(): number {
    let depth = 0;
    for (const block of this.#own)
      for (const effect of this.#step(this.#public, { kind: 'block', from: 'thief', block }))
        if (effect.kind === 'reorganised') depth = effect.depth;
    return depth;
  }

  #result(deliveredMs: number, depth: number): PowTheft {
    const now = accountIn(this.#public.state.source, this.#merchant.address).balance;
    return {
      seed: this.#seed,
      paidAtHeight: this.#paidAtHeight,
      deliveredMs: Math.round(deliveredMs),
      takenBackMs: depth > 0 ? Math.round(this.#nowMs) : null,
      depth,
      merchantHas: (now - this.#before).toString(),
    };
  }

  #step(node: PowNode, input: NodeInput): ReturnType<PowNode['step']> {
    return node.step(input, (START_MS + this.#nowMs) / 1000);
  }
}

function nodeOf(genesis: Genesis, accounts: readonly SimulatedAccount[], miner: number): PowNode {
  const keys = new Map(accounts.map(({ address, secret }) => [address, standIn.publicKey(secret)]));
  const isSigned = (item: IdentifiedTransaction): boolean => {
    const key = keys.get(item.signed.transaction.sender);
    return key !== undefined && standIn.verify(key, signedMessage(item), item.signed.signature);
  };
  return new PowNode({ genesis, firstBits: POW_LIMIT_BITS, rules: POW_RULES, isSigned, miner });
}

function identified(bytes: Uint8Array): IdentifiedTransaction {
  const item = identifyTransaction(bytes);
  invariant(item.ok, 'a transaction of our own can be decoded');
  return item.value;
}

/** The liar leads, gives each half another body, and one of the two transactions is offered to each half. */
function againstPbft(seed: number): PbftTheft {
  const shown = new Map<number, Set<Hash>>();
  const meter = new Meter([1, 2, 3]);
  const provers = new Set<number>();
  const simulation = new Simulation({
    seed,
    powers: Array.from({ length: NODES }, () => 1n),
    liars: new Map([[0, twoFaced]]),
    watch: {
      name: 'theft',
      finalized: ({ slot }, { hash, record }) => {
        meter.final(slot, record.header.height, hash, [], simulation.nowMs);
        const mine = shown.get(slot) ?? new Set();
        shown.set(slot, mine);
        for (const { transactionId } of record.receipts) mine.add(transactionId);
      },
      accused: ({ slot }) => void provers.add(slot),
    },
  });
  const [thief, merchant, other] = simulation.clients.accounts;
  invariant(thief !== undefined && merchant !== undefined && other !== undefined, 'there are three accounts');
  const pair = [merchant, other].map(({ address }) => signedTransfer(simulation.genesis, thief, 0, address, AMOUNT));
  const ids = pair.map((bytes) => identified(bytes).id);
  const { scheduler } = simulation;
  const run = (ms: number): void => {
    const endMs = scheduler.nowMs + ms;
    while (scheduler.runNext(endMs));
  };
  simulation.startAll();
  run(START_UP_MS);
  for (const node of [1, 2, 3])
    simulation.node(node).input((driver) => driver.submit(present(pair[node % 2], 'one of the pair'), () => {}));
  run(PBFT_MS);
  const most = Math.max(0, ...[...shown.values()].map((mine) => ids.filter((id) => mine.has(id)).length));
  return { most, disagreed: meter.result(simulation.nowMs).disagreed, provers: provers.size };
}

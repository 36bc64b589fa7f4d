/** Transactions whose sender's account is not in memory: what happens to them while it is read, and who pays for that. */
import { describe, expect, test } from 'vitest';
import type { Hash, Height, ValidatorIndex } from '../../src/base/brand.ts';
import { BodyPool } from '../../src/driver/bodies/body-pool.ts';
import {
  PRICE_OF_SENDER,
  PRICE_OF_SENDERS,
  priceOfPlace,
  priceOfTransaction,
} from '../../src/driver/fairness/prices.ts';
import { Intake } from '../../src/driver/transactions/intake.ts';
import type { SubmitOutcome } from '../../src/driver/transactions/fate.ts';
import { Mempool } from '../../src/driver/transactions/mempool.ts';
import type { Account } from '../../src/ledger/account.ts';
import { type Body, bodyHash, NULL_BODY } from '../../src/ledger/block.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { makeGenesis, makeTransaction, stranger, transfer } from '../ledger/network.ts';

const genesis = makeGenesis();
/** What each sender has. */
const PAID: Account = { balance: 1000n, nonce: 0 };
const of = (sender: number, nonce = 0, expiresAt = 0) =>
  makeTransaction({
    chainId: genesis.chainId,
    sender: stranger(sender),
    nonce,
    expiresAt: expiresAt as Height,
    operations: [transfer(stranger(9), 1n)],
  });

/** Accounts come when `arrive` is called; `known` are here from the start. Blocks were executed up to height 5. */
function make(known: readonly number[] = []) {
  const here = new Set<string>(known.map(stranger));
  const waiting: { readonly sender: string; readonly run: () => void }[] = [];
  let paid = 0;
  let asked = 0;
  let checked = 0;
  const mempool = new Mempool(() => PAID, genesis.ledger);
  const bodies = new BodyPool();
  const intake = new Intake({
    state: { ...genesisState(genesis), source: { get: () => PAID }, head: { header: { height: 5 } } } as never,
    mempool,
    bodies,
    stateFetching: {
      withEntry: ({ text }, run) => {
        if (here.has(text)) run();
        else waiting.push({ sender: text, run });
      },
    },
    isInMemory: (sender) => here.has(sender),
    verifier: {
      check: () => true,
      checkBatch: (checks, done) => {
        checked += checks.length;
        done(checks.map(() => true));
      },
    },
    clock: { nowMs: () => 0, soon: (run) => run() },
    loop: { input: (run) => run() },
    committed: () => {},
    outbox: { broadcast: () => {} },
    observer: { rejected: () => {} },
    punish: (_, code) => {
      throw new Error(code);
    },
    budgets: {
      charge: (_, __, price) => (paid += price),
      refund: (_, __, price) => (paid -= price),
    },
    questions: { takeTransaction: () => asked-- > 0 },
    roster: { validatorOf: (peer) => peer.charCodeAt(0) as ValidatorIndex },
  });
  return {
    intake,
    mempool,
    bodies,
    waiting,
    tell(from: string, ...told: readonly { readonly bytes: Uint8Array }[]): void {
      for (const { bytes } of told) paid += priceOfPlace(bytes.length);
      intake.receive(
        from,
        told.map(({ bytes }) => bytes),
      );
      intake.flush();
    },
    submit(bytes: Uint8Array): SubmitOutcome[] {
      const answers: SubmitOutcome[] = [];
      intake.submit(bytes, (outcome) => answers.push(outcome));
      return answers;
    },
    arrive(): void {
      for (const { sender, run } of waiting.splice(0)) {
        here.add(sender);
        run();
      }
      intake.flush();
    },
    forget: () => here.clear(),
    ask: (count: number) => void (asked = count),
    get paid(): number {
      return Math.round(1000 * paid) / 1000 + 0;
    },
    get checked(): number {
      return checked;
    },
  };
}

const BYTES = of(1).bytes.length;
const price = (count: number, senders: number, bundles: number): number =>
  count * (priceOfTransaction(BYTES) + priceOfPlace(BYTES)) + senders * PRICE_OF_SENDER + bundles * PRICE_OF_SENDERS;

/** A body that lacks these. */
function lacking(pool: BodyPool, ...ids: readonly Hash[]): void {
  const body: Body = { ...NULL_BODY, transactionIds: [...ids] };
  const pooled = pool.add(6 as Height, bodyHash(body), body, null);
  pool.collect(pooled, () => undefined);
}

describe('while the account is read', () => {
  test('a transaction is among those that are looked at, and its signature is not', () => {
    const world = make();
    world.tell('a', of(1));
    expect([world.intake.isChecking(of(1).id), world.intake.checking, world.checked]).toEqual([true, 1, 0]);
    world.arrive();
    expect([world.intake.checking, world.checked, world.mempool.size]).toEqual([0, 1, 1]);
  });

  test('others who tell it have it looked at once', () => {
    const world = make();
    for (const peer of ['a', 'b', 'c']) world.tell(peer, of(1));
    expect([world.waiting.length, world.intake.checking]).toEqual([1, 1]);
    world.arrive();
    expect([world.checked, world.mempool.size, world.paid]).toEqual([1, 1, 0]);
  });

  test('clients who submit it wait for the same, and each hears of it', () => {
    const world = make();
    world.tell('a', of(1));
    const answers = [world.submit(of(1).bytes), world.submit(of(1).bytes)];
    expect(answers).toEqual([[], []]);
    world.arrive();
    expect(answers).toMatchObject([[{ status: 'pending' }], [{ status: 'pending' }]]);
  });

  test('clients hear that it cannot be taken in, though a peer told it first', () => {
    const world = make();
    world.tell('a', of(1, 0, 3));
    const answer = world.submit(of(1, 0, 3).bytes);
    world.arrive();
    expect(answer).toMatchObject([{ code: 'EXPIRED' }]);
    expect(world.intake.checking).toBe(0);
  });

  test('a body that comes to lack it gets it, though no other body may have it', () => {
    const world = make();
    const expired = of(1, 0, 3);
    world.tell('a', expired);
    lacking(world.bodies, expired.id);
    expect(world.bodies.wants(expired.id)).toBe(true);
    world.arrive();
    expect([world.bodies.wants(expired.id), world.checked]).toEqual([false, 1]);
  });

  test('no more are taken in than may be looked at, be they all of one sender', () => {
    const world = make();
    for (let nonce = 0; nonce < 8192; nonce++) world.tell('a', of(1, nonce));
    world.tell('a', of(1, 8192), of(2));
    expect([world.intake.checking, world.waiting.length]).toEqual([8192, 8192]);
    expect(world.submit(of(3).bytes)).toMatchObject([{ code: 'MEMPOOL_FULL' }]);
  });
});

test('a body that lacks a transaction has it as soon as its signature is right, whoever its sender is', () => {
  const world = make();
  lacking(world.bodies, of(1).id);
  world.tell('a', of(1));
  expect([world.bodies.wants(of(1).id), world.checked, world.intake.isChecking(of(1).id)]).toEqual([false, 1, true]);
  world.arrive();
  expect([world.intake.checking, world.mempool.size, world.paid]).toEqual([0, 1, 0]);
});

describe('who sends it pays', () => {
  test('for the reading, once for a bundle and a little for each of its senders', () => {
    const world = make();
    world.tell('a', of(1, 0, 3), of(2, 0, 3), of(3, 0, 3));
    expect(world.paid).toBeCloseTo(price(3, 3, 1), 2);
    world.tell('a', of(4, 0, 3));
    expect(world.paid).toBeCloseTo(price(4, 4, 2), 2);
  });

  test('nothing for senders who are in memory', () => {
    const world = make([1, 2]);
    world.tell('a', of(1, 0, 3), of(2, 0, 3));
    expect(world.paid).toBeCloseTo(price(2, 0, 0), 2);
  });

  test('and gets it back when it was of use', () => {
    const world = make();
    world.tell('a', of(1), of(2));
    expect(world.paid).toBeCloseTo(price(2, 2, 1), 2);
    world.arrive();
    expect(world.paid).toBeCloseTo(0, 2);
  });

  test('nothing for what it was asked for', () => {
    const world = make();
    world.ask(1);
    world.tell('a', of(1, 0, 3));
    world.arrive();
    expect(world.paid).toBeCloseTo(0, 2);
  });
});

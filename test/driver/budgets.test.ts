/** What peers cost, and who pays. */
import { describe, expect, test } from 'vitest';
import type { Height, ValidatorIndex } from '../../src/base/brand.ts';
import { BodyPool } from '../../src/driver/bodies/body-pool.ts';
import { Budgets } from '../../src/driver/fairness/budgets.ts';
import { COSTS } from '../../src/driver/fairness/costs.ts';
import { Inbox } from '../../src/driver/fairness/inbox.ts';
import { Intake } from '../../src/driver/transactions/intake.ts';
import { KnownSignatures } from '../../src/driver/fairness/known-signatures.ts';
import {
  BUDGET_BURST_MIN_US,
  BUDGET_BURST_US,
  BUDGET_US_PER_MS,
  HOLD_BULK_MS,
  HOLD_BYTES,
  PACE_BURST_US,
  PACE_US_PER_MS,
  SHUT_OUT_US,
  SHUT_OUT_US_PER_MS,
  THROTTLED_NOTE_MS,
} from '../../src/driver/limits.ts';
import { Mempool } from '../../src/driver/transactions/mempool.ts';
import { Pace } from '../../src/driver/fairness/pace.ts';
import {
  priceOfTransaction,
  priceOfMessage,
  priceOfPlace,
  priceOfUselessness,
} from '../../src/driver/fairness/prices.ts';
import { Questions } from '../../src/driver/fairness/questions.ts';
import { Refusals } from '../../src/driver/transactions/refusals.ts';
import { encodePeerMessage } from '../../src/driver/wire/wire.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { hashOf, makeGenesis, makeTransaction, stranger, transfer } from '../ledger/network.ts';

const TICK_MS = 50;
const LANE = 'consensus';
const EACH_TICK = BUDGET_US_PER_MS[LANE] * TICK_MS;

function make(peers: readonly string[], members = 3) {
  const told: string[] = [];
  const budgets = new Budgets({
    tickMs: TICK_MS,
    members: () => members,
    throttled: (peer) => told.push(`${peer} waits`),
    overdrawn: (peer) => told.push(`${peer} is shut out`),
  });
  for (const peer of peers) budgets.connected(peer);
  return { budgets, told, left: (peer: string) => budgets.left(peer, LANE) };
}

describe('an account', () => {
  test('has its part of what there is for all, and no less than a message needs', () => {
    expect(make(['a']).left('a')).toBe(BUDGET_BURST_US / 3);
    expect(make(['a'], 63).left('a')).toBe(BUDGET_BURST_MIN_US);
  });

  test('is looked at before each message, and may be below zero after it', () => {
    const { budgets, left } = make(['a']);
    expect(budgets.canPay('a', LANE)).toBe(true);
    budgets.charge('a', LANE, BUDGET_BURST_US);
    expect(left('a')).toBeLessThan(0);
    expect(budgets.canPay('a', LANE)).toBe(false);
    expect(budgets.canPay('a', 'sync')).toBe(true);
  });

  test('gets back what was of use, but not what our answers cost', () => {
    const { budgets, left } = make(['a']);
    const before = left('a');
    const work = (useful: boolean) => () => {
      budgets.verifying();
      budgets.answered('a', 10);
      budgets.answered('b', 1000);
      return useful;
    };
    budgets.paying('a', LANE, 100, work(true));
    expect(left('a')).toBe(before - 10);
    budgets.paying('a', LANE, 100, work(false));
    expect(left('a')).toBe(before - 10 - (100 + COSTS.verify + 10));
  });

  test('pays for what is read for it later, and gets no other answer until then', () => {
    const { budgets, left } = make(['a']);
    const before = left('a');
    let finish = (): void => {};
    budgets.paying('a', LANE, 0, () => {
      budgets.reading((done) => {
        finish = () => done(1, 1024, () => budgets.answered('a', 7));
      });
      return false;
    });
    expect([budgets.canPay('a', LANE), left('a')]).toEqual([false, before]);
    finish();
    expect(budgets.canPay('a', LANE)).toBe(true);
    expect(left('a')).toBeLessThan(before - 7);
  });

  test('of one that left outlives what is still read for it: it may come again before that is done', () => {
    const { budgets } = make(['a']);
    let finish = (): void => {};
    budgets.paying('a', LANE, 0, () => {
      budgets.reading((done) => {
        finish = () => done(1, 1024, () => {});
      });
      return false;
    });
    budgets.disconnected('a');
    budgets.tick();
    budgets.connected('a');
    finish();
    expect(budgets.canPay('a', LANE)).toBe(true);
  });

  test('is filled with time, up to its bound: those who want it share what the others leave', () => {
    const { budgets, left } = make(['a', 'b', 'c']);
    const full = left('a');
    budgets.charge('a', LANE, 10);
    budgets.charge('b', LANE, full + 90_000);
    budgets.tick();
    expect([left('a'), left('b'), left('c')]).toEqual([full, EACH_TICK - 10 - 90_000, full]);
  });

  test('of one that comes again is that of before', () => {
    const { budgets, left } = make(['a', 'b']);
    budgets.charge('a', LANE, 2 * BUDGET_BURST_US);
    const owed = left('a');
    budgets.disconnected('a');
    budgets.connected('a');
    expect(left('a')).toBe(owed);
  });

  test('is told of because something of it waits, not because somebody asks whether it can pay', () => {
    const { budgets, told } = make(['a']);
    budgets.charge('a', LANE, 1e9);
    for (let ms = 0; ms < 2 * THROTTLED_NOTE_MS; ms += TICK_MS) {
      expect(budgets.canPay('a', LANE)).toBe(false);
      budgets.tick();
    }
    expect(told.filter((each) => each === 'a waits')).toEqual([]);
  });

  test('that is short for a while is told of, and again each such while', () => {
    const { budgets, told } = make(['a']);
    budgets.charge('a', LANE, 1e9);
    for (let ms = 0; ms < 2 * THROTTLED_NOTE_MS; ms += TICK_MS) {
      budgets.waits('a', LANE);
      budgets.tick();
    }
    expect(told.filter((each) => each === 'a waits')).toHaveLength(2);
  });
});

describe('a peer', () => {
  /** Whether it is shut out that makes so much useless work in each millisecond, for a minute. */
  function isShutOut(usPerMs: number, first = 0): boolean {
    const { budgets, told } = make(['a']);
    budgets.declined('a', first);
    for (let ms = 0; ms < 60_000; ms += TICK_MS) {
      budgets.charge('a', LANE, usPerMs * TICK_MS);
      budgets.tick();
    }
    return told.includes('a is shut out');
  }

  test.each([
    ['wastes a processor for half a minute', 2 * SHUT_OUT_US_PER_MS, 0, true],
    ['wastes half of one for ever', SHUT_OUT_US_PER_MS, 0, false],
    ['sends what we send at most, and all that waited in a link before', PACE_US_PER_MS, PACE_BURST_US + 2e6, false],
  ])('that %s', (_, usPerMs, first, expected) => {
    expect(isShutOut(usPerMs, first)).toBe(expected);
  });

  test('is not shut out for what was of use, however much', () => {
    const { budgets, told } = make(['a']);
    for (let i = 0; i < 1000; i++) {
      budgets.charge('a', LANE, SHUT_OUT_US / 10);
      budgets.refund('a', LANE, SHUT_OUT_US / 10);
    }
    expect(told).toEqual([]);
  });
});

describe('messages that wait', () => {
  const message = (kind: number, byte: number, length = 2): Uint8Array =>
    new Uint8Array(length).fill(byte).fill(kind, 0, 1);
  const [VOTE, TRANSACTIONS, FETCH_BODY] = [0, 5, 7];

  function makeInbox() {
    const { budgets } = make(['a', 'b']);
    const held: string[] = [];
    const inbox = new Inbox({ tickMs: TICK_MS, budgets, hold: (peer, on) => held.push(`${peer} ${on}`) });
    const all = (): string[] => {
      const found: string[] = [];
      inbox.begin();
      for (let next = inbox.next(); next !== undefined; next = inbox.next())
        found.push(`${next.peer}${next.message[1]}`);
      return found;
    };
    return { budgets, inbox, held, all };
  }

  test('are taken by lane, and in each in turn by what they cost', () => {
    const { inbox, all } = makeInbox();
    inbox.put('b', message(TRANSACTIONS, 9));
    for (const byte of [1, 2]) inbox.put('a', message(VOTE, byte, 100_000));
    inbox.put('b', message(VOTE, 3));
    expect(all()).toEqual(['a1', 'b3', 'a2', 'b9']);
  });

  test('wait on where their peer has nothing left, and delay nobody else', () => {
    const { budgets, inbox, all } = makeInbox();
    inbox.put('a', message(VOTE, 1));
    inbox.put('a', message(FETCH_BODY, 2));
    inbox.put('b', message(VOTE, 3));
    budgets.charge('a', LANE, 1e6);
    expect(all()).toEqual(['b3', 'a2']);
    expect(inbox.messages).toBe(1);
    budgets.refund('a', LANE, 1e6);
    expect(all()).toEqual(['a1']);
  });

  test('make room, the oldest of what was sent in bulk first and votes last; the network is asked to hold back', () => {
    const { inbox, held, all } = makeInbox();
    const LONG = 4 * 1024 * 1024;
    inbox.put('a', message(VOTE, 1, LONG));
    for (const byte of [2, 3]) inbox.put('a', message(FETCH_BODY, byte, LONG));
    inbox.put('a', message(TRANSACTIONS, 4, LONG));
    expect(held).toEqual(['a true']);
    expect(all()).toEqual(['a1', 'a4', 'a3']);
    expect(held).toEqual(['a true', 'a false']);
  });

  test('are read on after a moment where bulk is in the way of votes, which that costs the bulk', () => {
    const { budgets, inbox, held, all } = makeInbox();
    const MIB = 1024 * 1024;
    budgets.charge('a', 'transactions', 1e9);
    for (const byte of [1, 2, 3]) inbox.put('a', message(TRANSACTIONS, byte, MIB));
    for (let ms = TICK_MS; ms < HOLD_BULK_MS; ms += TICK_MS) inbox.tick();
    expect([held, inbox.messages]).toEqual([['a true'], 3]);
    inbox.tick();
    expect([held, inbox.messages]).toEqual([['a true', 'a false'], 0]);
    inbox.put('a', message(VOTE, 4));
    expect(all()).toEqual(['a4']);
  });

  test('are not, where votes alone are too much', () => {
    const { budgets, inbox, held } = makeInbox();
    budgets.charge('a', LANE, 1e9);
    inbox.put('a', message(VOTE, 1, HOLD_BYTES));
    for (let ms = 0; ms < 2 * HOLD_BULK_MS; ms += TICK_MS) inbox.tick();
    expect([held, inbox.messages]).toEqual([['a true'], 1]);
  });

  test('are forgotten with their peer', () => {
    const { inbox, all } = makeInbox();
    inbox.put('a', message(VOTE, 1));
    inbox.remove('a');
    expect([inbox.messages, all()]).toEqual([0, []]);
  });
});

test('a signature that was right is not checked again: this one, of this key, for these bytes', () => {
  const checked: string[] = [];
  const bytes = (byte: number, length = 64): Uint8Array => new Uint8Array(length).fill(byte);
  const known = new KnownSignatures((key, message, signature) => {
    checked.push(`${key[0]} ${message[0]} ${message.length} ${signature[0]}`);
    return signature[0] !== 0;
  }, 2);
  const cases = [
    [1, 2, 64, 3, true],
    [1, 2, 64, 3, false],
    [9, 2, 64, 3, true],
    [1, 9, 64, 3, true],
    [1, 2, 1000, 4, true],
    [1, 2, 1000, 4, false],
    [1, 2, 1001, 4, true],
    // What is wrong is looked at each time.
    [1, 2, 64, 0, true],
    [1, 2, 64, 0, true],
  ] as const;
  for (const [key, first, length, signature, isChecked] of cases) {
    const before = checked.length;
    expect(known.verify(bytes(key, 32), bytes(first, length), bytes(signature))).toBe(signature !== 0);
    expect([key, first, length, signature, checked.length > before]).toEqual([
      key,
      first,
      length,
      signature,
      isChecked,
    ]);
  }
  expect(known.size).toBe(2);
});

describe('a transaction of a peer', () => {
  const genesis = makeGenesis();
  const of = (nonce: number, expiresAt = 0) =>
    makeTransaction({
      chainId: genesis.chainId,
      sender: stranger(1),
      nonce,
      expiresAt: expiresAt as Height,
      operations: [transfer(stranger(9), 1n)],
    });

  /** One after the other: bundles that a peer sends, then their signatures are checked; or blocks with all that waits. */
  type Event = readonly { readonly bytes: Uint8Array; readonly from?: string }[] | 'executed';

  /** What peers have paid after these events, and how many signatures were checked. */
  function pay(events: readonly Event[], asked = 0, valid = true) {
    let paid = 0;
    let left = asked;
    let checked = 0;
    let nonce = 0;
    const accountOf = () => ({ balance: 1n, nonce });
    const mempool = new Mempool(accountOf, genesis.ledger);
    const intake = new Intake({
      state: { ...genesisState(genesis), source: { get: accountOf }, head: { header: { height: 5 } } } as never,
      mempool,
      bodies: new BodyPool(),
      stateFetching: { withEntry: (_, run) => run() },
      isInMemory: () => true,
      verifier: {
        check: () => valid,
        checkBatch: (checks, done) => {
          checked += checks.length;
          done(checks.map(() => valid));
        },
      },
      clock: { nowMs: () => 0, soon: (run) => run() },
      loop: { input: (run) => run() },
      committed: () => {},
      outbox: { broadcast: () => {} },
      observer: { rejected: () => {} },
      punish: () => {},
      budgets: {
        charge: (_, __, price) => (paid += price),
        refund: (_, __, price) => (paid -= price),
      },
      questions: { takeTransaction: () => left-- > 0 },
      // An observer is no validator.
      roster: { validatorOf: (peer) => (peer === 'o' ? undefined : (peer.charCodeAt(0) as ValidatorIndex)) },
    });
    for (const event of events) {
      if (event === 'executed') {
        nonce = mempool.pendingNonce(stranger(1)) ?? nonce;
        mempool.prune([[stranger(1), accountOf()]], 6, 0);
        continue;
      }
      for (const { bytes, from } of event) {
        paid += priceOfPlace(bytes.length);
        intake.receive(from ?? 'a', [bytes]);
      }
      intake.flush();
    }
    return { paid: Math.round(1000 * paid) / 1000, checked };
  }

  const by = (from: string, expiresAt = 0) => ({ ...of(0, expiresAt), from });
  const place = (count: number): number => Math.round(1000 * count * priceOfPlace(of(0).bytes.length)) / 1000;
  const all = (count: number): number => place(count) + count * priceOfTransaction(of(0).bytes.length);

  test.each([
    ['is given back when it is new and taken in', [[of(0)]], 0, true, 0, 1],
    ['that is known costs its place', [[of(0)], [of(0)]], 0, true, place(1), 1],
    ['that is refused is paid for, and its signature is not looked at', [[of(0, 3)]], 0, true, all(1), 0],
    ['that cannot be held is, too', [[of(100_000)]], 0, true, all(1), 0],
    ['that was refused before costs its place', [[of(0, 3)], [of(0, 3)]], 0, true, all(1) + place(1), 0],
    ['that nobody signed is paid for', [[of(0)]], 0, false, all(1), 1],
    ['that another told is given back too', [[of(0)], [by('b')]], 0, true, 0, 1],
    ['that another told costs its place when it is told again', [[of(0)], [by('b')], [by('b')]], 0, true, place(1), 1],
    ['that another told is given back while it is checked, once', [[of(0), by('b'), by('b')]], 0, true, place(1), 1],
    ['told while it was checked and after that costs its place', [[of(0), by('b')], [by('b')]], 0, true, place(1), 1],
    ['that all tell is given back to each', [[of(0), by('b')], [by('c')], [by('d')]], 0, true, 0, 1],
    ['that nobody signed is paid for by all who tell it', [[of(0), by('b')]], 0, false, all(1) + place(1), 1],
    ['that was refused before is paid for by others too', [[of(0, 3)], [by('b', 3)]], 0, true, all(1) + place(1), 0],
    ['that was executed is given back, too', [[of(0)], 'executed', [by('b')], [by('c')]], 0, true, 0, 1],
    [
      'that was executed and is told again costs its place',
      [[of(0)], 'executed', [by('b')], [by('b')]],
      0,
      true,
      place(1),
      1,
    ],
    ['that was executed is paid for by who told it before', [[of(0)], 'executed', [of(0)]], 0, true, all(1), 1],
    ['that is known is paid for by an observer', [[of(0)], [by('o')]], 0, true, place(1), 1],
    ['that we asked for is at our cost', [[of(0), of(0, 3)]], 2, true, 0, 1],
  ] as const)('%s', (_, events, asked, valid, paid, checked) => {
    expect(pay(events, asked, valid)).toEqual({ paid: expect.closeTo(paid, 2), checked });
  });
});

test.each([
  ['EXPIRED', true],
  ['NONCE_TOO_LOW', true],
  ['NONCE_TOO_HIGH', false],
  ['MEMPOOL_FULL', false],
  ['INSUFFICIENT_BALANCE', false],
] as const)('a refused transaction is remembered: %s for ever is %s, or until a block is executed', (code, forEver) => {
  const refusals = new Refusals();
  const id = hashOf('a');
  refusals.add(id, code, 7 as Height);
  expect([refusals.has(id, 7 as Height), refusals.has(id, 8 as Height)]).toEqual([true, forEver]);
  expect(refusals.has(hashOf('b'), 7 as Height)).toBe(false);
});

describe('what we send', () => {
  const question = encodePeerMessage({
    kind: 'fetch-transactions',
    ids: Array.from({ length: 4096 }, () => hashOf('a')),
  });

  test('keeps to a pace where it may be useless, to each peer, by the prices of who gets it', () => {
    const pace = new Pace(TICK_MS);
    let sent = 0;
    while (pace.take('a', 'fetch-transactions', question)) sent += 1;
    expect(sent).toBe(Math.ceil(PACE_BURST_US / priceOfUselessness(question)));
    expect(pace.take('b', 'fetch-transactions', question)).toBe(true);
    expect(pace.take('a', 'status', question)).toBe(true);
    pace.tick();
    expect(pace.take('a', 'fetch-transactions', question)).toBe(true);
  });

  test('is answered at our cost, as often as we asked, and what we did not ask for is not', () => {
    const questions = new Questions();
    const fetch = { kind: 'fetch-body', height: 5 as Height, hash: hashOf('a') } as const;
    expect(questions.awaits('a', 'body')).toBe(false);
    for (let i = 0; i < 2; i++) questions.asked('a', fetch);
    expect([questions.awaits('a', 'body'), questions.awaits('b', 'body')]).toEqual([true, false]);
    expect(questions.takeBody('a', hashOf('b'))).toBe(false);
    expect([1, 2, 3].map(() => questions.takeBody('a', hashOf('a')))).toEqual([true, true, false]);
    questions.asked('a', { kind: 'fetch-blocks', from: 3 as Height, count: 64 });
    expect([questions.takeBlocks('b', 3), questions.takeBlocks('a', 4), questions.takeBlocks('a', 3)]).toEqual([
      false,
      false,
      true,
    ]);
    questions.asked('a', { kind: 'fetch-transactions', ids: [hashOf('a')] });
    expect([questions.takeTransaction('a', 100), questions.takeTransaction('a', 100)]).toEqual([true, false]);
    expect(questions.awaits('a', 'vote')).toBe(true);
  });
});

test('what was asked for is paid by us up to the bytes that it may have', () => {
  const questions = new Questions();
  const LONGEST = 136 * 1024;
  const ids = (count: number) => Array.from({ length: count }, () => hashOf('a'));
  const taken = (bytes: number, count: number) =>
    Array.from({ length: count }, () => questions.takeTransaction('a', bytes)).filter(Boolean).length;
  questions.asked('a', { kind: 'fetch-transactions', ids: ids(2) });
  expect(taken(LONGEST, 3)).toBe(2);
  questions.asked('a', { kind: 'fetch-transactions', ids: ids(4096) });
  expect(taken(LONGEST, 4096)).toBe(Math.floor((8 * 1024 * 1024) / LONGEST));
  expect(taken(200, 10)).toBe(10);
});

test('a transaction costs its sender by its length', () => {
  expect(priceOfTransaction(200)).toBe(priceOfTransaction(1024));
  expect(priceOfTransaction(129 * 1024)).toBe(priceOfTransaction(1024) + 128 * COSTS.transactionKiB);
});

test('no message is cheaper than its way through the network', () => {
  for (let kind = 0; kind < 14; kind++)
    expect(priceOfMessage(new Uint8Array(1024).fill(kind))).toBeGreaterThanOrEqual(COSTS.message + COSTS.wireKiB);
});

/** Stake: in, out, and back, and what becomes of a validator by it. */
import { describe, expect, test } from 'vitest';
import { STAKES, TREASURY, BURNT } from '../../../src/ledger/account.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import {
  admit,
  bond,
  Chain,
  type Founding,
  ownerOf,
  proofAgainst,
  propose,
  throwOut,
  unbond,
  unjail,
  vote,
  withdraw,
} from './kit.ts';

const sum = (amounts: Record<number, bigint>): bigint => Object.values(amounts).reduce((a, b) => a + b, 0n);
const expectWhole = (chain: Chain): void => {
  expect(chain.supply()).toBe(chain.genesis.supply);
  expect(chain.balance(STAKES)).toBe(chain.stakes());
};

describe('a bond', () => {
  test('is taken from the account, and counts from the next epoch on', () => {
    const chain = new Chain();
    const before = chain.balance(ownerOf(3));
    expect(chain.send(3, bond(3, 7))).toMatchObject({ code: 'OK', events: [{ kind: 'bond', amount: 7n, stake: 17n }] });
    expect(chain.balance(ownerOf(3))).toBe(before - 7n);
    expect(chain.powers()).toEqual({ 0: 40n, 1: 30n, 2: 20n, 3: 10n });
    chain.enter(1);
    expect(chain.powers()).toEqual({ 0: 40n, 1: 30n, 2: 20n, 3: 17n });
    expectWhole(chain);
  });

  test('makes a candidate pending once it is enough, and active with the next epoch', () => {
    const chain = withNewcomer();
    expect(chain.record(4)).toMatchObject({ status: 'candidate', stake: 0n });
    expect(chain.say(4, bond(4, 4))).toBe('OK');
    expect(chain.record(4).status).toBe('candidate');
    expect(chain.say(4, bond(4, 1))).toBe('OK');
    expect(chain.record(4)).toMatchObject({ status: 'pending', stake: 5n });
    expect(chain.powers()[4]).toBeUndefined();
    chain.enter();
    expect(chain.record(4).status).toBe('active');
    expect(chain.powers()[4]).toBe(5n);
    expectWhole(chain);
  });
});

describe('an unbond', () => {
  test('of a part is out at once, and of the powers of the next epoch', () => {
    const chain = new Chain();
    expect(chain.say(0, unbond(0, 15))).toBe('OK');
    expect(chain.record(0)).toMatchObject({ status: 'active', stake: 25n, unbonding: [{ amount: 15n, epoch: 0 }] });
    expect(chain.powers()[0]).toBe(40n);
    chain.enter(1);
    expect(chain.powers()[0]).toBe(25n);
    expectWhole(chain);
  });

  test('of all of it makes a validator leave when the epoch ends, where enough others stay', () => {
    const chain = new Chain({ powers: [40, 30, 20, 10, 10] });
    expect(chain.say(3, unbond(3, 10))).toBe('OK');
    expect(chain.record(3)).toMatchObject({ status: 'exiting', stake: 10n, unbonding: [] });
    expect(chain.powers()[3]).toBe(10n);
    chain.enter(1);
    expect(chain.record(3)).toMatchObject({
      status: 'unbonded',
      stake: 0n,
      unbonding: [{ amount: 10n, epoch: 0 }],
      left: 1,
    });
    expect(Object.keys(chain.powers())).toEqual(['0', '1', '2', '4']);
    expectWhole(chain);
  });

  test('of one of four makes it wait, since with three nobody may fail; and a bond makes it stay', () => {
    const chain = new Chain();
    chain.say(3, unbond(3, 10));
    chain.enter(2);
    expect(chain.epoch.kept).toEqual([3]);
    expect(chain.record(3)).toMatchObject({ status: 'exiting', stake: 10n });
    expect(chain.say(3, bond(3, 1))).toBe('OK');
    expect(chain.record(3)).toMatchObject({ status: 'active', stake: 11n });
    chain.enter();
    expect([chain.epoch.kept, chain.powers()[3]]).toEqual([[], 11n]);
  });

  test('of all that a candidate has is out at once: it has no seat', () => {
    const chain = withNewcomer();
    chain.say(4, bond(4, 9));
    expect(chain.say(4, unbond(4, 9))).toBe('OK');
    expect(chain.record(4)).toMatchObject({ status: 'unbonded', stake: 0n, unbonding: [{ amount: 9n }] });
    expect(chain.say(4, bond(4, 3))).toBe('OK');
    expect(chain.record(4).status).toBe('candidate');
    expectWhole(chain);
  });

  test('of several parts in an epoch is one of all of them', () => {
    const chain = new Chain();
    chain.say(0, unbond(0, 3), unbond(0, 4));
    expect(chain.record(0).unbonding).toEqual([{ amount: 7n, epoch: 0 }]);
  });
});

describe('what is on its way out', () => {
  test('comes back after the unbonding time, the oldest first, and not an epoch before', () => {
    const chain = new Chain();
    const before = chain.balance(ownerOf(0));
    chain.say(0, unbond(0, 10));
    chain.enter(1);
    chain.say(0, unbond(0, 5));
    chain.enter(3);
    expect(chain.say(0, withdraw(0, 1))).toBe('NOT_RELEASED');
    chain.enter(4);
    expect(chain.say(0, withdraw(0, 11))).toBe('NOT_RELEASED');
    expect(chain.say(0, withdraw(0, 16))).toBe('INSUFFICIENT_STAKE');
    expect(chain.send(0, withdraw(0, 4))).toMatchObject({ code: 'OK', events: [{ kind: 'withdraw', amount: 4n }] });
    expect(chain.record(0).unbonding).toEqual([
      { amount: 6n, epoch: 0 },
      { amount: 5n, epoch: 1 },
    ]);
    chain.enter(5);
    expect(chain.say(0, withdraw(0, 11))).toBe('OK');
    expect(chain.record(0).unbonding).toEqual([]);
    expect(chain.balance(ownerOf(0))).toBe(before + 15n);
    expectWhole(chain);
  });
});

describe('jail', () => {
  /** Validator 3 is away for two epochs, with enough others to go on without it. */
  const withJailed = (founding: Founding = {}): Chain => {
    const chain = new Chain({ powers: [40, 30, 20, 10, 10], ...founding });
    chain.live(0, 1, 2, 4);
    chain.live(0, 1, 2, 4);
    return chain;
  };

  test('is for whoever no certificate names for two epochs, costs a little, and takes the seat', () => {
    const chain = withJailed();
    expect(chain.record(3)).toMatchObject({ status: 'jailed', stake: 9n, jailedUntil: 3, slashed: 1n });
    expect(Object.keys(chain.powers())).toEqual(['0', '1', '2', '4']);
    expectWhole(chain);
  });

  test('is left by an unjail, not before its time, into a seat of the next epoch', () => {
    const chain = withJailed();
    expect(chain.say(3, unjail(3))).toBe('JAILED_UNTIL');
    chain.enter(3);
    expect(chain.say(3, unjail(3))).toBe('OK');
    expect(chain.record(3)).toMatchObject({ status: 'pending', missed: 0 });
    expect(chain.say(3, unjail(3))).toBe('NOT_JAILED');
    chain.enter(4);
    expect(chain.powers()[3]).toBe(9n);
  });

  test('is not left by a bond, nor by leaving and coming back', () => {
    const chain = withJailed();
    expect(chain.say(3, bond(3, 20))).toBe('OK');
    expect(chain.record(3)).toMatchObject({ status: 'jailed', stake: 29n });
    // It stays kept when another one leaves, and then it may try.
    const kept = new Chain({ powers: [40, 30, 20, 10], membership: { jailEpochs: 9 } });
    kept.live(0, 1, 2);
    kept.live(0, 1, 2);
    expect([kept.record(3).status, kept.epoch.kept]).toEqual(['jailed', [3]]);
    expect(kept.say(3, unbond(3, kept.record(3).stake), bond(3, 50))).toBe('OK');
    expect(kept.record(3).status).toBe('jailed');
  });

  test('makes a candidate of whoever has too little afterwards', () => {
    const chain = withJailed({ membership: { downtimePenalty: 6000, jailEpochs: 0 } });
    expect(chain.record(3).stake).toBe(4n);
    expect(chain.say(3, unjail(3))).toBe('OK');
    expect(chain.record(3).status).toBe('candidate');
  });

  test('is known where power is not stake, too', () => {
    const chain = withJailed({ mode: 'equal' });
    expect(chain.record(3)).toMatchObject({ status: 'jailed', stake: 0n });
    chain.enter(3);
    expect(chain.say(3, unjail(3))).toBe('OK');
    chain.enter(4);
    expect(chain.powers()[3]).toBe(1n);
  });
});

describe('of what may be asked', () => {
  const removed = (): Chain => {
    const chain = withNewcomer();
    chain.say(4, bond(4, 50));
    decide(chain, throwOut(4));
    return chain;
  };
  const tombstoned = (): Chain => {
    const chain = new Chain();
    chain.accuse(proofAgainst(3, 0));
    return chain;
  };
  const exiting = (): Chain => {
    const chain = new Chain();
    chain.say(3, unbond(3, 10));
    return chain;
  };
  test.each<[string, () => Chain, number, Operation, string]>([
    ['a bond to a validator that there is not', () => new Chain(), 0, bond(9, 1), 'NOT_A_VALIDATOR'],
    ['a bond to somebody else’s', () => new Chain(), 0, bond(1, 1), 'NOT_YOUR_VALIDATOR'],
    ['a bond of nothing', () => new Chain(), 0, bond(0, 0), 'AMOUNT_ZERO'],
    ['a bond of more than there is', () => new Chain(), 0, bond(0, 1_000_001), 'INSUFFICIENT_BALANCE'],
    ['a bond where power is not stake', () => new Chain({ mode: 'equal' }), 0, bond(0, 1), 'NOT_STAKE_MODE'],
    [
      'a bond beyond all power',
      () => new Chain({ powers: [2n ** 63n - 1n - 1_000_000n + 1n] }),
      0,
      bond(0, 1_000_000),
      'STAKE_LIMIT',
    ],
    ['a bond to one that lied', tombstoned, 3, bond(3, 1), 'TOMBSTONED'],
    ['a bond to one that was voted out', removed, 4, bond(4, 1), 'REMOVED'],
    ['an unbond of somebody else’s', () => new Chain(), 0, unbond(1, 1), 'NOT_YOUR_VALIDATOR'],
    ['an unbond of nothing', () => new Chain(), 0, unbond(0, 0), 'AMOUNT_ZERO'],
    ['an unbond of more than there is', () => new Chain(), 3, unbond(3, 11), 'INSUFFICIENT_STAKE'],
    ['an unbond that leaves too little', () => new Chain(), 3, unbond(3, 6), 'BELOW_MIN_STAKE'],
    ['an unbond where power is not stake', () => new Chain({ mode: 'equal' }), 0, unbond(0, 1), 'NOT_STAKE_MODE'],
    ['an unbond of one that lied', tombstoned, 3, unbond(3, 1), 'TOMBSTONED'],
    ['an unbond of one that was voted out', removed, 4, unbond(4, 1), 'REMOVED'],
    ['an unbond of one that is leaving', exiting, 3, unbond(3, 10), 'EXITING'],
    ['a withdrawal of somebody else’s', () => new Chain(), 0, withdraw(1, 1), 'NOT_YOUR_VALIDATOR'],
    ['a withdrawal of nothing', () => new Chain(), 0, withdraw(0, 0), 'AMOUNT_ZERO'],
    ['a withdrawal of what is not there', () => new Chain(), 0, withdraw(0, 1), 'INSUFFICIENT_STAKE'],
    ['a withdrawal where power is not stake', () => new Chain({ mode: 'equal' }), 0, withdraw(0, 1), 'NOT_STAKE_MODE'],
    ['an unjail of one that is free', () => new Chain(), 0, unjail(0), 'NOT_JAILED'],
    ['an unjail of somebody else’s', () => new Chain(), 0, unjail(1), 'NOT_YOUR_VALIDATOR'],
    ['an unjail of nobody', () => new Chain(), 0, unjail(63), 'NOT_A_VALIDATOR'],
  ])('%s is refused, and changes nothing', (_, make, of, operation, code) => {
    const chain = make();
    const [stakes, owner] = [chain.stakes(), chain.balance(ownerOf(of))];
    expect(chain.say(of, operation)).toBe(code);
    expect([chain.stakes(), chain.balance(ownerOf(of))]).toEqual([stakes, owner]);
  });

  test('what a later operation of the list fails by takes all back', () => {
    const chain = new Chain();
    expect(chain.say(0, bond(0, 7), unbond(0, 3), withdraw(0, 1))).toBe('NOT_RELEASED');
    expect([chain.record(0).stake, chain.record(0).unbonding, chain.balance(STAKES)]).toEqual([40n, [], 100n]);
  });
});

describe('no way of moving stake dodges a penalty', () => {
  const FIVE = { equivocationPenalty: 500, burntShare: 5000 };
  const punished = (prepare: (chain: Chain) => void, of = 0): Chain => {
    const chain = new Chain({ powers: [4000, 3000, 2000, 1000, 1000], membership: FIVE });
    prepare(chain);
    chain.accuse(proofAgainst(0, of));
    return chain;
  };

  test.each<[string, (chain: Chain) => void, number, bigint]>([
    ['nothing is done', () => undefined, 0, 200n],
    ['a part is taken out right before the evidence', (chain) => chain.say(0, unbond(0, 3900)), 0, 200n],
    ['all is taken out right before the evidence', (chain) => chain.say(0, unbond(0, 4000)), 0, 200n],
    [
      'all was taken out, and two epochs have passed',
      (chain) => {
        chain.say(0, unbond(0, 4000));
        chain.enter(2);
      },
      0,
      200n,
    ],
    [
      'it goes out, in and out again',
      (chain) => chain.say(0, unbond(0, 2000), bond(0, 2000), unbond(0, 3000)),
      0,
      300n,
    ],
    [
      'it was taken out before it lied: that gave no power any more',
      (chain) => {
        chain.say(0, unbond(0, 3000));
        chain.enter(1);
      },
      1,
      50n,
    ],
  ])('where %s', (_, prepare, of, taken) => {
    const chain = punished(prepare, of);
    expect(chain.record(0)).toMatchObject({ status: 'tombstoned', slashed: taken, offences: 1 });
    expect([chain.balance(BURNT), chain.balance(TREASURY)]).toEqual([taken / 2n, taken / 2n]);
    expectWhole(chain);
    chain.enter();
    expect(chain.powers()[0]).toBeUndefined();
    expectWhole(chain);
  });

  test('and what is left of it is withdrawn in the end, and no more', () => {
    const chain = punished((it) => it.say(0, unbond(0, 1000)));
    chain.enter(5);
    expect(chain.say(0, withdraw(0, 3801))).toBe('INSUFFICIENT_STAKE');
    expect(chain.say(0, withdraw(0, 3800))).toBe('OK');
    expect(chain.record(0)).toMatchObject({ stake: 0n, unbonding: [], status: 'tombstoned' });
    expectWhole(chain);
  });

  test('evidence counts once in an epoch, in one body and in later ones', () => {
    const chain = punished((it) => it.accuse(proofAgainst(0, 0), proofAgainst(0, 0, 'prepare')));
    expect(chain.record(0)).toMatchObject({ slashed: 200n, offences: 1 });
  });

  test('lies of two epochs are two offences', () => {
    const chain = new Chain({ powers: [4000, 3000, 2000, 1000, 1000], membership: FIVE });
    chain.enter(1);
    chain.accuse(proofAgainst(0, 0), proofAgainst(0, 1));
    expect(chain.record(0)).toMatchObject({ slashed: 390n, offences: 2 });
  });

  test('a penalty of all leaves nothing, and the set its seats', () => {
    const chain = new Chain({ membership: { equivocationPenalty: 10_000 } });
    chain.accuse(...[0, 1, 2, 3].map((index) => proofAgainst(index, 0)));
    expect(chain.stakes()).toBe(0n);
    chain.enter();
    expect([chain.epoch.kept, sum(chain.powers())]).toEqual([[0, 1, 2, 3], 4n]);
    expectWhole(chain);
  });
});

/** A fifth validator, without stake. */
function withNewcomer(): Chain {
  const chain = new Chain();
  decide(chain, admit(4));
  return chain;
}

/** Proposed and voted for by the first three, and applied. */
function decide(chain: Chain, change: Parameters<typeof propose>[1]): void {
  const receipt = chain.send(0, propose(0, change));
  const [event] = receipt.events;
  if (event?.kind !== 'propose') throw new Error(receipt.code);
  for (const of of [1, 2]) chain.append(chain.transactions([[ownerOf(of), vote(event.proposal, of)]]));
  chain.enter();
  expect(chain.proposal(event.proposal).status).toBe('applied');
}

/** Ways to have lied and not to pay: by time, by another key, by being somebody else, or nobody, when the proof comes. */
import { describe, expect, test } from 'vitest';
import { type Epoch, epoch, validatorIndex } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import type { Change } from '../../../src/ledger/membership/change.ts';
import { isRecordable } from '../../../src/ledger/offence.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { bond, Chain, keyOf, ownerOf, proofAgainst, propose, throwOut, unbond, vote, withdraw } from './kit.ts';

const WINDOW = 3;
const founded = (): Chain => new Chain({ powers: [400, 300, 200, 100, 100], membership: { unbondingEpochs: WINDOW } });

/** Decided by the first three, and carried out. */
function decide(chain: Chain, change: Change): void {
  chain.say(0, propose(0, change));
  for (const of of [1, 2]) chain.say(of, vote(0, of));
  chain.enter();
}

const rotated: Change = { kind: 'rotate-validator', validator: validatorIndex(4), publicKey: keyOf(50), peerId: null };

describe('what was done in an epoch', () => {
  test.each([
    [0, 0, true],
    [0, WINDOW - 1, true],
    [0, WINDOW, false],
    [5, 4, false],
    [5, 5, true],
    [5, 5 + WINDOW - 1, true],
    [5, 5 + WINDOW, false],
  ])('%i, at %i, can be recorded: %s', (of, at, is) => {
    const { parameters } = founded().epoch;
    expect(isRecordable(of as Epoch, { epoch: epoch(at), parameters })).toBe(is);
  });

  test('is paid for up to the last epoch in which it can be recorded, before which nothing could be withdrawn', () => {
    const chain = founded();
    chain.say(4, unbond(4, 100));
    chain.enter(WINDOW - 1);
    expect(isRecordable(epoch(0), chain.epoch)).toBe(true);
    expect(chain.say(4, withdraw(4, 100))).toBe('NOT_RELEASED');
    chain.accuse(proofAgainst(4, 0));
    expect(chain.record(4)).toMatchObject({
      status: 'tombstoned',
      slashed: 5n,
      unbonding: [{ amount: 95n, epoch: 0 }],
    });
    chain.enter(WINDOW);
    expect([isRecordable(epoch(0), chain.epoch), chain.say(4, withdraw(4, 95))]).toEqual([false, 'NOT_RELEASED']);
    chain.enter(WINDOW + 1);
    expect(chain.say(4, withdraw(4, 95))).toBe('OK');
  });

  test.each<[string, (chain: Chain) => void, string]>([
    ['its key is another one', (chain) => decide(chain, rotated), 'tombstoned'],
    ['it was voted out', (chain) => decide(chain, throwOut(4)), 'tombstoned'],
    [
      'it left, and came back with new stake',
      (chain) => {
        chain.say(4, unbond(4, 100));
        chain.enter();
        chain.say(4, bond(4, 500));
      },
      'tombstoned',
    ],
    [
      'it was jailed',
      (chain) => {
        chain.live(0, 1, 2, 3);
        chain.live(0, 1, 2, 3);
        expect(chain.record(4).status).toBe('jailed');
      },
      'tombstoned',
    ],
  ])('is paid for where %s', (_, dodge, status) => {
    const chain = founded();
    dodge(chain);
    const { slashed, stake, unbonding } = chain.record(4);
    const all = unbonding.reduce((sum, { amount }) => sum + amount, stake);
    chain.accuse(proofAgainst(4, 0));
    // Five in a hundred of all that it has, rounded up; it may have come in since.
    expect(chain.record(4)).toMatchObject({ status, offences: 1, slashed: slashed + (all * 5n + 99n) / 100n });
    chain.enter();
    expect(chain.powers()[4]).toBeUndefined();
    expect(chain.supply()).toBe(chain.genesis.supply);
  });

  test('by its old key is not done by its new one: each epoch has the keys that voted in it', () => {
    const chain = founded();
    decide(chain, rotated);
    const keyIn = (of: number) => present(chain.state.epochs.of(epoch(of)), 'epoch').validators.byIndex[4]?.publicKey;
    expect([keyIn(0), keyIn(1)]).toEqual([keyOf(4), keyOf(50)]);
  });
});

test('no operation moves a validator, its stake or what it owes to another account', () => {
  const chain = founded();
  const before = chain.record(4);
  const others: Operation[] = [
    bond(4, 1),
    unbond(4, 1),
    withdraw(4, 1),
    { kind: 'unjail', validator: validatorIndex(4) },
  ];
  for (const operation of others) expect(chain.say(0, operation)).toBe('NOT_YOUR_VALIDATOR');
  expect(chain.say(0, propose(4, throwOut(3)))).toBe('NOT_YOUR_VALIDATOR');
  expect(chain.record(4)).toEqual(before);
  decide(chain, rotated);
  expect(chain.record(4).account).toBe(ownerOf(4));
});

test('stake that goes round and round is the same stake in the end', () => {
  const chain = founded();
  const all = (): bigint =>
    chain.balance(ownerOf(4)) +
    chain.record(4).unbonding.reduce((sum, { amount }) => sum + amount, chain.record(4).stake);
  const before = all();
  for (let round = 0; round < 20; round++) {
    chain.say(4, unbond(4, 50), bond(4, 30));
    chain.say(4, withdraw(4, 20));
    chain.say(4, bond(4, 20));
    expect(all()).toBe(before);
  }
  expect(chain.record(4)).toMatchObject({ slashed: 0n, status: 'active' });
});

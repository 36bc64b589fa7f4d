/** What somebody may ask for who only wants to do harm. No node may fail by it. */
import { describe, expect, test } from 'vitest';
import { height, validatorIndex } from '../../../src/base/brand.ts';
import type { Change } from '../../../src/ledger/membership/change.ts';
import { keysTouched } from '../../../src/ledger/touched.ts';
import { bodyOf } from '../network.ts';
import { bond, Chain, ownerOf, proofAgainst, propose, throwOut, unbond, unjail, vote, withdraw } from './kit.ts';

const NOWHERE = [64, 65, 0xffff];

describe('an index that no validator can have', () => {
  test.each(NOWHERE)('%i: whoever speaks for it is refused', (index) => {
    const chain = new Chain();
    const codes = [
      propose(index, throwOut(0)),
      bond(index, 1),
      unbond(index, 1),
      withdraw(index, 1),
      unjail(index),
      vote(0, index),
    ].map((operation) => chain.say(5, operation));
    expect(codes).toEqual(codes.map(() => 'NOT_A_VALIDATOR'));
  });

  test.each(NOWHERE)('%i: nothing can be decided about it', (index) => {
    const chain = new Chain();
    const rotate: Change = {
      kind: 'rotate-validator',
      validator: validatorIndex(index),
      publicKey: null,
      peerId: null,
    };
    expect(chain.say(0, propose(0, throwOut(index)))).toBe('NOT_A_VALIDATOR');
    expect(chain.say(0, propose(0, rotate))).toBe('NOT_A_VALIDATOR');
  });
});

describe('a validator in jail', () => {
  const jailing = { downtimeEpochs: 1, jailEpochs: 10 };

  test('does not come out of it by leaving and bonding anew', () => {
    const chain = new Chain({ powers: [20, 20, 20, 20, 20], membership: jailing });
    chain.live(0, 1, 2, 3);
    expect(chain.record(4)).toMatchObject({ status: 'jailed', jailedUntil: 11 });
    chain.say(4, unbond(4, chain.record(4).stake));
    expect(chain.say(4, bond(4, 20))).toBe('OK');
    expect(chain.record(4).status).toBe('jailed');
    expect(chain.say(4, unjail(4))).toBe('JAILED_UNTIL');
    chain.enter(11);
    expect([chain.say(4, unjail(4)), chain.record(4).status]).toEqual(['OK', 'pending']);
  });

  test('keeps the seat that it was kept in when it comes back with the last block of an epoch', () => {
    const chain = new Chain({ powers: [20, 20, 20, 20], membership: { ...jailing, jailEpochs: 0 } });
    chain.live(0, 1, 2);
    expect(chain.epoch.kept).toEqual([3]);
    while (chain.height + 1 < chain.epoch.lastHeight) chain.append([]);
    const block = chain.append(chain.transactions([[ownerOf(3), unjail(3)]]));
    expect(block.nextEpoch?.validators.members.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });

  test('all of them may come back at once, and there is a set', () => {
    const chain = new Chain({ powers: [20, 20, 20, 20], membership: { ...jailing, jailEpochs: 0 } });
    for (const away of [3, 2, 1, 0]) chain.live(...[0, 1, 2, 3].filter((index) => index !== away));
    expect(chain.epoch.kept).toEqual([0, 1, 2, 3]);
    while (chain.height + 1 < chain.epoch.lastHeight) chain.append([]);
    chain.append(chain.transactions([0, 1, 2, 3].map((index) => [ownerOf(index), unjail(index)])));
    expect(chain.epoch.validators.members).toHaveLength(4);
    expect(chain.epoch.kept).toEqual([]);
  });
});

describe('being away', () => {
  test('in an epoch long ago counts no more for who has a seat again', () => {
    const chain = new Chain({
      powers: [40, 30, 20, 20, 10],
      membership: { downtimeEpochs: 2, jailEpochs: 1, unbondingEpochs: 1 },
    });
    chain.live(0, 1, 2, 3);
    expect(chain.record(4).missed).toBe(1);
    chain.say(4, unbond(4, 10));
    chain.enter();
    chain.say(4, bond(4, 10));
    chain.enter();
    chain.enter();
    expect(chain.epoch.validators.byIndex[4]).toBeDefined();
    chain.live(0, 1, 2, 3);
    expect(chain.record(4)).toMatchObject({ status: 'active', missed: 1 });
  });
});

test('a body full of proposals asks for all validators and proposals once, whoever sends them', () => {
  const chain = new Chain();
  const proposals = Array.from({ length: 16 }, () => propose(0, throwOut(1)));
  const transactions = chain.transactions(Array.from({ length: 200 }, () => [ownerOf(5), ...proposals]));
  const touched = [...keysTouched(chain.state.epochs, height(1), bodyOf(transactions), transactions)];
  expect(touched.length).toBeLessThan(200 + 2 * 64 + 16);
});

test('the greatest holder has not all power as soon as one of the others is out', () => {
  const chain = new Chain({
    powers: [500, 40, 40, 20],
    membership: { holderShareMax: 2500, equivocationPenalty: 10_000 },
  });
  chain.enter();
  expect(chain.powers()).toEqual({ 0: 20n, 1: 20n, 2: 20n, 3: 20n });
  chain.accuse(proofAgainst(3, chain.epoch.epoch));
  chain.enter();
  expect(chain.powers()).toEqual({ 0: 40n, 1: 40n, 2: 40n, 3: 1n });
});

/** Who has a seat in the next epoch, who stays although it would not, and who is missed. */
import { describe, expect, test } from 'vitest';
import { Chain, type Founding, proofAgainst, propose, unbond, vote } from './kit.ts';

const statusOf = (chain: Chain): string[] => [0, 1, 2, 3].map((index) => chain.record(index).status);

describe('of four, of whom nobody can be missed', () => {
  test('a liar stays to the last: it goes before those who leave, as soon as there are others', () => {
    const chain = new Chain({ powers: [10, 10, 10, 10, 10] });
    chain.say(4, unbond(4, 10));
    chain.accuse(proofAgainst(0, 0));
    chain.enter();
    expect(chain.epoch.kept).toEqual([4]);
    expect(Object.keys(chain.powers())).toEqual(['1', '2', '3', '4']);
    expect(chain.record(0)).toMatchObject({ status: 'tombstoned', stake: 0n });
  });

  test('all stay where all have lied', () => {
    const chain = new Chain();
    chain.accuse(...[0, 1, 2, 3].map((index) => proofAgainst(index, 0)));
    chain.enter(3);
    expect(chain.epoch.kept).toEqual([0, 1, 2, 3]);
    expect(statusOf(chain)).toEqual(['tombstoned', 'tombstoned', 'tombstoned', 'tombstoned']);
  });

  test('those with the greatest stakes have the seats that there are', () => {
    const chain = new Chain({ powers: [10, 11, 12, 13, 14] });
    chain.say(0, propose(0, { kind: 'set-parameter', name: 'maxValidators', value: 4n }));
    for (const of of [1, 2, 3, 4]) chain.say(of, vote(0, of));
    chain.enter(chain.epoch.epoch + 1);
    expect(Object.keys(chain.powers())).toEqual(['1', '2', '3', '4']);
    expect(chain.record(0).status).toBe('pending');
  });
});

describe('whoever is missed', () => {
  const five: Founding = { powers: [40, 30, 20, 10, 10] };

  test('by everybody for as many epochs as there may be, is jailed; once it is seen, it begins again', () => {
    const chain = new Chain(five);
    chain.live(0, 1, 2, 4);
    expect(chain.record(3)).toMatchObject({ status: 'active', missed: 1 });
    chain.live(0, 1, 2, 3, 4);
    expect(chain.record(3)).toMatchObject({ status: 'active', missed: 0 });
    chain.live(0, 1, 2, 4);
    chain.live(0, 1, 2, 4);
    expect(chain.record(3).status).toBe('jailed');
  });

  test('by proposers with less than a third alone, is not: they may be those who leave it out', () => {
    const chain = new Chain({ powers: [30, 30, 30, 15, 15], membership: { downtimeEpochs: 1 } });
    // All bodies are of one, which has less than a third: nothing can be said.
    for (let i = 0; i < 3; i++)
      chain.append([], { proposer: chain.record(0).index, certificate: chain.certificate(0 as never, [0, 1, 2, 4]) });
    expect(chain.record(3)).toMatchObject({ status: 'active', missed: 1 });
    for (let i = 0; i < 3; i++)
      chain.append([], { proposer: chain.record(1).index, certificate: chain.certificate(1 as never, [0, 1, 2, 4]) });
    expect(chain.record(3).status).toBe('jailed');
  });

  test('where no certificate of the epoch was carried, nobody was away', () => {
    const chain = new Chain(five);
    chain.enter(6);
    expect([0, 1, 2, 3, 4].map((index) => chain.record(index).missed)).toEqual([0, 0, 0, 0, 0]);
  });

  test('is not jailed where the chain says never', () => {
    const chain = new Chain({ ...five, membership: { downtimeEpochs: 0 } });
    for (let i = 0; i < 5; i++) chain.live(0, 1, 2, 4);
    expect(chain.record(3)).toMatchObject({ status: 'active', stake: 10n, missed: 5 });
  });

  test('by certificates of the epoch before is not missed in this one', () => {
    const chain = new Chain({ ...five, membership: { downtimeEpochs: 1 } });
    chain.enter(1);
    while (chain.epoch.epoch === 1)
      chain.append([], { proposer: chain.record(0).index, certificate: chain.certificate(0 as never, [0, 1, 2, 4]) });
    expect(chain.record(3)).toMatchObject({ status: 'active', missed: 0 });
  });
});

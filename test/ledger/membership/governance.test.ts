/** Proposals and votes: who has a say, when something is decided, and what happens then. */
import { describe, expect, test } from 'vitest';
import { height, validatorIndex } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { FEE_POOL } from '../../../src/ledger/account.ts';
import { PROPOSAL_HEIGHTS_MAX, PROPOSALS_MAX } from '../../../src/ledger/limits.ts';
import type { Change } from '../../../src/ledger/membership/change.ts';
import { PARAMETER_NAMES, type ParameterName, parameterOf } from '../../../src/ledger/membership/parameters.ts';
import type { ProposalStatus } from '../../../src/ledger/membership/proposal.ts';
import { PARAMETER_RANGES } from '../../../src/ledger/parameter-ranges.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import {
  admit,
  bond,
  Chain,
  EPOCH_LENGTH,
  type Founding,
  keyOf,
  ownerOf,
  peerOf,
  proofAgainst,
  propose,
  throwOut,
  unbond,
  vote,
  withdraw,
} from './kit.ts';

const set = (name: ParameterName, value: number | bigint): Change => ({
  kind: 'set-parameter',
  name,
  value: BigInt(value),
});
const observe = (number: number): Change => ({
  kind: 'admit-observer',
  name: `o${number}`,
  peerId: peerOf(40 + number),
});
const rotate = (validator: number, publicKey: Uint8Array | null, peerId: string | null): Change => ({
  kind: 'rotate-validator',
  validator: validatorIndex(validator),
  publicKey,
  peerId,
});
const upgrade = (version: number, at: number): Change => ({ kind: 'upgrade', version, height: height(at) });
const HEAVIEST = { blockWeightMax: PARAMETER_RANGES.blockWeightMax[1] };
const four = (founding: Founding = {}): Chain => new Chain({ mode: 'equal', powers: [1, 1, 1, 1], ...founding });
const five = (): Chain => four({ powers: [1, 1, 1, 1, 1] });

/** Proposed by the first, with the votes of the next ones, all in one block; the number of the proposal. */
function agree(chain: Chain, change: Change, voters?: readonly number[]): number {
  const [first = 0, ...others] = voters ?? chain.epoch.validators.members.map(({ index }) => index);
  const receipt = chain.send(first, propose(first, change));
  const [event] = receipt.events;
  if (event?.kind !== 'propose') throw new Error(receipt.code);
  const id = event.proposal;
  chain.append(chain.transactions(others.map((of) => [ownerOf(of), vote(id, of)])));
  return id;
}

describe('a proposal', () => {
  test('passes with more than two thirds of the power, and happens when the epoch ends', () => {
    const chain = four();
    expect(chain.send(0, propose(0, admit(4)))).toMatchObject({
      code: 'OK',
      events: [{ kind: 'propose', proposal: 0, status: 'open' }],
    });
    const said = chain.append(
      chain.transactions([
        [ownerOf(1), vote(0, 1)],
        [ownerOf(2), vote(0, 2)],
      ]),
    );
    expect(said.record.receipts.map(({ events }) => events[0])).toEqual([
      { kind: 'vote', proposal: 0, validator: 1, approve: true, yes: 2n, no: 0n, status: 'open' },
      { kind: 'vote', proposal: 0, validator: 2, approve: true, yes: 3n, no: 0n, status: 'passed' },
    ]);
    expect(chain.epoch.validators.members).toHaveLength(4);
    chain.enter(1);
    expect(chain.proposal(0)).toMatchObject({ status: 'applied', since: EPOCH_LENGTH });
    // For an epoch it follows.
    expect(chain.powers()).toEqual({ 0: 1n, 1: 1n, 2: 1n, 3: 1n });
    expect(chain.epoch.followers).toEqual([{ name: 'v4', peerId: peerOf(4) }]);
    expect(chain.record(4)).toMatchObject({ status: 'pending', account: ownerOf(4), since: EPOCH_LENGTH });
    chain.enter(2);
    expect(chain.powers()).toEqual({ 0: 1n, 1: 1n, 2: 1n, 3: 1n, 4: 1n });
    expect(chain.record(4)).toMatchObject({ status: 'active', account: ownerOf(4), since: 2 * EPOCH_LENGTH });
    expect(chain.epoch.followers).toEqual([]);
  });

  test('is decided by power where power is stake: two thirds are not more than two thirds', () => {
    const chain = new Chain({ powers: [40, 20, 20, 10] });
    chain.say(0, propose(0, admit(4)));
    expect(chain.send(1, vote(0, 1)).events).toMatchObject([{ yes: 60n, status: 'open' }]);
    expect(chain.send(3, vote(0, 3)).events).toMatchObject([{ yes: 70n, status: 'passed' }]);
  });

  test('is rejected by a third', () => {
    const chain = new Chain({ powers: [40, 20, 20, 10] });
    chain.say(0, propose(0, admit(4)));
    expect(chain.send(2, vote(0, 2, false)).events).toMatchObject([{ no: 20n, status: 'open' }]);
    expect(chain.send(3, vote(0, 3, false)).events).toMatchObject([{ no: 30n, status: 'rejected' }]);
    expect(chain.say(1, vote(0, 1))).toBe('PROPOSAL_CLOSED');
    chain.enter();
    expect(chain.proposal(0).status).toBe('rejected');
  });

  test('of one that has more than two thirds alone passes at once', () => {
    const chain = new Chain({ powers: [90, 10, 10, 10] });
    expect(chain.send(0, propose(0, observe(1))).events).toMatchObject([{ status: 'passed' }]);
  });

  test('counts the last word of each, and passed is passed', () => {
    const chain = four();
    chain.say(0, propose(0, observe(1)));
    expect(chain.send(1, vote(0, 1, false)).events).toMatchObject([{ yes: 1n, no: 1n }]);
    expect(chain.send(1, vote(0, 1), vote(0, 1), vote(0, 1)).events.at(-1)).toMatchObject({ yes: 2n, no: 0n });
    chain.say(0, vote(0, 0, false));
    expect(chain.proposal(0).yes.getTrueBitIndexes()).toEqual([1]);
    chain.append(chain.transactions([0, 2, 3].map((of) => [ownerOf(of), vote(0, of)])));
    expect(chain.proposal(0).status).toBe('passed');
    const late = chain.append(chain.transactions([1, 2, 3].map((of) => [ownerOf(of), vote(0, of, false)])));
    expect(late.record.receipts.map(({ events }) => events[0])).toMatchObject(
      [1, 2, 3].map(() => ({ status: 'passed' })),
    );
    chain.enter();
    expect(chain.epoch.observers).toEqual([{ name: 'o1', peerId: peerOf(41) }]);
  });

  test('expires after its last height, when the epoch ends', () => {
    const chain = four();
    chain.say(0, propose(0, observe(1), 2));
    expect(chain.say(1, vote(0, 1))).toBe('OK');
    expect(chain.say(2, vote(0, 2))).toBe('PROPOSAL_CLOSED');
    expect(chain.proposal(0)).toMatchObject({ status: 'expired', since: EPOCH_LENGTH });
    expect(chain.epoch.observers).toEqual([]);
  });

  test('stays open through epochs, and is counted by the powers of the one that ends', () => {
    const chain = new Chain({ powers: [40, 30, 20, 10] });
    chain.say(0, propose(0, observe(1)));
    chain.enter(1);
    expect(chain.proposal(0).status).toBe('open');
    // Of 40 in 100 it becomes 240 in 300, from the next epoch on.
    chain.say(0, bond(0, 200));
    chain.enter(2);
    expect(chain.proposal(0).status).toBe('open');
    chain.enter(3);
    expect(chain.proposal(0)).toMatchObject({ status: 'applied', since: 3 * EPOCH_LENGTH });
  });

  test('loses the votes of whoever is no validator any more', () => {
    const chain = new Chain({ powers: [25, 25, 25, 25, 25] });
    chain.say(4, propose(4, observe(1)));
    chain.say(4, unbond(4, 25));
    chain.enter(2);
    expect(chain.say(4, vote(0, 4))).toBe('NO_VOTE');
    expect(chain.send(0, vote(0, 0)).events).toMatchObject([{ yes: 25n }]);
  });

  test('that cannot be done any more when it comes to it fails, and says why', () => {
    const chain = four({ consensus: { epochLength: 6 } });
    const ids = [agree(chain, observe(1)), agree(chain, { ...observe(1), name: 'o2' } as Change)];
    chain.enter();
    expect(ids.map((id) => chain.proposal(id))).toMatchObject([
      { status: 'applied', failure: null },
      { status: 'failed', failure: 'IDENTITY_TAKEN' },
    ]);
    expect(chain.epoch.observers).toHaveLength(1);
  });
});

describe('slots', () => {
  test('are shared evenly: one validator has its part of them', () => {
    const chain = four({ consensus: { epochLength: 1000 } });
    const sent = Array.from({ length: 17 }, () => propose(0, observe(1)));
    expect(sent.map((each) => chain.say(0, each))).toEqual([
      ...Array.from({ length: 16 }, () => 'OK'),
      'TOO_MANY_PROPOSALS',
    ]);
  });

  test('that are all open take no other proposal; a long one stands in nobody’s way', () => {
    const chain = four({ powers: [1, 1, 1, 1], consensus: { epochLength: 1000 } });
    for (let i = 0; i < PROPOSALS_MAX; i++) expect(chain.say(i % 4, propose(i % 4, observe(1)))).toBe('OK');
    expect(chain.say(0, propose(0, observe(2)))).toBe('TOO_MANY_PROPOSALS');
    // The second is rejected: the next number whose slot is free is not the next number.
    for (const of of [0, 2, 3]) chain.say(of, vote(1, of, false));
    expect(chain.send(1, propose(1, observe(2))).events).toMatchObject([{ proposal: PROPOSALS_MAX + 1 }]);
    expect(chain.say(0, vote(1, 0))).toBe('NO_PROPOSAL');
    expect(chain.proposal(0)).toMatchObject({ id: 0, status: 'open' });
  });

  test('are full when fewer made what more may not', () => {
    const chain = four({ consensus: { epochLength: 70 } });
    // While there were four, each opened its sixteen; the fifth finds nothing.
    agree(chain, admit(4));
    for (let i = 1; i < PROPOSALS_MAX; i++) expect(chain.say(i % 4, propose(i % 4, observe(1)))).toBe('OK');
    chain.enter();
    expect(chain.proposal(0).status).toBe('applied');
    chain.enter();
    expect(chain.say(4, propose(4, observe(2)))).toBe('OK');
    expect(chain.say(4, propose(4, observe(2)))).toBe('PROPOSALS_FULL');
  });
});

describe('of changes', () => {
  test('an admission where power is stake makes a candidate, which bonds, and joins', () => {
    const chain = new Chain();
    agree(chain, admit(4));
    chain.enter();
    expect(chain.record(4)).toMatchObject({ status: 'candidate', stake: 0n });
    expect(chain.say(4, bond(4, 25))).toBe('OK');
    chain.enter();
    expect(chain.powers()[4]).toBe(25n);
  });

  test('a removal is the majority’s to decide: out of five there are four, and the stake goes out', () => {
    const chain = new Chain({ powers: [40, 30, 20, 10, 10] });
    agree(chain, throwOut(4), [0, 1, 2]);
    chain.enter();
    expect(chain.record(4)).toMatchObject({
      status: 'removed',
      stake: 0n,
      unbonding: [{ amount: 10n, epoch: 0 }],
      left: 1,
    });
    expect(Object.keys(chain.powers())).toEqual(['0', '1', '2', '3']);
    chain.enter(4);
    expect(chain.say(4, withdraw(4, 10))).toBe('OK');
  });

  test('a removal of one of four is noted, and waits for somebody else', () => {
    const chain = four();
    agree(chain, throwOut(3));
    chain.enter();
    expect(chain.record(3).status).toBe('removed');
    expect([chain.epoch.kept, chain.powers()[3]]).toEqual([[3], 1n]);
    agree(chain, admit(4));
    chain.enter(3);
    expect(chain.epoch.kept).toEqual([]);
    expect(Object.keys(chain.powers())).toEqual(['0', '1', '2', '4']);
    expect(chain.record(3).left).toBe(3);
  });

  test('a rotation changes the key of the next epoch, and not those before', () => {
    const chain = four();
    agree(chain, rotate(2, keyOf(50), null));
    chain.enter();
    const keys = (of: number) => present(chain.state.epochs.of(of as never), 'epoch').validators.members[2]?.publicKey;
    expect([keys(0), keys(1)]).toEqual([keyOf(2), keyOf(50)]);
    expect(chain.record(2).peerId).toBe(peerOf(2));
    agree(chain, rotate(2, null, peerOf(51)));
    chain.enter();
    expect(chain.record(2)).toMatchObject({ publicKey: keyOf(50), peerId: peerOf(51) });
  });

  test('a free index is the lowest that nobody has, or whose holder is gone for as long as offences count', () => {
    const chain = new Chain({ mode: 'equal', powers: [1, 1, 1, 1, 1], membership: { unbondingEpochs: 3 } });
    chain.say(4, propose(4, observe(9)));
    agree(chain, throwOut(4), [0, 1, 2, 3]);
    chain.enter(1);
    agree(chain, admit(6));
    chain.enter(2);
    expect(chain.record(5)).toMatchObject({ name: 'v6', status: 'pending' });
    // Offences of epoch 0 count up to epoch 2.
    agree(chain, admit(7));
    chain.enter(3);
    expect(chain.record(4)).toMatchObject({ name: 'v7', status: 'pending' });
    expect(chain.proposal(0).yes.getTrueBitIndexes()).toEqual([]);
    expect(chain.send(0, vote(0, 0)).events).toMatchObject([{ yes: 1n }]);
  });

  test('who lied is not admitted again by the same key, and its index is not free while its stake is there', () => {
    const chain = new Chain({ powers: [40, 30, 20, 10, 10], membership: { unbondingEpochs: 2 } });
    chain.accuse(proofAgainst(4, 0));
    chain.enter(6);
    expect(chain.say(0, propose(0, { ...admit(5), publicKey: keyOf(4) } as Change))).toBe('IDENTITY_TAKEN');
    agree(chain, admit(5));
    chain.enter();
    expect(chain.record(5).name).toBe('v5');
    chain.say(4, withdraw(4, chain.record(4).unbonding[0]?.amount ?? 0n));
    agree(chain, admit(6));
    chain.enter();
    expect(chain.record(4).name).toBe('v6');
  });

  test('an observer is listed, and struck off', () => {
    const chain = four();
    agree(chain, observe(1));
    chain.enter();
    expect(chain.epoch.observers).toEqual([{ name: 'o1', peerId: peerOf(41) }]);
    agree(chain, { kind: 'remove-observer', name: 'o1' });
    chain.enter();
    expect(chain.epoch.observers).toEqual([]);
  });

  test('a parameter is that of the next epoch on', () => {
    const chain = four();
    agree(chain, set('epochLength', 5));
    chain.enter();
    expect([chain.epoch.firstHeight, chain.epoch.lastHeight]).toEqual([4, 8]);
    agree(chain, set('weightPrice', 7));
    chain.enter();
    expect(chain.epoch.lastHeight).toBe(13);
    expect(chain.send(0, { kind: 'transfer', to: ownerOf(1), amount: 1n }).feePaid).toBe(14n);
  });

  test.each(PARAMETER_NAMES)('%s can be set to both ends of its range, and not beyond', (name) => {
    // What they have to be to one another stands in nobody's way here.
    const chain = four({ consensus: { window: 1, timeoutCapTicks: 100_000, baseTimeoutTicks: 2 }, ledger: HEAVIEST });
    const [least, most] = PARAMETER_RANGES[name].map(BigInt) as [bigint, bigint];
    for (const value of [least, most]) {
      const isSo = parameterOf(chain.epoch.parameters, name) === value;
      expect(chain.say(0, propose(0, set(name, value)))).toBe(isSo ? 'NOTHING_CHANGES' : 'OK');
    }
    for (const value of [least - 1n, most + 1n].filter((each) => each >= 0n && each < 2n ** 64n))
      expect(chain.say(0, propose(0, set(name, value)))).toBe('PARAMETER_OUT_OF_RANGE');
  });

  test('an upgrade is scheduled, can be moved while it is ahead, and is the least once it has come', () => {
    const chain = four();
    agree(chain, upgrade(2, 100));
    chain.enter();
    expect(chain.epoch.upgrade).toEqual({ version: 2, height: 100 });
    agree(chain, upgrade(2, chain.height + 7));
    chain.enter();
    expect(chain.epoch.upgrade).toEqual({ version: 2, height: 10 });
    chain.enter(4);
    expect(chain.say(0, propose(0, upgrade(2, 200)))).toBe('UPGRADE_OUT_OF_RANGE');
    expect(chain.say(0, propose(0, upgrade(3, 200)))).toBe('OK');
  });
});

describe('what cannot be proposed or voted for is refused, and changes nothing', () => {
  const observed = (): Chain => four({ observers: [{ name: 'seen', peerId: peerOf(60) }] });
  const full = (): Chain =>
    four({ observers: Array.from({ length: 64 }, (_, i) => ({ name: `o${i}`, peerId: peerOf(100 + i) })) });
  const gone = (): Chain => {
    const chain = five();
    agree(chain, throwOut(4));
    chain.enter();
    return chain;
  };
  const liar = (): Chain => {
    const chain = five();
    chain.accuse(proofAgainst(4, 0));
    return chain;
  };
  const crowded = (): Chain => new Chain({ mode: 'equal', powers: Array.from({ length: 64 }, () => 1) });
  const by = (change: Change, expires?: number): Operation => propose(0, change, expires);

  test.each<[string, () => Chain, number, Operation, string]>([
    ['by nobody', four, 0, propose(9, observe(1)), 'NOT_A_VALIDATOR'],
    ['by somebody else', four, 1, propose(0, observe(1)), 'NOT_YOUR_VALIDATOR'],
    ['by one without a seat', gone, 4, propose(4, observe(1)), 'NO_VOTE'],
    ['to expire before it is there', four, 0, by(observe(1), 0), 'EXPIRES_OUT_OF_RANGE'],
    ['to expire too late', four, 0, by(observe(1), PROPOSAL_HEIGHTS_MAX + 2), 'EXPIRES_OUT_OF_RANGE'],
    ['a name that a validator has', four, 0, by({ ...admit(9), name: 'v2' } as Change), 'IDENTITY_TAKEN'],
    ['a name that an observer has', observed, 0, by({ ...admit(9), name: 'seen' } as Change), 'IDENTITY_TAKEN'],
    ['a key that a validator has', four, 0, by({ ...admit(9), publicKey: keyOf(2) } as Change), 'IDENTITY_TAKEN'],
    ['a node that a validator has', four, 0, by({ ...admit(9), peerId: peerOf(2) } as Change), 'IDENTITY_TAKEN'],
    ['a node that an observer has', observed, 0, by({ ...admit(9), peerId: peerOf(60) } as Change), 'IDENTITY_TAKEN'],
    [
      'an observer by a validator’s node',
      four,
      0,
      by({ ...observe(1), peerId: peerOf(2) } as Change),
      'IDENTITY_TAKEN',
    ],
    ['an observer by a validator’s name', four, 0, by({ ...observe(1), name: 'v2' } as Change), 'IDENTITY_TAKEN'],
    ['somebody else’s key, to rotate', four, 0, by(rotate(1, keyOf(2), null)), 'IDENTITY_TAKEN'],
    ['somebody else’s node, to rotate', observed, 0, by(rotate(1, null, peerOf(60))), 'IDENTITY_TAKEN'],
    [
      'text that is no node',
      four,
      0,
      by({ ...admit(9), peerId: `12D3KooW${'2'.repeat(44)}` } as Change),
      'BAD_PEER_ID',
    ],
    [
      'an observer that is no node',
      four,
      0,
      by({ ...observe(1), peerId: `12D3KooW${'2'.repeat(44)}` } as Change),
      'BAD_PEER_ID',
    ],
    ['to rotate to what is no node', four, 0, by(rotate(1, null, `12D3KooW${'2'.repeat(44)}`)), 'BAD_PEER_ID'],
    ['an account of the ledger', four, 0, by(admit(9, FEE_POOL)), 'SYSTEM_ACCOUNT'],
    ['a validator too many', crowded, 0, by(admit(64)), 'NO_PLACE'],
    ['an observer too many', full, 0, by({ ...observe(1), name: 'more' } as Change), 'NO_PLACE'],
    ['to remove nobody', four, 0, by(throwOut(9)), 'NOT_A_VALIDATOR'],
    ['to remove who was removed', gone, 0, by(throwOut(4)), 'REMOVED'],
    ['to remove who lied', liar, 0, by(throwOut(4)), 'TOMBSTONED'],
    ['to rotate nobody', four, 0, by(rotate(9, keyOf(50), null)), 'NOT_A_VALIDATOR'],
    ['to rotate who was removed', gone, 0, by(rotate(4, keyOf(50), null)), 'REMOVED'],
    ['to rotate who lied', liar, 0, by(rotate(4, keyOf(50), null)), 'TOMBSTONED'],
    ['to rotate nothing', four, 0, by(rotate(1, null, null)), 'NOTHING_CHANGES'],
    ['to rotate to the same', four, 0, by(rotate(1, keyOf(1), peerOf(1))), 'NOTHING_CHANGES'],
    ['to strike off nobody', four, 0, by({ kind: 'remove-observer', name: 'seen' }), 'NOT_AN_OBSERVER'],
    ['the value that there is', four, 0, by(set('epochLength', EPOCH_LENGTH)), 'NOTHING_CHANGES'],
    ['an epoch of nothing', four, 0, by(set('epochLength', 0)), 'PARAMETER_OUT_OF_RANGE'],
    ['a share of more than all', four, 0, by(set('burntShare', 10_001)), 'PARAMETER_OUT_OF_RANGE'],
    ['a cap below the first timeout', four, 0, by(set('timeoutCapTicks', 39)), 'PARAMETER_OUT_OF_RANGE'],
    ['a first timeout above the cap', four, 0, by(set('baseTimeoutTicks', 641)), 'PARAMETER_OUT_OF_RANGE'],
    ['a history too short', four, 0, by(set('historyHeights', 31)), 'PARAMETER_OUT_OF_RANGE'],
    ['blocks heavier than the genesis’s', four, 0, by(set('blockWeightMax', 4001)), 'PARAMETER_OUT_OF_RANGE'],
    ['an upgrade to nothing', four, 0, by(upgrade(0, 100)), 'UPGRADE_OUT_OF_RANGE'],
    ['an upgrade now', four, 0, by(upgrade(1, 1)), 'UPGRADE_OUT_OF_RANGE'],
    ['a vote on nothing', four, 0, vote(0, 0), 'NO_PROPOSAL'],
    ['a vote of somebody else', four, 0, vote(0, 1), 'NOT_YOUR_VALIDATOR'],
    ['a vote without a seat', gone, 4, vote(0, 4), 'NO_VOTE'],
    ['a vote on what has happened', gone, 0, vote(0, 0), 'PROPOSAL_CLOSED'],
  ])('%s', (_, make, of, operation, code) => {
    const chain = make();
    expect(chain.say(of, operation)).toBe(code);
    const statuses: ProposalStatus[] = code === 'PROPOSAL_CLOSED' ? ['applied'] : ['applied', 'open'];
    if (chain.height > EPOCH_LENGTH) expect(statuses).toContain(chain.proposal(0).status);
  });
});

/** What is said of a change before it is signed. */
import { describe, expect, test } from 'vitest';
import { validatorIndex } from '../../../src/base/brand.ts';
import type { Change } from '../../../src/ledger/membership/change.ts';
import { type Danger, preflight } from '../../../src/ledger/membership/preflight.ts';
import { validatorsIn } from '../../../src/ledger/membership/validator-record.ts';
import { fixedRulesOf } from '../../../src/ledger/parameter-ranges.ts';
import { admit, Chain, type Founding, ownerOf, peerOf, throwOut } from './kit.ts';

/** Of a chain of which these nodes are there. */
function said(founding: Founding, live: readonly number[], change: Change) {
  const { state, genesis, epoch: running } = new Chain(founding);
  const records = [...validatorsIn(state.source)];
  const standing = { records, running, fixed: fixedRulesOf(genesis), live: new Set(live.map(peerOf)) };
  return preflight(standing, change);
}

const equal = (size: number): Founding => ({ mode: 'equal', powers: Array.from({ length: size }, () => 1) });
const rotateTo = (validator: number, number: number): Change => ({
  kind: 'rotate-validator',
  validator: validatorIndex(validator),
  publicKey: null,
  peerId: peerOf(number),
});

describe('a preflight', () => {
  test('tells who would be there, with what power, and what would be a quorum', () => {
    const told = said({ powers: [40, 30, 20, 10, 10] }, [0, 1, 2, 3], throwOut(4));
    expect(told.before).toMatchObject({ power: 110n, quorum: 74n, livePower: 100n, offline: [4], kept: [] });
    expect(told.after).toMatchObject({ power: 100n, quorum: 67n, livePower: 100n, offline: [], kept: [] });
    expect(told.after.members.map(({ index, power }) => [index, power])).toEqual([
      [0, 40n],
      [1, 30n],
      [2, 20n],
      [3, 10n],
    ]);
    expect(told.after.greatest).toEqual({ account: ownerOf(0), power: 40n });
    expect([told.code, told.refused, told.warned]).toEqual([null, [], ['ONE_THIRD']]);
  });

  test.each<[string, Founding, number[], Change, Danger[], Danger[]]>([
    ['a fifth of five, all there', equal(5), [0, 1, 2, 3, 4], throwOut(4), [], []],
    ['a fourth of four, all there', equal(4), [0, 1, 2, 3], throwOut(3), ['TOO_FEW'], []],
    ['one of three', equal(3), [0, 1, 2], throwOut(2), [], ['TOO_FEW', 'ONE_THIRD']],
    ['one of seven, with two away', equal(7), [0, 1, 2, 3, 4], throwOut(0), ['NO_QUORUM'], []],
    ['one that is away', equal(7), [0, 1, 2, 3, 4], throwOut(6), [], []],
    [
      'one more, which is away: with three of five there is no quorum',
      equal(4),
      [0, 1, 2],
      admit(4),
      ['NO_QUORUM'],
      [],
    ],
    ['one more, which is there', equal(4), [0, 1, 2, 4], admit(4), [], []],
    ['one more, with nobody there', equal(4), [], admit(4), [], ['NO_QUORUM']],
    ['another node, which is away', equal(4), [0, 1, 2], rotateTo(2, 20), ['NO_QUORUM'], []],
    ['another node, which is there', equal(4), [0, 1, 3, 20], rotateTo(2, 20), [], []],
    ['a second validator of one holder', equal(5), [0, 1, 2, 3, 4, 5], admit(5, ownerOf(0)), ['ONE_THIRD'], []],
    ['who kept another one below a third', { powers: [33, 33, 34, 34] }, [0, 1, 2, 3], throwOut(0), ['TOO_FEW'], []],
    [
      'of those who were below a third one',
      { powers: [30, 25, 25, 25, 20] },
      [0, 1, 2, 3, 4],
      { kind: 'set-parameter', name: 'minStake', value: 25n },
      [],
      [],
    ],
    [
      'least stake that most do not have',
      { powers: [30, 25, 25, 25, 20] },
      [0, 1, 2, 3, 4],
      { kind: 'set-parameter', name: 'minStake', value: 28n },
      ['TOO_FEW'],
      [],
    ],
  ])('of %s', (_, founding, live, change, refused, warned) => {
    const told = said(founding, live, change);
    expect([told.code, told.refused, told.warned]).toEqual([null, refused, warned]);
  });

  test('of what cannot be done says why, and shows what there is', () => {
    const told = said(equal(4), [0, 1, 2, 3], throwOut(9));
    expect(told).toMatchObject({ code: 'NOT_A_VALIDATOR', refused: [], warned: [] });
    expect(told.after).toEqual(told.before);
  });

  test('of three of four that stay kept counts those that stay of themselves', () => {
    const told = said(equal(4), [0, 1, 2], throwOut(3));
    expect(told.after).toMatchObject({ kept: [3], power: 4n, quorum: 3n, livePower: 3n, offline: [3] });
  });
});

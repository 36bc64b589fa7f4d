import { describe, expect, test } from 'vitest';
import type { Height, Power, ValidatorIndex } from '../../../src/base/brand.ts';
import { followersOf, hasFollowed } from '../../../src/ledger/membership/followers.ts';
import {
  newValidator,
  type ValidatorRecord,
  type ValidatorStatus,
} from '../../../src/ledger/membership/validator-record.ts';
import { type Validator, validatorSet } from '../../../src/ledger/validators.ts';
import { developmentNetwork } from '../../../src/node/development.ts';

const { validators, accounts } = developmentNetwork(8);

const record = (index: number, status: ValidatorStatus, since = 5): ValidatorRecord => {
  const { name, publicKey, peerId } = validators[index] as (typeof validators)[number];
  const account = (accounts[index] as (typeof accounts)[number]).address;
  const given = { index: index as ValidatorIndex, name, account, publicKey, peerId, status, since: since as Height };
  return newValidator({ ...given, stake: 0n });
};

const memberOf = ({ index, name, publicKey, peerId }: ValidatorRecord): Validator => ({
  index,
  name,
  publicKey,
  peerId,
  power: 1n as Power,
});
const FOUR = [0, 1, 2, 3].map((index) => record(index, 'active'));
const BEFORE = validatorSet(FOUR.map(memberOf));

describe('who follows in an epoch', () => {
  test.each([
    ['candidate', true],
    ['pending', true],
    ['unbonded', true],
    ['jailed', true],
    ['exiting', true],
    ['tombstoned', false],
    ['removed', false],
  ] as const)('a validator without a seat that is %s: %s', (status, follows) => {
    const names = followersOf([...FOUR, record(4, status)], FOUR.map(memberOf), BEFORE).map(({ name }) => name);
    expect(names).toEqual(follows ? ['validator-4'] : []);
  });

  test.each(['removed', 'tombstoned', 'unbonded'] as const)(
    'whoever is %s follows in the epoch after its last one',
    (status) => {
      const records = [...FOUR.slice(0, 3), record(3, status)];
      const followers = followersOf(records, FOUR.slice(0, 3).map(memberOf), BEFORE);
      expect(followers).toEqual([{ name: 'validator-3', peerId: validators[3]?.peerId }]);
    },
  );

  test('a node follows for one more epoch under the key that it had before, and its validator keeps the seat', () => {
    const rotated = { ...record(3, 'active'), peerId: (validators[7] as (typeof validators)[number]).peerId };
    const seated = [...FOUR.slice(0, 3), rotated];
    const followers = followersOf(seated, seated.map(memberOf), BEFORE);
    expect(followers).toEqual([{ name: 'validator-3', peerId: validators[3]?.peerId }]);
    expect(followersOf(seated, seated.map(memberOf), validatorSet(seated.map(memberOf)))).toEqual([]);
  });
});

test.each([
  [4, 'pending', 8, false],
  [4, 'pending', 7, true],
  [4, 'active', 8, true],
  [3, 'pending', 8, true],
] as const)(
  'of four where an epoch ends at 8, whoever has index %i and is %s since %i may have a seat in the next: %s',
  (index, status, since, may) => {
    expect(hasFollowed(record(index, status, since), { lastHeight: 8 as Height, validators: BEFORE })).toBe(may);
  },
);

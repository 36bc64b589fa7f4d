import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { power, validatorIndex } from '../../src/base/brand.ts';
import { InvariantViolation } from '../../src/base/invariant.ts';
import {
  isQuorum,
  isWeakQuorum,
  powerOf,
  requiredPower,
  validatorAt,
  validatorOfKey,
  validatorOfPeer,
  validatorSet,
  validatorsHash,
} from '../../src/ledger/validators.ts';

const setOf = (...powers: readonly (number | bigint)[]) =>
  validatorSet(
    powers.map((weight, index) => ({
      index: validatorIndex(index),
      name: `v${index}`,
      publicKey: new Uint8Array(32).fill(index),
      peerId: `peer-${index}`,
      power: power(BigInt(weight)),
    })),
  );

const equal = (size: number) => setOf(...Array.from({ length: size }, () => 1));

describe('a quorum', () => {
  test.each([
    ['exactly two thirds is not a quorum', equal(3), 2n, false],
    ['three of four is a quorum', equal(4), 3n, true],
    ['two of four is not', equal(4), 2n, false],
    ['with six, 2f+1 = 3 is not', equal(6), 3n, false],
    ['with six, four is not: two thirds', equal(6), 4n, false],
    ['with six, five is', equal(6), 5n, true],
    ['one alone is a quorum', equal(1), 1n, true],
    ['powers beyond 2^53 are exact: two thirds', setOf(2n ** 61n * 2n, 2n ** 61n), 2n ** 62n, false],
    ['powers beyond 2^53 are exact: one more', setOf(2n ** 61n * 2n, 2n ** 61n), 2n ** 62n + 1n, true],
  ])('%s', (_, set, weight, expected) => {
    expect(isQuorum(set, weight)).toBe(expected);
  });

  test.each([
    ['exactly one third is a weak quorum', equal(6), 2n, true],
    ['less than a third is not', equal(7), 2n, false],
    ['two of four is a weak quorum', equal(4), 2n, true],
    ['one of four is not', equal(4), 1n, false],
  ])('%s', (_, set, weight, expected) => {
    expect(isWeakQuorum(set, weight)).toBe(expected);
  });

  test('is missing exactly where the others are a weak quorum', () => {
    const shares = fc
      .array(fc.bigInt({ min: 1n, max: 2n ** 57n }), { minLength: 1, maxLength: 8 })
      .chain((powers) => fc.tuple(fc.constant(powers), fc.subarray(powers)));
    fc.assert(
      fc.property(shares, ([powers, chosen]) => {
        const set = setOf(...powers);
        const power = chosen.reduce((sum, each) => sum + each, 0n);
        expect(isQuorum(set, power)).toBe(!isWeakQuorum(set, set.total - power));
      }),
    );
    for (let n = 1; n <= 30; n++)
      for (let voters = 0; voters <= n; voters++)
        expect(isQuorum(equal(n), BigInt(voters))).toBe(!isWeakQuorum(equal(n), BigInt(n - voters)));
  });

  test('shares more than a third with any other: two quorums meet in an honest validator', () => {
    const subsets = fc.array(fc.bigInt({ min: 1n, max: 2n ** 57n }), { minLength: 1, maxLength: 8 }).chain((powers) => {
      const members = fc.array(fc.boolean(), { minLength: powers.length, maxLength: powers.length });
      return fc.tuple(fc.constant(powers), members, members);
    });
    fc.assert(
      fc.property(subsets, ([powers, first, second]) => {
        const set = setOf(...powers);
        const sum = (chosen: (index: number) => boolean | undefined) =>
          powers.reduce((total, weight, index) => (chosen(index) ? total + weight : total), 0n);
        fc.pre(
          isQuorum(
            set,
            sum((i) => first[i]),
          ) &&
            isQuorum(
              set,
              sum((i) => second[i]),
            ),
        );
        expect(
          isWeakQuorum(
            set,
            sum((i) => first[i] && second[i]),
          ),
        ).toBe(true);
      }),
    );
  });
});

describe('the power of some', () => {
  test.each([
    ['nobody', [], 0n],
    ['some', [0, 2], 5n],
    ['all', [0, 1, 2], 7n],
    ['one who is named twice', [2, 2], 4n],
    ['an index that names nobody', [0, 3], 1n],
  ])('of %s', (_, signers, expected) => {
    expect(powerOf(setOf(1, 2, 4), signers)).toBe(expected);
  });
});

describe('the required power', () => {
  test('is a quorum, and one less is none', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 1n, max: 2n ** 56n }), { minLength: 1, maxLength: 20 }), (powers) => {
        const set = setOf(...powers);
        expect(isQuorum(set, requiredPower(set))).toBe(true);
        expect(isQuorum(set, requiredPower(set) - 1n)).toBe(false);
      }),
    );
  });
});

describe('a validator set', () => {
  test('knows its validators by index, by peer id and by key, and nobody else', () => {
    const set = setOf(1, 2, 4);
    const [, second] = set.members;
    expect(validatorAt(set, 1)).toBe(second);
    expect(validatorOfPeer(set, 'peer-1')).toBe(second);
    expect(validatorOfKey(set, new Uint8Array(32).fill(1))).toBe(second);
    expect([
      validatorAt(set, 3),
      validatorOfPeer(set, 'peer-3'),
      validatorOfKey(set, new Uint8Array(32).fill(3)),
    ]).toEqual([undefined, undefined, undefined]);
  });

  test('has a hash of keys and powers, in order', () => {
    const hashes = [setOf(1, 2), setOf(2, 1), setOf(1, 2, 3)].map(validatorsHash);
    expect(new Set(hashes).size).toBe(3);
    expect(validatorsHash(setOf(1, 2))).toBe(hashes[0]);
  });

  test.each([
    ['is not empty', () => setOf()],
    ['has at most 64 validators', () => equal(65)],
    ['has a total below 2^63', () => setOf(2n ** 62n, 2n ** 62n)],
  ])('%s', (_, make) => {
    expect(make).toThrow(InvariantViolation);
  });
});

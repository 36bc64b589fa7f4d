import { BitArray } from '@chainsafe/ssz';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epoch, height, power, validatorIndex, view } from '../../src/base/brand.ts';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { VALIDATORS_MAX } from '../../src/ledger/limits.ts';
import {
  epochOf,
  isQuorum,
  isWeakQuorum,
  powerOf,
  primaryOf,
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

/** The primaries of `count` consecutive views. */
const turns = (set: ReturnType<typeof setOf>, count: number, inEpoch = 0, from = 0): number[] =>
  Array.from({ length: count }, (_, offset) => primaryOf(set, epoch(inEpoch), view(from + offset)));

/** The schedule as the definition says it: all turns of a cycle, sorted. */
function definition(powers: readonly number[]): number[] {
  return powers
    .flatMap((weight, index) => Array.from({ length: weight }, (_, k) => ({ index, up: 2 * k + 1, down: 2 * weight })))
    .sort((a, b) => a.up * b.down - b.up * a.down || a.index - b.index)
    .map(({ index }) => index);
}

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

describe('the power of signers', () => {
  const bits = (...indices: number[]) => {
    const signers = BitArray.fromBitLen(VALIDATORS_MAX);
    for (const index of indices) signers.set(index, true);
    return signers;
  };

  test.each([
    ['nobody', bits(), 0n],
    ['some', bits(0, 2), 5n],
    ['all', bits(0, 1, 2), 7n],
    ['a bit that names nobody', bits(0, 3), undefined],
  ])('of %s', (_, signers, expected) => {
    expect(powerOf(setOf(1, 2, 4), signers)).toBe(expected);
  });
});

describe('the primary', () => {
  test('goes round with the views where powers are equal', () => {
    expect(turns(equal(4), 9)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0]);
  });

  test('moves on with the epoch', () => {
    expect(turns(equal(4), 4, 3)).toEqual([3, 0, 1, 2]);
    expect(turns(setOf(5, 3, 1, 1), 5, 2)).toEqual(turns(setOf(5, 3, 1, 1), 7).slice(2));
  });

  test('is spread by power', () => {
    expect(turns(setOf(5, 3, 1, 1), 10)).toEqual(definition([5, 3, 1, 1]));
  });

  test('follows the definition for any powers, one cycle after another', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 }), (powers) => {
        const cycle = definition(powers);
        expect(turns(setOf(...powers), 2 * cycle.length)).toEqual([...cycle, ...cycle]);
      }),
    );
  });

  test('is each validator once in n consecutive views of equal power, from wherever', () => {
    const anywhere = fc.record({
      size: fc.integer({ min: 1, max: VALIDATORS_MAX }),
      weight: fc.bigInt({ min: 1n, max: 2n ** 56n }),
      from: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - VALIDATORS_MAX }),
      inEpoch: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    });
    fc.assert(
      fc.property(anywhere, ({ size, weight, from, inEpoch }) => {
        const set = setOf(...Array.from({ length: size }, () => weight));
        expect(new Set(turns(set, size, inEpoch, from)).size).toBe(size);
      }),
    );
  });

  test('is found for the largest views, epochs and powers', () => {
    const set = setOf(2n ** 62n, 2n ** 61n, 3n, 1n);
    const last = primaryOf(set, epoch(Number.MAX_SAFE_INTEGER), view(Number.MAX_SAFE_INTEGER));
    expect([0, 1]).toContain(last);
  });
});

describe('epochs', () => {
  test.each([
    [0, 0],
    [1, 0],
    [10, 0],
    [11, 1],
    [20, 1],
    [21, 2],
  ])('of ten heights: height %i is in epoch %i', (at, expected) => {
    expect(epochOf(height(at), 10)).toBe(expected);
  });
});

describe('a validator set', () => {
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

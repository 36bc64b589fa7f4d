import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epoch, height, power, validatorIndex, view } from '../../src/base/brand.ts';
import { epochsOf, isWithin, type EpochSet, primaryOf } from '../../src/ledger/epoch.ts';
import { VALIDATORS_MAX } from '../../src/ledger/limits.ts';
import { type ValidatorSet, validatorSet } from '../../src/ledger/validators.ts';
import { makeGenesis } from './network.ts';

const setOf = (...powers: readonly (number | bigint)[]): ValidatorSet =>
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

const known = (validators: ValidatorSet, number: number): EpochSet => ({
  epoch: epoch(number),
  firstHeight: height(1),
  lastHeight: height(10),
  validators,
});

/** The primaries of `count` consecutive views. */
const turns = (set: ReturnType<typeof setOf>, count: number, inEpoch = 0, from = 0): number[] =>
  Array.from({ length: count }, (_, offset) => primaryOf(known(set, inEpoch), view(from + offset)));

/** The schedule as the definition says it: all turns of a cycle, sorted. */
function definition(powers: readonly number[]): number[] {
  return powers
    .flatMap((weight, index) => Array.from({ length: weight }, (_, k) => ({ index, up: 2 * k + 1, down: 2 * weight })))
    .sort((a, b) => a.up * b.down - b.up * a.down || a.index - b.index)
    .map(({ index }) => index);
}

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
    const last = primaryOf(known(set, Number.MAX_SAFE_INTEGER), view(Number.MAX_SAFE_INTEGER));
    expect([0, 1]).toContain(last);
  });
});

describe('epochs of ten heights', () => {
  const genesis = makeGenesis();
  const epochs = epochsOf({ ...genesis, consensus: { ...genesis.consensus, epochLength: 10 } });

  test.each([
    [0, 0],
    [1, 0],
    [10, 0],
    [11, 1],
    [20, 1],
    [21, 2],
  ])('height %i is in epoch %i', (at, expected) => {
    expect(epochs.at(height(at))?.epoch).toBe(expected);
  });

  test.each([
    [0, 1, 10],
    [1, 11, 20],
    [7, 71, 80],
  ])('epoch %i goes from height %i to %i', (number, first, last) => {
    const of = epochs.of(epoch(number));
    expect(of).toMatchObject({ epoch: number, firstHeight: first, lastHeight: last, validators: genesis.validators });
    const within = [first - 1, first, last, last + 1].map((each) => of !== undefined && isWithin(of, height(each)));
    expect(within).toEqual([false, true, true, false]);
  });
});

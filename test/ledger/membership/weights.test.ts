/** The arithmetic of stakes, up to all that there can be: nobody gains a unit by it, and quorums meet. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Power, validatorIndex } from '../../../src/base/brand.ts';
import { TOTAL_POWER_MAX, VALIDATORS_MAX } from '../../../src/ledger/limits.ts';
import { powersOf } from '../../../src/ledger/membership/seats.ts';
import { cutStake } from '../../../src/ledger/membership/penalties.ts';
import { newValidator, type ValidatorRecord } from '../../../src/ledger/membership/validator-record.ts';
import { BURNT, STAKES, TREASURY } from '../../../src/ledger/account.ts';
import { ACCOUNTS, accountIn } from '../../../src/ledger/account.ts';
import { Overlay } from '../../../src/ledger/state/overlay.ts';
import { MemoryState } from '../../../src/ledger/state/memory-state.ts';
import { isQuorum, isWeakQuorum, powerOf, requiredPower, validatorSet } from '../../../src/ledger/validators.ts';
import { epoch, height } from '../../../src/base/brand.ts';
import { foundedBy, keyOf, ownerOf, peerOf } from './kit.ts';

/** Stakes of all sizes, together within the limit. */
const stakes = fc
  .array(fc.oneof(fc.bigInt({ min: 1n, max: 20n }), fc.bigInt({ min: 1n, max: TOTAL_POWER_MAX })), {
    minLength: 1,
    maxLength: VALIDATORS_MAX,
  })
  .map((some) => {
    let left = TOTAL_POWER_MAX - BigInt(some.length);
    return some.map((stake) => {
      const taken = stake - 1n < left ? stake - 1n : left;
      left -= taken;
      return taken + 1n;
    });
  });

const setOf = (powers: readonly bigint[]) =>
  validatorSet(
    powers.map((power, at) => ({
      index: validatorIndex(at),
      name: `v${at}`,
      publicKey: keyOf(at),
      peerId: peerOf(at),
      power: power as Power,
    })),
  );

describe('of sets of any stakes', () => {
  const withSides = stakes.chain((powers) =>
    fc.record({
      powers: fc.constant(powers),
      one: fc.subarray(powers.map((_, at) => at)),
      other: fc.subarray(powers.map((_, at) => at)),
    }),
  );

  test('any two quorums share more than a third', () => {
    fc.assert(
      fc.property(withSides, ({ powers, one, other }) => {
        const set = setOf(powers);
        if (!isQuorum(set, powerOf(set, one)) || !isQuorum(set, powerOf(set, other))) return;
        const shared = one.filter((at) => other.includes(at));
        expect(3n * powerOf(set, shared) > set.total).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('whoever is no quorum leaves a third outside, and less than a third cannot stand in the way of one', () => {
    fc.assert(
      fc.property(withSides, ({ powers, one }) => {
        const set = setOf(powers);
        const rest = powers.map((_, at) => at).filter((at) => !one.includes(at));
        expect(isQuorum(set, powerOf(set, one))).toBe(!isWeakQuorum(set, powerOf(set, rest)));
      }),
      { numRuns: 500 },
    );
  });

  test('the power that is required is a quorum, and one unit less is none', () => {
    fc.assert(
      fc.property(stakes, (powers) => {
        const set = setOf(powers);
        expect(isQuorum(set, requiredPower(set))).toBe(true);
        expect(isQuorum(set, requiredPower(set) - 1n)).toBe(false);
        expect(requiredPower(set) <= set.total).toBe(true);
      }),
    );
  });
});

describe('of the share of a holder', () => {
  const held = fc.record({
    stakes,
    owners: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: VALIDATORS_MAX, maxLength: VALIDATORS_MAX }),
    holderShareMax: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom(2000, 3333, 5000, 10_000)),
  });
  const seatedOf = ({ stakes: some, owners }: { stakes: readonly bigint[]; owners: readonly number[] }) =>
    some.map((stake, at) => ({ stake, account: ownerOf(owners[at] ?? 0) }));
  const sums = (accounts: readonly string[], amounts: readonly bigint[]): Map<string, bigint> => {
    const by = new Map<string, bigint>();
    for (const [at, account] of accounts.entries()) by.set(account, (by.get(account) ?? 0n) + (amounts[at] ?? 0n));
    return by;
  };

  test('nobody has more of it than the bound, to the last unit, where there are holders enough', () => {
    fc.assert(
      fc.property(held, ({ holderShareMax, ...given }) => {
        const seated = seatedOf(given);
        const powers = powersOf(seated, 'stake', { holderShareMax });
        const byHolder = sums(
          seated.map(({ account }) => account),
          powers,
        );
        const total = powers.reduce((sum, each) => sum + each, 0n);
        const isBound = BigInt(holderShareMax) * BigInt(byHolder.size) >= 10_000n;
        for (const power of byHolder.values())
          if (isBound) expect(power * 10_000n <= total * BigInt(holderShareMax)).toBe(true);
        if (isBound) return;
        // Without holders enough for it all have the same.
        const accounts = seated.map(({ account }) => account);
        const bonded = [
          ...sums(
            accounts,
            seated.map(({ stake }) => stake),
          ).values(),
        ];
        const least = bonded.reduce((a, b) => (a < b ? a : b));
        expect([...byHolder.values()]).toEqual(bonded.map(() => least));
      }),
      { numRuns: 500 },
    );
  });

  test('nobody has more power than stake, who has less has his share, and one unit more would be too much', () => {
    fc.assert(
      fc.property(held, ({ holderShareMax, ...given }) => {
        const seated = seatedOf(given);
        const powers = powersOf(seated, 'stake', { holderShareMax });
        const accounts = seated.map(({ account }) => account);
        const byHolder = [...sums(accounts, powers).values()];
        const bonded = [
          ...sums(
            accounts,
            seated.map(({ stake }) => stake),
          ).values(),
        ];
        for (const [at, power] of powers.entries()) expect(power <= (seated[at]?.stake ?? 0n)).toBe(true);
        const most = byHolder.reduce((a, b) => (a > b ? a : b));
        for (const [at, power] of byHolder.entries()) if (power < (bonded[at] ?? 0n)) expect(power).toBe(most);
        if (byHolder.every((power, at) => power === bonded[at])) return;
        const raised = bonded.map((stake) => (stake < most + 1n ? stake : most + 1n));
        const total = raised.reduce((sum, each) => sum + each, 0n);
        expect((most + 1n) * 10_000n > total * BigInt(holderShareMax)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, bigint[], number[], number, bigint[]]>([
    ['a great one is cut to it', [100n, 10n, 10n, 10n], [0, 1, 2, 3], 4000, [20n, 10n, 10n, 10n]],
    ['its validators share what is left', [60n, 40n, 10n, 10n, 10n], [0, 0, 1, 2, 3], 4000, [12n, 8n, 10n, 10n, 10n]],
    ['to the last unit', [1n, 1n, 98n, 10n, 10n], [0, 0, 0, 1, 2], 3334, [0n, 0n, 10n, 10n, 10n]],
    ['with too few all have the same', [100n, 10n], [0, 1], 4000, [10n, 10n]],
    ['whoever has none at all is no measure', [100n, 10n, 0n], [0, 1, 2], 3000, [10n, 10n, 0n]],
    ['all of it is no bound', [100n, 1n], [0, 1], 10_000, [100n, 1n]],
  ])('%s', (_, some, owners, holderShareMax, powers) => {
    expect(powersOf(seatedOf({ stakes: some, owners }), 'stake', { holderShareMax })).toEqual(powers);
  });
});

describe('of penalties', () => {
  const { membership } = foundedBy();
  const cases = fc.record({
    stake: fc.bigInt({ min: 0n, max: TOTAL_POWER_MAX / 4n }),
    unbonding: fc.uniqueArray(
      fc.record({ amount: fc.bigInt({ min: 1n, max: TOTAL_POWER_MAX / 128n }), epoch: fc.nat(9).map(epoch) }),
      { selector: (each) => each.epoch, maxLength: 8 },
    ),
    part: fc.integer({ min: 0, max: 10_000 }),
    burntShare: fc.integer({ min: 0, max: 10_000 }),
    of: fc.nat(9).map(epoch),
  });

  test('takes its part of each, rounded up, and no unit is lost or made', () => {
    fc.assert(
      fc.property(cases, ({ stake, unbonding, part, burntShare, of }) => {
        const names = {
          index: validatorIndex(0),
          name: 'v',
          account: ownerOf(0),
          publicKey: keyOf(0),
          peerId: peerOf(0),
        };
        const given = { ...names, status: 'active', since: height(0), stake } as const;
        const record: ValidatorRecord = { ...newValidator(given), unbonding };
        const all = unbonding.reduce((sum, { amount }) => sum + amount, stake);
        const entries = new Overlay(new MemoryState());
        entries.set(ACCOUNTS.key(STAKES), { balance: all, nonce: 0 });
        const cut = cutStake(entries, record, part, of, { ...membership, burntShare });
        const left = cut.unbonding.reduce((sum, { amount }) => sum + amount, cut.stake);
        const [burnt, kept] = [accountIn(entries, BURNT).balance, accountIn(entries, TREASURY).balance];
        expect([burnt + kept, accountIn(entries, STAKES).balance]).toEqual([all - left, left]);
        expect(cut.slashed).toBe(all - left);
        expect(burnt * 10_000n <= (all - left) * BigInt(burntShare)).toBe(true);
        const touched = unbonding.filter((each) => each.epoch >= of).map(({ amount }) => amount);
        const least = [stake, ...touched].map((amount) => amount * BigInt(part));
        expect((all - left) * 10_000n >= least.reduce((a, b) => a + b, 0n)).toBe(true);
        expect((all - left) * 10_000n < least.reduce((a, b) => a + b, 0n) + 10_000n * BigInt(least.length)).toBe(true);
        for (const each of unbonding) if (each.epoch < of) expect(cut.unbonding).toContainEqual(each);
      }),
      { numRuns: 500 },
    );
  });
});

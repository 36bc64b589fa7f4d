/** Random chains whose validators bond, leave, lie, are away, propose and vote: most of what they ask for has something wrong. */
import fc from 'fast-check';
import { height, validatorIndex } from '../../../src/base/brand.ts';
import type { Change } from '../../../src/ledger/membership/change.ts';
import { PARAMETER_NAMES } from '../../../src/ledger/membership/parameters.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { keyOf, ownerOf, peerOf } from './kit.ts';

/** Indices that somebody has, or may have one day. */
const index = fc.integer({ min: 0, max: 6 });
/** One that nobody can have, too. */
const named = fc.oneof({ weight: 20, arbitrary: index }, fc.constantFrom(63, 64, 0xffff));
const validator = named.map(validatorIndex);
const amount = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 40n }) },
  fc.constantFrom(1000n, 1_000_001n, 2n ** 63n),
);
const newcomer = fc.integer({ min: 4, max: 9 });
const peerId = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 30 }).map(peerOf) },
  fc.constant(`12D3KooW${'2'.repeat(44)}`),
);
const name = fc.oneof(
  index.map((number) => `v${number}`),
  fc.constantFrom('o1', 'o2'),
);

const parameter = fc.oneof(
  fc.record({ name: fc.constantFrom(...PARAMETER_NAMES), value: amount }),
  // So that some are taken: none of them makes the chain too long to run.
  fc.record({ name: fc.constant('epochLength' as const), value: fc.constantFrom(2n, 3n, 4n) }),
  fc.record({ name: fc.constant('maxValidators' as const), value: fc.bigInt({ min: 1n, max: 9n }) }),
  fc.record({ name: fc.constant('minStake' as const), value: fc.bigInt({ min: 0n, max: 30n }) }),
  fc.record({ name: fc.constant('holderShareMax' as const), value: fc.constantFrom(2000n, 3333n, 5000n) }),
  fc.record({ name: fc.constant('equivocationPenalty' as const), value: fc.constantFrom(0n, 1n, 3333n, 10_000n) }),
  fc.record({ name: fc.constant('downtimeEpochs' as const), value: fc.constantFrom(0n, 1n, 2n) }),
);
const kind = <K extends string>(of: K) => ({ kind: fc.constant(of) });
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ number: newcomer, owner: index }).map(
      ({ number, owner }): Change => ({
        kind: 'admit-validator',
        name: `v${number}`,
        account: ownerOf(owner),
        publicKey: keyOf(number),
        peerId: peerOf(number),
      }),
    ),
  },
  { weight: 2, arbitrary: fc.record({ ...kind('remove-validator'), validator }) },
  fc.record({
    ...kind('rotate-validator'),
    validator,
    publicKey: fc.option(fc.integer({ min: 0, max: 30 }).map(keyOf)),
    peerId: fc.option(peerId),
  }),
  fc.record({ ...kind('admit-observer'), name, peerId }),
  fc.record({ ...kind('remove-observer'), name }),
  { weight: 3, arbitrary: parameter.map((of): Change => ({ kind: 'set-parameter', ...of })) },
  fc.record({ ...kind('upgrade'), version: fc.nat(3), height: fc.nat(60).map(height) }),
);

/** An operation with the validator whose account sends it: its own, as a rule. */
const operation = index.chain((of) => {
  const validator = fc.oneof({ weight: 12, arbitrary: fc.constant(of) }, named).map(validatorIndex);
  return fc
    .oneof(
      { weight: 2, arbitrary: fc.record({ ...kind('bond'), validator, amount }) },
      { weight: 3, arbitrary: fc.record({ ...kind('unbond'), validator, amount }) },
      { weight: 2, arbitrary: fc.record({ ...kind('withdraw'), validator, amount }) },
      { weight: 2, arbitrary: fc.record({ ...kind('unjail'), validator }) },
      { weight: 2, arbitrary: fc.record({ ...kind('propose'), validator, change, expires: fc.nat(40).map(height) }) },
      {
        weight: 6,
        arbitrary: fc.record({
          ...kind('vote'),
          proposal: fc.nat(6),
          validator,
          approve: fc.constantFrom(true, true, true, false),
        }),
      },
    )
    .map((one): readonly [of: number, Operation] => [of, one]);
});

const block = fc.record({
  sent: fc.array(operation, { maxLength: 8 }),
  /** Who lied, and how many epochs ago. */
  lies: fc.oneof(
    { weight: 5, arbitrary: fc.constant<[number, number][]>([]) },
    fc.array(fc.tuple(index, fc.nat(2)), { maxLength: 2 }),
  ),
  /** Whom the certificate names; null where the body carries none. */
  seen: fc.option(fc.subarray([0, 1, 2, 3, 4, 5, 6], { minLength: 3 })),
});

export const histories = fc.record({
  founding: fc.record({
    mode: fc.constantFrom('stake', 'stake', 'stake', 'equal'),
    powers: fc.array(fc.integer({ min: 5, max: 60 }), { minLength: 3, maxLength: 6 }),
    membership: fc.record({
      minStake: fc.constantFrom('0', '5'),
      unbondingEpochs: fc.constantFrom(1, 3),
      holderShareMax: fc.constantFrom(10_000, 10_000, 3333, 2500),
      equivocationPenalty: fc.constantFrom(500, 3333, 10_000),
      downtimePenalty: fc.constantFrom(0, 1, 500),
      burntShare: fc.constantFrom(0, 3333, 10_000),
      downtimeEpochs: fc.constantFrom(1, 2),
      jailEpochs: fc.constantFrom(0, 2),
    }),
    ledger: fc.record({ weightPrice: fc.constantFrom('0', '2') }),
  }),
  blocks: fc.array(block, { minLength: 5, maxLength: 40 }),
});
export type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

/** Random chains of random bodies with operations of all kinds, most of which have something wrong. */
import fc from 'fast-check';
import { type Address, type Hash, type Height, height, validatorIndex } from '../../../src/base/brand.ts';
import { DEPOSITS, FEE_POOL } from '../../../src/ledger/account.ts';
import type { Change } from '../../../src/ledger/membership/change.ts';
import { PARAMETER_NAMES } from '../../../src/ledger/membership/parameters.ts';
import type { IdentifiedTransaction, Operation } from '../../../src/ledger/transaction.ts';
import { SHORT_TRANSACTION_WEIGHT_MAX } from '../../../src/ledger/weight.ts';
import { accountOf, makeTransaction, stranger } from '../network.ts';
import { peerOf } from '../membership/kit.ts';
import { createNamespace, genesisWith } from './kit.ts';

/** Three rich senders and one that has to be paid first; and the accounts that nobody may have. */
const GENESIS = genesisWith();
export const senders = [0, 1, 2].map((position) => accountOf(GENESIS, position)).concat(stranger(1));
const sender = fc.constantFrom(...senders);
const account = fc.constantFrom(...senders, stranger(2), FEE_POOL, DEPOSITS);

const few = { minLength: 0, maxLength: 3 };
const name = fc.constantFrom('a', 'b');
const key = fc.constantFrom('k', 'l/m');
const named = { namespace: name, key };
const version = fc.record({ height: fc.integer({ min: 1, max: 6 }).map((at) => at as Height), index: fc.nat(3) });
const condition = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'any' } as const) },
  fc.constant({ kind: 'absent' } as const),
  version.map((of) => ({ kind: 'version', ...of }) as const),
);
const amount = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 300n }) },
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const delta = fc.oneof(
  { weight: 2, arbitrary: fc.bigInt({ min: -2n, max: 2n }) },
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n),
);

const validator = fc.nat(5).map(validatorIndex);
const publicKey = fc.constantFrom(1, 2).map((byte) => new Uint8Array(32).fill(byte));
const peerId = fc.constantFrom(peerOf(70), peerOf(71), `12D3KooW${'2'.repeat(44)}`);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('admit-validator' as const), name, account, publicKey, peerId }),
  fc.record({ kind: fc.constant('remove-validator' as const), validator }),
  fc.record({
    kind: fc.constant('rotate-validator' as const),
    validator,
    publicKey: fc.option(publicKey),
    peerId: fc.option(peerId),
  }),
  fc.record({ kind: fc.constant('admit-observer' as const), name, peerId }),
  fc.record({ kind: fc.constant('remove-observer' as const), name }),
  fc.record({ kind: fc.constant('set-parameter' as const), name: fc.constantFrom(...PARAMETER_NAMES), value: amount }),
  fc.record({ kind: fc.constant('upgrade' as const), version: fc.nat(3), height: fc.nat(9).map(height) }),
);

type Fields<K> = { readonly [N in keyof Omit<Extract<Operation, { kind: K }>, 'kind'>]: fc.Arbitrary<unknown> };
/** The fields of each kind: the compiler asks for those of a new one. */
const FIELDS: { readonly [K in Operation['kind']]: Fields<K> } = {
  transfer: { to: account, amount },
  'create-namespace': { name, writers: fc.array(account, few) },
  'set-writers': { name, writers: fc.array(account, few) },
  'set-owner': { name, owner: sender },
  put: { ...named, value: fc.uint8Array({ maxLength: 40 }), condition },
  delete: { ...named, condition },
  lease: { ...named, until: fc.nat(9), condition },
  release: { ...named, condition },
  add: { ...named, delta },
  insert: { ...named, member: key },
  remove: { ...named, member: key },
  require: { ...named, condition },
  bond: { validator, amount },
  unbond: { validator, amount },
  withdraw: { validator, amount },
  unjail: { validator },
  propose: { validator, change, expires: fc.nat(9) },
  vote: { proposal: fc.nat(3), validator, approve: fc.boolean() },
};
/** Of any kind, most of them with something wrong. */
export const anyOperation = fc.oneof(
  ...Object.entries(FIELDS).map(([kind, fields]) => ({
    // None of these senders has a validator: ../membership/chains.ts has chains of those that do.
    weight: 'validator' in fields ? 1 : 6,
    arbitrary: fc.record<Record<string, unknown>>({ kind: fc.constant(kind), ...fields }),
  })),
) as fc.Arbitrary<Operation>;

const sent = fc.record({
  sender,
  /** Added to the nonce that would do. */
  nonce: fc.constantFrom(0, 0, 0, 0, 0, 1),
  expiresAt: fc.constantFrom(0, 0, 0, 2).map((at) => at as Height),
  maxFee: fc.constantFrom(10n, 100n, 100_000n),
  operations: fc.array(anyOperation, { minLength: 1, maxLength: 5 }),
});
/** Parameters of the genesis, and what to put into each body. */
export const chains = fc
  .record({
    parameters: fc.record({
      weightPrice: fc.constantFrom('0', '2'),
      depositPerByte: fc.constantFrom('0', '1', '5'),
      minimumBalance: fc.constantFrom('0', '100'),
      newEntriesMax: fc.constantFrom(1, 3, 256),
    }),
    bodies: fc.array(fc.array(sent, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
    /** With the smaller one a block may make sixteen accounts and entries. */
    blockWeightMax: fc.constantFrom(4000, SHORT_TRANSACTION_WEIGHT_MAX),
  })
  .map(({ parameters, bodies, blockWeightMax }) => ({ parameters: { ...parameters, blockWeightMax }, bodies }));
export type Chain = typeof chains extends fc.Arbitrary<infer T> ? T : never;

/** Comes before all bodies, as the first sender's: a namespace in which all may write. */
export const BEGINNING = createNamespace('a', senders);

/** The transactions of a body, no two the same; `nonceOf` says which nonce a sender has next. */
export function transactionsOf(
  chainId: Hash,
  body: Chain['bodies'][number],
  nonceOf: (of: Address) => number,
): IdentifiedTransaction[] {
  const nonces = new Map<Address, number>();
  return body.map(({ sender: of, nonce: off, ...fields }, index) => {
    const nonce = nonces.get(of) ?? nonceOf(of);
    if (off === 0) nonces.set(of, nonce + 1);
    return makeTransaction({ chainId, sender: of, nonce: nonce + off, memo: Uint8Array.of(index), ...fields });
  });
}

/** Values of each kind of entry that validators, epochs and proposals have: what the golden vectors freeze. */
import { BitArray } from '@chainsafe/ssz';
import { epoch, height, power, validatorIndex } from '../../../src/base/brand.ts';
import type { Codec } from '../../../src/codec/codec.ts';
import { VALIDATORS_MAX } from '../../../src/ledger/limits.ts';
import { ATTENDANCE } from '../../../src/ledger/membership/attendance.ts';
import type { Change, ChangeKind } from '../../../src/ledger/membership/change.ts';
import { EPOCHS, recordOf } from '../../../src/ledger/membership/epoch-record.ts';
import { GOVERNANCE, PROPOSALS } from '../../../src/ledger/membership/proposal.ts';
import { VALIDATORS } from '../../../src/ledger/membership/validator-record.ts';
import type { StateKey } from '../../../src/ledger/state/entry-kind.ts';
import { validatorSet } from '../../../src/ledger/validators.ts';
import { foundedBy, keyOf, ownerOf, peerOf } from './kit.ts';

const MOST = 2n ** 64n - 1n;

function bits(...indices: readonly number[]): BitArray {
  const of = BitArray.fromBitLen(VALIDATORS_MAX);
  for (const index of indices) of.set(index, true);
  return of;
}

/** The compiler asks for one of a new kind. */
export const CHANGE_EXAMPLES: { readonly [K in ChangeKind]: Extract<Change, { kind: K }> } = {
  'admit-validator': {
    kind: 'admit-validator',
    name: 'v-9',
    account: ownerOf(9),
    publicKey: keyOf(9),
    peerId: peerOf(9),
  },
  'remove-validator': { kind: 'remove-validator', validator: validatorIndex(63) },
  'rotate-validator': { kind: 'rotate-validator', validator: validatorIndex(2), publicKey: keyOf(9), peerId: null },
  'admit-observer': { kind: 'admit-observer', name: 'o', peerId: peerOf(9) },
  'remove-observer': { kind: 'remove-observer', name: 'o' },
  'set-parameter': { kind: 'set-parameter', name: 'jailEpochs', value: MOST },
  upgrade: { kind: 'upgrade', version: 2, height: height(258) },
};

const { consensus, ledger, membership } = foundedBy();
const parameters = { consensus, ledger, membership };
const member = (index: number) => ({
  index: validatorIndex(index),
  name: `v${index}`,
  publicKey: keyOf(index),
  peerId: peerOf(index),
  power: power(2n ** 61n + BigInt(index)),
});

type Example = {
  readonly name: string;
  readonly key: StateKey;
  readonly codec: Codec<unknown>;
  readonly value: unknown;
};
export const MEMBERSHIP_EXAMPLES: readonly Example[] = [
  exampleOf('Validator', VALIDATORS.key(validatorIndex(3)), {
    index: validatorIndex(3),
    name: 'v3',
    account: ownerOf(3),
    publicKey: keyOf(3),
    peerId: peerOf(3),
    status: 'jailed',
    since: height(258),
    stake: MOST,
    unbonding: [
      { amount: 1n, epoch: epoch(4) },
      { amount: MOST, epoch: epoch(258) },
    ],
    slashed: 7n,
    offences: 2,
    jailedUntil: epoch(9),
    missed: 3,
    missedBefore: bits(0, 63),
    left: epoch(5),
  }),
  exampleOf(
    'Epoch',
    EPOCHS.key(epoch(7)),
    recordOf({
      epoch: epoch(7),
      firstHeight: height(22),
      lastHeight: height(24),
      validators: validatorSet([member(0), member(9)]),
      kept: [validatorIndex(9)],
      observers: [{ name: 'o', peerId: peerOf(40) }],
      followers: [{ name: 'f', peerId: peerOf(41) }],
      parameters,
      upgrade: { version: 2, height: height(258) },
    }),
  ),
  exampleOf('Attendance', ATTENDANCE, { epoch: epoch(7), seen: bits(0, 9), proposers: bits(9, 63) }),
  ...Object.values(CHANGE_EXAMPLES).map((change) =>
    exampleOf(`Proposal, ${change.kind}`, PROPOSALS.key(2), {
      id: 66,
      proposer: validatorIndex(9),
      change,
      yes: bits(0, 63),
      no: bits(1),
      expires: height(259),
      status: 'failed',
      since: height(258),
      failure: 'BAD_PEER_ID',
    }),
  ),
  exampleOf('Governance', GOVERNANCE, { nextProposal: 67 }),
];

function exampleOf<V>(name: string, key: StateKey<V>, value: V): Example {
  return { name, key, codec: key.kind.codec, value };
}

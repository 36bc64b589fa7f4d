/** An operation of each kind with what its receipt says, and a value of each kind of entry: what the golden vectors freeze. */
import { height, validatorIndex } from '../../../src/base/brand.ts';
import type { Codec } from '../../../src/codec/codec.ts';
import type { Receipt } from '../../../src/ledger/block.ts';
import { COUNTERS } from '../../../src/ledger/data/counter.ts';
import { ENTRIES } from '../../../src/ledger/data/entry.ts';
import { MEMBERS } from '../../../src/ledger/data/member.ts';
import { NAMESPACES } from '../../../src/ledger/data/namespace.ts';
import type { StateKey } from '../../../src/ledger/state/entry-kind.ts';
import { referenceTo } from '../../../src/ledger/state/value-reference.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { stranger } from '../network.ts';

const MOST = 2n ** 64n - 1n;
const named = { namespace: 'a-1', key: 'k/~' };
const version = { height: height(258), index: 513 };
const value = Uint8Array.from([0, 1, 255]);
const deposit = MOST;
const paid = { depositPaid: MOST };
const refunded = { depositRefunded: 7n };

type Event<K> = Extract<Receipt['events'][number], { kind: K }>;
/** The compiler asks for those of a new kind. */
export const OPERATION_EXAMPLES: {
  readonly [K in Operation['kind']]: readonly [Extract<Operation, { kind: K }>, Event<K>];
} = {
  transfer: [
    { kind: 'transfer', to: stranger(2), amount: MOST },
    { kind: 'transfer', from: stranger(1), to: stranger(2), amount: 1n },
  ],
  'create-namespace': [
    { kind: 'create-namespace', name: 'a-1', writers: [stranger(3), stranger(4)] },
    { kind: 'create-namespace', namespace: 'a-1', owner: stranger(1), ...paid },
  ],
  'set-writers': [
    { kind: 'set-writers', name: 'a-1', writers: [] },
    { kind: 'set-writers', namespace: 'a-1', ...paid, ...refunded },
  ],
  'set-owner': [
    { kind: 'set-owner', name: 'a-1', owner: stranger(2) },
    { kind: 'set-owner', namespace: 'a-1', owner: stranger(2) },
  ],
  put: [
    { kind: 'put', ...named, value, condition: { kind: 'version', ...version } },
    { kind: 'put', ...named, version, ...paid, ...refunded },
  ],
  delete: [
    { kind: 'delete', ...named, condition: { kind: 'any' } },
    { kind: 'delete', ...named, version, ...refunded },
  ],
  lease: [
    { kind: 'lease', ...named, until: height(259), condition: { kind: 'absent' } },
    { kind: 'lease', ...named, version, owner: stranger(1), until: height(259), ...paid },
  ],
  release: [
    { kind: 'release', ...named, condition: { kind: 'version', ...version } },
    { kind: 'release', ...named, version },
  ],
  add: [
    { kind: 'add', ...named, delta: -(2n ** 63n) },
    { kind: 'add', ...named, value: 2n ** 63n - 1n, ...paid, ...refunded },
  ],
  insert: [
    { kind: 'insert', ...named, member: 'm' },
    { kind: 'insert', ...named, member: 'm', changed: true, ...paid },
  ],
  remove: [
    { kind: 'remove', ...named, member: 'm' },
    { kind: 'remove', ...named, member: 'm', changed: false, ...refunded },
  ],
  bond: [
    { kind: 'bond', validator: validatorIndex(258), amount: MOST },
    { kind: 'bond', validator: validatorIndex(258), amount: MOST, stake: 1n },
  ],
  unbond: [
    { kind: 'unbond', validator: validatorIndex(3), amount: 7n },
    { kind: 'unbond', validator: validatorIndex(3), amount: 7n, stake: MOST },
  ],
  withdraw: [
    { kind: 'withdraw', validator: validatorIndex(3), amount: MOST },
    { kind: 'withdraw', validator: validatorIndex(3), amount: MOST },
  ],
  unjail: [
    { kind: 'unjail', validator: validatorIndex(63) },
    { kind: 'unjail', validator: validatorIndex(63) },
  ],
  propose: [
    {
      kind: 'propose',
      validator: validatorIndex(3),
      change: { kind: 'set-parameter', name: 'historyHeights', value: 258n },
      expires: height(259),
    },
    { kind: 'propose', validator: validatorIndex(3), proposal: 258, status: 'open' },
  ],
  vote: [
    { kind: 'vote', proposal: 258, validator: validatorIndex(3), approve: true },
    {
      kind: 'vote',
      proposal: 258,
      validator: validatorIndex(3),
      approve: false,
      yes: MOST,
      no: 7n,
      status: 'rejected',
    },
  ],
  require: [
    { kind: 'require', ...named, condition: { kind: 'absent' } },
    { kind: 'require', ...named },
  ],
};

/** Values of each kind of entry that holds data, with a key of the kind. */
export const DATA_EXAMPLES: readonly { name: string; key: StateKey; codec: Codec<unknown>; value: unknown }[] = [
  exampleOf('Namespace', NAMESPACES.key('a-1'), { owner: stranger(1), writers: [stranger(3), stranger(4)], deposit }),
  exampleOf('Entry', ENTRIES.key(named), { version, lease: null, deposit, value: referenceTo(value, version) }),
  exampleOf('Entry, leased', ENTRIES.key(named), {
    version,
    lease: { owner: stranger(1), until: height(259) },
    deposit,
    value: referenceTo(value, { height: height(257), index: 2 }),
  }),
  exampleOf('Counter', COUNTERS.key(named), { value: -2n, deposit }),
  exampleOf('Member', MEMBERS.key({ ...named, member: 'm/~' }), { deposit }),
];

function exampleOf<V>(name: string, key: StateKey<V>, of: V) {
  return { name, key: key as StateKey, codec: key.kind.codec as Codec<unknown>, value: of as unknown };
}

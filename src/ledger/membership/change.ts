/** What validators decide on by their votes: each kind of change with its fields, in bytes and as JSON. */
import { z } from 'zod';
import { unionByKind } from '../../codec/types.ts';
import { present } from '../../base/invariant.ts';
import { heightField, optionalField } from '../operations/data-fields.ts';
import {
  addressField,
  amountField,
  type Field,
  type Fields,
  type JsonValues,
  type Values,
} from '../operations/fields.ts';
import { Form } from '../operations/form.ts';
import {
  nameField,
  numberField,
  parameterField,
  peerIdField,
  publicKeyField,
  validatorField,
} from '../operations/membership-fields.ts';

/** Their order is part of the encoding: new kinds go to the end. */
const CHANGES = {
  /** Somebody new: a validator of the next epoch, where power is not stake; a candidate, where it is. */
  'admit-validator': { name: nameField, account: addressField, publicKey: publicKeyField, peerId: peerIdField },
  /** Out of the set, and not to come back under this index. Its stake is on its way out, and counts for offences until then. */
  'remove-validator': { validator: validatorField },
  /** Another key of its votes, another node, or both. What it signed before stands with its old key. */
  'rotate-validator': {
    validator: validatorField,
    publicKey: optionalField(publicKeyField),
    peerId: optionalField(peerIdField),
  },
  'admit-observer': { name: nameField, peerId: peerIdField },
  'remove-observer': { name: nameField },
  /** From the next epoch on; how long an epoch is, too. */
  'set-parameter': { name: parameterField, value: amountField },
  /** From this height on blocks follow the rules of this version. */
  upgrade: { version: numberField, height: heightField },
} as const satisfies Readonly<Record<string, Fields>>;

type Changes = typeof CHANGES;
export type ChangeKind = keyof Changes;
export type Change = { [K in ChangeKind]: { readonly kind: K } & Values<Changes[K]> }[ChangeKind];
export type ChangeJson = { [K in ChangeKind]: { kind: K } & JsonValues<Changes[K]> }[ChangeKind];

const forms = new Map(
  Object.entries(CHANGES).map(([kind, fields]: [string, Fields]) => [kind, new Form<string, Fields>(kind, fields)]),
);
const formOf = (kind: string): Form<string, Fields> => present(forms.get(kind), 'kind of change');

/** In JSON `{kind, ...fields}`. */
export const changeField: Field<Change, ChangeJson> = {
  type: unionByKind(Object.fromEntries([...forms].map(([kind, { type }]) => [kind, type]))) as never,
  schema: z.discriminatedUnion('kind', [...forms.values()].map(({ schema }) => schema) as never) as never,
  toJson: (change, addressPrefix) => formOf(change.kind).toJson(change, addressPrefix) as ChangeJson,
  fromJson: (json, path, addressPrefix) => formOf(json.kind).fromJson(json, path, addressPrefix) as never,
  accountsIn: (change) => formOf(change.kind).accountsIn(change),
};

/** Why a change cannot be made. New ones go to the end: a proposal that failed holds the position of its code. */
export const CHANGE_CODES = {
  NOT_A_VALIDATOR: 18,
  TOMBSTONED: 24,
  REMOVED: 25,
  IDENTITY_TAKEN: 36,
  NO_PLACE: 37,
  NOT_AN_OBSERVER: 38,
  NOTHING_CHANGES: 39,
  PARAMETER_OUT_OF_RANGE: 40,
  UPGRADE_OUT_OF_RANGE: 41,
  SYSTEM_ACCOUNT: 42,
  BAD_PEER_ID: 43,
} as const;
export type ChangeCode = keyof typeof CHANGE_CODES;

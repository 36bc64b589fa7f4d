/** Fields of operations on validators and proposals. */
import { ByteVectorType } from '@chainsafe/ssz';
import { z } from 'zod';
import type { ValidatorIndex } from '../../base/brand.ts';
import { fail, ok } from '../../base/result.ts';
import { fromHex, toHex } from '../../codec/hex.ts';
import { nameOf, uint16, uint64 } from '../../codec/types.ts';
import { NAME_MAX, PEER_ID_CHARACTERS } from '../limits.ts';
import { isEd25519PeerId } from '../peer-id.ts';
import { PARAMETER_NAMES, type ParameterName } from '../membership/parameters.ts';
import { textField } from './data-fields.ts';
import type { Field } from './fields.ts';

const INDEX_MAX = 0xffff;

/** A validator, by its index. */
export const validatorField: Field<ValidatorIndex, number> = {
  type: uint16<ValidatorIndex>(),
  schema: z.int().min(0).max(INDEX_MAX),
  toJson: (index) => index,
  fromJson: (index) => ok(index as ValidatorIndex),
};

/** The name of a validator or observer. */
export const nameField: Field<string, string> = textField(
  new RegExp(`^[a-z0-9][a-z0-9-]{0,${NAME_MAX - 1}}$`),
  NAME_MAX,
);

/** Text of the libp2p peer id of an ed25519 key. Not all text of its form is one: whoever decodes it has to ask. */
export const peerIdField: Field<string, string> = {
  ...textField(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/, PEER_ID_CHARACTERS),
  fromJson: (text, path) => (isEd25519PeerId(text) ? ok(text) : fail('MALFORMED', `${path}: no peer id of a key`)),
};

/** An ed25519 public key of 32 bytes, in JSON as lower-case hexadecimal digits. */
export const publicKeyField: Field<Uint8Array, string> = {
  type: new ByteVectorType(32),
  schema: z.string().regex(/^[0-9a-f]{64}$/),
  toJson: toHex,
  fromJson: (text) => ok(fromHex(text)),
};

/** A parameter that an epoch may change. */
export const parameterField: Field<ParameterName, ParameterName> = {
  type: nameOf(PARAMETER_NAMES),
  schema: z.enum(PARAMETER_NAMES),
  toJson: (name) => name,
  fromJson: ok,
};

/** A number of proposals, or of versions: a whole one that JavaScript holds exactly. */
export const numberField: Field<number, number> = {
  type: uint64(),
  schema: z.int().nonnegative(),
  toJson: (value) => value,
  fromJson: ok,
};

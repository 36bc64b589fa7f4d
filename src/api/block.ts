/** Accounts, blocks and offences. */
import { z } from 'zod';
import { OPERATIONS } from '../ledger/operations/table.ts';
import { VOTE_KINDS } from '../ledger/vote.ts';
import { addressText, amountText, hashText, natural, signatureText, validatorNumber } from './scalars.ts';

export const accountSchema = z.object({
  address: addressText,
  balance: amountText,
  nonce: natural.describe('Transactions of the account in final blocks'),
  pendingNonce: natural.describe('Nonce for the next transaction: after those that wait here'),
});
export type AccountJson = z.infer<typeof accountSchema>;

/** A signed vote: one of the messages of the protocol. */
export const signedVoteSchema = z.object({
  vote: z.object({
    kind: z.enum(VOTE_KINDS),
    epoch: natural,
    view: natural,
    height: natural,
    hash: hashText.describe('Of the body; of a checkpoint, of the block'),
  }),
  voter: validatorNumber,
  signature: signatureText,
});
export type SignedVoteJson = z.infer<typeof signedVoteSchema>;

/** A validator signed two things where the protocol allows one. Anyone can check both signatures. */
export const offenceSchema = z.object({
  validator: validatorNumber,
  kind: z.enum(VOTE_KINDS),
  epoch: natural,
  view: natural,
  height: natural,
  evidence: z.object({ first: signedVoteSchema, second: signedVoteSchema }),
});
export type OffenceJson = z.infer<typeof offenceSchema>;

export const offencesSchema = z.object({ offences: z.array(offenceSchema) });
export type OffencesJson = z.infer<typeof offencesSchema>;

export const headerSchema = z.object({
  chainId: hashText,
  height: natural,
  epoch: natural,
  parentHash: hashText,
  bodyHash: hashText,
  transactionsRoot: hashText,
  receiptsRoot: hashText,
  stateRoot: hashText,
  historyRoot: hashText,
  validatorsHash: hashText,
  nextValidatorsHash: hashText,
  timestampMs: natural,
  proposer: validatorNumber.describe('65535: nobody, the body was empty by a view change'),
});

/** More than two thirds of the power signed the block. */
export const certificateSchema = z.object({
  epoch: natural,
  height: natural,
  blockHash: hashText,
  signers: z.array(validatorNumber).describe('By growing index'),
  signatures: z.array(signatureText).describe('In the order of the signers'),
});
export type CertificateJson = z.infer<typeof certificateSchema>;

/** A final block. `certificate` is its own, null where this node has only that of a later block. */
export const blockSchema = z.object({
  height: natural,
  hash: hashText,
  header: headerSchema,
  certificate: certificateSchema.nullable(),
  transactions: z.array(
    z.object({
      id: hashText,
      code: z.enum(OPERATIONS.codes),
      feePaid: amountText,
      events: z.array(OPERATIONS.eventSchema),
    }),
  ),
  skipped: z.array(hashText).describe('Ordered but not executed: expired, wrong nonce, or a fee that cannot be paid'),
  offences: z.array(offenceSchema),
});
export type BlockJson = z.infer<typeof blockSchema>;

/** Accounts, blocks and offences. */
import { z } from 'zod';
import { OPERATIONS } from '../ledger/operations/table.ts';
import { VOTE_KINDS } from '../ledger/vote.ts';
import { certificateSchema, headerSchema } from './header.ts';
import { addressText, amountText, hashText, natural, signatureText, validatorNumber } from './scalars.ts';
import { stateProofSchema } from './state.ts';

export const accountSchema = z.object({
  address: addressText,
  balance: amountText,
  nonce: natural.describe('Transactions of the account so far'),
  pendingNonce: natural.describe('Nonce for the next transaction now: after those that wait here'),
  height: natural.describe('Of the block after which it is this'),
  timestampMs: natural.optional().describe('Of that block; with a height, a time or a proof, as what follows'),
  stateRoot: hashText.optional().describe('Root of the state after that block'),
  proof: stateProofSchema
    .optional()
    .describe(
      'Its key in the state is account/ and the 64 hexadecimal digits of the public key, its value balance and nonce, 8 bytes each, the ' +
        'low byte first; an account with neither may be absent',
    ),
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

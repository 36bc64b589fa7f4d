/** Accounts, blocks and offences. */
import { z } from 'zod';
import { OPERATIONS } from '../ledger/operations/table.ts';
import { evidenceSchema } from '../ledger/evidence-json.ts';
import { OFFENCE_KINDS } from '../ledger/offence.ts';
import { certificateSchema, headerSchema } from './header.ts';
import { addressText, amountText, hashText, natural, validatorNumber } from './scalars.ts';
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

/** A validator signed two things where the protocol allows one. Anyone can check both signatures. */
export const offenceSchema = z.object({
  validator: validatorNumber,
  kind: z.enum(OFFENCE_KINDS).describe('What was signed twice, or amnesia'),
  epoch: natural,
  view: natural,
  height: natural,
  evidence: evidenceSchema,
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

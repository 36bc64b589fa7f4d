/** Reads of the state as of a height or a time, and proofs of what was read. */
import { z } from 'zod';
import { type Height, height as toHeight } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { PROOF_BYTES_MAX } from '../ledger/tree/proof-codec.ts';
import { certificateSchema, headerSchema } from './header.ts';
import { PROOF_HEADERS_MAX } from './limits.ts';
import { hashText, natural } from './scalars.ts';

/** Added to a read of the state. */
export const stateQuerySchema = z.strictObject({
  height: z.string().optional().describe('The state after the final block of this height, or "latest"'),
  time: z
    .string()
    .optional()
    .describe(
      'The state after the last final block whose time is not after this one, milliseconds since 1970. A block has the time of its ' +
        "proposer's clock when it was proposed, at most consensus.clockDriftMs of the genesis away from the clock of an honest " +
        'validator; while no final block is after that time, the answer is the newest one',
    ),
  proof: z
    .enum(['true', 'false'])
    .optional()
    .describe('"true" proves the answer; without a height or time, that of the newest block'),
});

/** After which block something is as it is said to be. */
export const stoodShape = {
  height: natural.describe('Of the final block after which it is this'),
  timestampMs: natural.describe('Of that block'),
  stateRoot: hashText.describe('Root of the state after that block'),
};

/** What is asked of the state. */
export interface StateQuery {
  /** Undefined: as executed, which may be ahead of what is final. */
  readonly at: { readonly height: Height | 'latest' } | { readonly timeMs: number } | undefined;
  readonly proof: boolean;
}

/** Errors: BAD_REQUEST, BAD_HEIGHT. */
export function parseStateQuery(query: unknown): Result<StateQuery, Coded<'BAD_REQUEST' | 'BAD_HEIGHT'>> {
  const parsed = stateQuerySchema.safeParse(query);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail('BAD_REQUEST', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`.replace(/^: /, ''));
  }
  const { height, time, proof } = parsed.data;
  if (height !== undefined && time !== undefined) return fail('BAD_REQUEST', 'a height or a time, not both');
  if (height !== undefined && height !== 'latest' && !NUMBER.test(height))
    return fail('BAD_HEIGHT', 'height: neither a number nor "latest"');
  if (time !== undefined && !NUMBER.test(time)) return fail('BAD_REQUEST', 'time: not milliseconds since 1970');
  const wantsProof = proof === 'true';
  if (time !== undefined) return ok({ at: { timeMs: Number(time) }, proof: wantsProof });
  if (height !== undefined && height !== 'latest')
    return ok({ at: { height: toHeight(Number(height)) }, proof: wantsProof });
  const isNewest = height === 'latest' || wantsProof;
  return ok({ at: isNewest ? { height: 'latest' } : undefined, proof: wantsProof });
}

const NUMBER = /^[0-9]{1,15}$/;

const hexText = z.string().regex(/^([0-9a-f]{2})*$/);

export const stateProofSchema = z.object({
  tree: hexText
    .max(2 * PROOF_BYTES_MAX)
    .describe(
      'From the entry to the stateRoot of the first header, in hexadecimal: 1 byte, how the way along the bits of SHA-256(key) ends (0 at ' +
        'the leaf of the key, 1 at nothing, 2 at the leaf of another key); 2 bytes, how many siblings; a bit for each, filled up with zeros: 1 ' +
        'for a hash, 0 for an empty subtree; those hashes, that below the root first; and the other leaf, if it ends with one: SHA-256 ' +
        'of its key, SHA-256 of its value. Hashes are those of a Jellyfish Merkle tree (the jmt crate)',
    ),
  headers: z
    .array(headerSchema)
    .min(1)
    .max(PROOF_HEADERS_MAX)
    .describe('That of the height, and those after it, each with the hash of the one before as its parentHash'),
  certificate: certificateSchema.describe('Of the last header'),
});
/** What proves an entry of the state, or its absence. */
export type StateProofJson = z.infer<typeof stateProofSchema>;

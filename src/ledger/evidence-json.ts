/** Evidence as JSON: of the HTTP interface, and of files that go from hand to hand. */
import { z } from 'zod';
import type { Hash } from '../base/brand.ts';
import { fromHex, toHex } from '../codec/hex.ts';
import type { Evidence } from './evidence.ts';
import { WINDOW_MAX } from './limits.ts';
import { type SignedVote, VOTE_KINDS } from './vote.ts';

const natural = z.int().nonnegative();
const hashText = z.string().regex(/^[0-9a-f]{64}$/) as unknown as z.ZodType<Hash, string>;
const signatureText = z.string().regex(/^[0-9a-f]{128}$/);
const validatorNumber = z.int().min(0).max(0xffff);

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
type SignedVoteJson = z.infer<typeof signedVoteSchema>;

const signedClaimsSchema = z
  .object({
    claims: z.object({
      epoch: natural,
      view: natural.describe('The view that it asks for'),
      voter: validatorNumber,
      stableHeight: natural.describe('Of the finality certificate that it carries; 0 where it carries none'),
      prepared: z.array(z.object({ view: natural, height: natural, bodyHash: hashText })).max(WINDOW_MAX),
      certificates: hashText.describe('SHA-256 of the certificates that it carries'),
    }),
    signature: signatureText,
  })
  .describe('A VIEW-CHANGE without its certificates: what its sender signed');

/** Two signed messages of one validator that contradict each other. Anyone can check both signatures. */
export const evidenceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('equivocation'), first: signedVoteSchema, second: signedVoteSchema }),
  z.object({
    kind: z.literal('amnesia').describe('The VIEW-CHANGE hides what the COMMIT says was prepared'),
    commit: signedVoteSchema,
    viewChange: signedClaimsSchema,
  }),
]);
export type EvidenceJson = z.infer<typeof evidenceSchema>;

export function evidenceToJson(evidence: Evidence): EvidenceJson {
  if (evidence.kind === 'equivocation')
    return { kind: evidence.kind, first: voteToJson(evidence.first), second: voteToJson(evidence.second) };
  const { claims, signature } = evidence.viewChange;
  const prepared = claims.prepared.map((claim) => ({ ...claim }));
  return {
    kind: evidence.kind,
    commit: voteToJson(evidence.commit),
    viewChange: { claims: { ...claims, prepared }, signature: toHex(signature) },
  };
}

const voteToJson = ({ vote, voter, signature }: SignedVote): SignedVoteJson => ({
  vote: { ...vote },
  voter,
  signature: toHex(signature),
});

/** What the schema let in. That it proves something is for `checkEvidence` to say. */
export function evidenceFromJson(json: EvidenceJson): Evidence {
  const evidence =
    json.kind === 'equivocation'
      ? { ...json, first: voteFromJson(json.first), second: voteFromJson(json.second) }
      : {
          ...json,
          commit: voteFromJson(json.commit),
          viewChange: { ...json.viewChange, signature: fromHex(json.viewChange.signature) },
        };
  return evidence as Evidence;
}

const voteFromJson = ({ vote, voter, signature }: SignedVoteJson) => ({ vote, voter, signature: fromHex(signature) });

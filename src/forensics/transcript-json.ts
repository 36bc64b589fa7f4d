/** Transcripts as files. Each message is the hexadecimal form of its bytes; a finality certificate may also stand as the HTTP
 *  interface shows it. */
import { BitArray } from '@chainsafe/ssz';
import { z } from 'zod';
import type { Hash } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { Codec } from '../codec/codec.ts';
import { fromHex, toHex } from '../codec/hex.ts';
import { commitCertificateCodec, signedNewViewCodec, signedViewChangeCodec } from '../consensus/messages.ts';
import { VALIDATORS_MAX } from '../ledger/limits.ts';
import { type Certificate, certificateCodec, signedVoteCodec } from '../ledger/vote.ts';
import { FILE_ITEMS_MAX } from './limits.ts';
import { EMPTY_TRANSCRIPT, type Transcript } from './transcript.ts';

const TRANSCRIPT_FORMAT = 'trefoil/transcript/v1';

const CODECS = {
  votes: signedVoteCodec,
  certificates: certificateCodec,
  commits: commitCertificateCodec,
  viewChanges: signedViewChangeCodec,
  newViews: signedNewViewCodec,
} satisfies { readonly [K in keyof Transcript]: Codec<Transcript[K][number]> };

const messages = z.array(z.string().regex(/^([0-9a-f]{2})*$/)).max(FILE_ITEMS_MAX);

const transcriptSchema = z.object({
  format: z.literal(TRANSCRIPT_FORMAT),
  chainId: z.string().regex(/^[0-9a-f]{64}$/),
  votes: messages,
  certificates: messages,
  commits: messages,
  viewChanges: messages,
  newViews: messages,
});

/** As `GET /v1/blocks/{height}` has it, alone or within the block. */
const shownCertificateSchema = z.object({
  epoch: z.int().nonnegative(),
  height: z.int().nonnegative(),
  blockHash: z.string().regex(/^[0-9a-f]{64}$/),
  signers: z.array(
    z
      .int()
      .min(0)
      .max(VALIDATORS_MAX - 1),
  ),
  signatures: z.array(z.string().regex(/^[0-9a-f]{128}$/)).max(VALIDATORS_MAX),
});
const blockSchema = z.object({ certificate: shownCertificateSchema });

export function transcriptToJson(chainId: Hash, transcript: Transcript): object {
  const texts = Object.entries(CODECS).map(([name, codec]) => {
    const items: readonly unknown[] = transcript[name as keyof Transcript];
    return [name, items.map((item) => toHex((codec as Codec<unknown>).encode(item)))];
  });
  return { format: TRANSCRIPT_FORMAT, chainId, ...Object.fromEntries(texts) };
}

/** A transcript, a block of the HTTP interface, or a certificate alone. Errors: MALFORMED, WRONG_CHAIN, and those of codecs. */
export function transcriptFromJson(chainId: Hash, json: unknown): Result<Transcript> {
  const shown = z.union([shownCertificateSchema, blockSchema]).safeParse(json);
  if (shown.success) {
    const certificate = 'certificate' in shown.data ? shown.data.certificate : shown.data;
    return ok({ ...EMPTY_TRANSCRIPT, certificates: [certificateFrom(certificate)] });
  }
  const parsed = transcriptSchema.safeParse(json);
  if (!parsed.success) return fail('MALFORMED', z.prettifyError(parsed.error));
  if (parsed.data.chainId !== chainId)
    return fail('WRONG_CHAIN', `the transcript is about chain ${parsed.data.chainId}, the genesis is ${chainId}`);
  const decoded: Record<string, unknown[]> = {};
  for (const [name, codec] of Object.entries(CODECS)) {
    const items: unknown[] = [];
    for (const text of parsed.data[name as keyof Transcript]) {
      const item = codec.decode(fromHex(text));
      if (!item.ok) return item;
      items.push(item.value);
    }
    decoded[name] = items;
  }
  return ok(decoded as unknown as Transcript);
}

function certificateFrom(shown: z.infer<typeof shownCertificateSchema>): Certificate {
  const signers = BitArray.fromBitLen(VALIDATORS_MAX);
  for (const index of shown.signers) signers.set(index, true);
  return { ...shown, signers, signatures: shown.signatures.map((text) => fromHex(text)) } as unknown as Certificate;
}

/** Transfers to addresses that nobody has paid before: what a block costs that makes the state grow. */
import { BATCH_MEDIA_TYPE, batchCodec } from '../../src/api/batch.ts';
import { BATCH_TRANSACTIONS_MAX } from '../../src/api/limits.ts';
import { submitPath } from '../../src/api/routes.ts';
import type { Address, Hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { toAddress } from '../../src/codec/hex.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import type { BenchAccount } from './accounts.ts';
import type { Poster } from './post.ts';

/** New accounts. */
export const NEWCOMERS = 1000;
/** Who pays them: no sender may make more than so many in a block. */
export const PAYERS = 8;
const WAIT_MS = 30_000;

const newcomer = (number: number): Address =>
  toAddress(sha256(new TextEncoder().encode(`trefoil bench newcomer ${number}`)));

/** Milliseconds until all of them are paid, submitted at once. */
export async function payNewcomers(
  payers: readonly BenchAccount[],
  posters: readonly Poster[],
  chainId: Hash,
): Promise<number> {
  const signed = Array.from({ length: NEWCOMERS }, (_, number) =>
    present(payers[number % payers.length], 'a payer').transfer(chainId, newcomer(number)),
  );
  const last = present(signed.pop(), 'the last transfer');
  const from = performance.now();
  const poster = present(posters[0], 'a poster');
  for (let at = 0; at < signed.length; at += BATCH_TRANSACTIONS_MAX)
    await poster.post(submitPath(), BATCH_MEDIA_TYPE, batchCodec.encode(signed.slice(at, at + BATCH_TRANSACTIONS_MAX)));
  const answer = await poster.post(submitPath(WAIT_MS), BATCH_MEDIA_TYPE, batchCodec.encode([last]));
  const [result] = (answer as { readonly results: readonly { readonly status?: string }[] }).results;
  if (result?.status !== 'committed') throw new Error(`the last newcomer's transfer: ${JSON.stringify(result)}`);
  return performance.now() - from;
}

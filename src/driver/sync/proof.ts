/**
 * What a peer's blocks prove. A range ends with a certificate of the epoch's validators; the blocks before it are proved by
 * theirs or by the parent links. Where the next certificate is further away than an answer is long, headers alone lead there.
 * So a range needs none before it to be proved, and ranges may come in any order; they are executed in that of their heights.
 */
import type { Hash, Height } from '../../base/brand.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { fromHex } from '../../codec/hex.ts';
import { type Authority, checkCertificate } from '../../consensus/authenticate.ts';
import { merkleRoot } from '../../crypto/merkle.ts';
import { type Body, blockHash, bodyHash, type Header, NULL_BODY_HASH } from '../../ledger/block.ts';
import { type IdentifiedTransaction, identifyTransaction } from '../../ledger/transaction.ts';
import type { Certificate } from '../../ledger/vote.ts';
import type { SyncBlock } from '../wire/wire.ts';

/** Whether only the header is given. The null block's body is the same, and whole. */
export const isBare = ({ header, fullBody: { body, transactions } }: SyncBlock): boolean =>
  header.bodyHash !== NULL_BODY_HASH && transactions.length === 0 && bodyHash(body) === NULL_BODY_HASH;

/** The block that a range begins above. Null where it is not here yet: then the range proves which it is, not the reverse. */
export interface Parent {
  readonly height: Height;
  readonly hash: Hash | null;
}

/** Whether the blocks follow `parent` and are final, without executing them: how many of them have their bodies. Bodies are
 *  matched to headers, headers to each other, and the last to its certificate; after the first bare header nobody looks at
 *  bodies. Errors: SYNC_GAP, SYNC_BODY, SYNC_UNPROVED, and those of certificates. */
export function checkRange(authority: Authority, parent: Parent, blocks: readonly SyncBlock[]): Result<number> {
  const bare = blocks.findIndex(isBare);
  const whole = bare < 0 ? blocks.length : bare;
  let { height, hash }: Parent = parent;
  for (const [position, { header, fullBody, certificate }] of blocks.entries()) {
    if (header.height !== height + 1 || (hash !== null && header.parentHash !== hash))
      return fail('SYNC_GAP', `block ${header.height} does not follow ${height}`);
    const isOther =
      header.bodyHash !== bodyHash(fullBody.body) ||
      fullBody.transactions.length !== fullBody.body.transactionIds.length;
    if (position < whole && isOther) return fail('SYNC_BODY', `another body at height ${header.height}`);
    height = header.height;
    hash = blockHash(header);
    if (certificate === null) continue;
    if (certificate.height !== height || certificate.blockHash !== hash)
      return fail('SYNC_UNPROVED', `the certificate is not that of block ${height}`);
    const checked = checkCertificate(authority, certificate);
    if (!checked.ok) return checked;
  }
  if (blocks.at(-1)?.certificate === null) return fail('SYNC_UNPROVED', 'the last block has no certificate');
  return ok(whole);
}

export interface ProvedBlock {
  readonly header: Header;
  readonly body: Body;
  /** In the order of the ids; null for those that execution skipped, where the peer had forgotten them. */
  readonly transactions: readonly (IdentifiedTransaction | null)[];
  readonly certificate: Certificate | null;
}

export interface ProvedRange {
  readonly blocks: readonly ProvedBlock[];
  /** Where no certificate stands with the last of them: that to which headers lead from it. */
  readonly proof: Certificate | null;
}

/** Blocks of a peer that are proved to follow `parent`, ready to be executed when it was. Errors: as `checkRange`, and
 *  SYNC_BODY. */
export function proveRange(authority: Authority, parent: Parent, blocks: readonly SyncBlock[]): Result<ProvedRange> {
  const checked = checkRange(authority, parent, blocks);
  if (!checked.ok) return checked;
  const proved: ProvedBlock[] = [];
  for (const { header, fullBody, certificate } of blocks.slice(0, checked.value)) {
    const { body } = fullBody;
    const transactions: (IdentifiedTransaction | null)[] = [];
    for (const [position, bytes] of fullBody.transactions.entries()) {
      if (bytes.length === 0) {
        transactions.push(null);
        continue;
      }
      const identified = identifyTransaction(bytes);
      if (!identified.ok || identified.value.id !== body.transactionIds[position])
        return fail('SYNC_BODY', `another transaction at height ${header.height}`);
      transactions.push(identified.value);
    }
    const given = transactions.filter((each) => each !== null);
    // Whoever leaves out what was executed would have us make another block than the certified one, and stop.
    if (
      given.length < transactions.length &&
      merkleRoot(given.map(({ id }) => fromHex(id))) !== header.transactionsRoot
    )
      return fail('SYNC_BODY', `an executed transaction is missing at height ${header.height}`);
    proved.push({ header, body, transactions, certificate });
  }
  return ok({ blocks: proved, proof: checked.value < blocks.length ? (blocks.at(-1)?.certificate ?? null) : null });
}

/** What a node pays for: the work that the code itself tells of, by the price list of the driver. */
import { unreachable } from '../../base/invariant.ts';
import type { Work } from '../../base/work.ts';
import { COSTS, kibBeyondFirst } from '../../driver/fairness/costs.ts';
import type { PeerMessage } from '../../driver/wire/wire.ts';

const KIB = 1024;

/** The kind of message whose price a codec has, by the codec's name. Types that are no messages have the price of one that is
 *  made of the same. */
const KINDS: ReadonlyMap<string, PeerMessage['kind']> = new Map([
  ['SignedVote', 'vote'],
  ['Vote', 'vote'],
  ['PrePrepare', 'pre-prepare'],
  ['Body', 'pre-prepare'],
  ['SignedViewChange', 'view-change'],
  ['ViewChangeProof', 'view-change'],
  ['Claims', 'view-change'],
  ['PreparedCertificate', 'view-change'],
  ['SignedNewView', 'new-view'],
  ['NewView', 'new-view'],
  ['Status', 'status'],
  ['Transactions', 'transactions'],
  ['FetchTransactions', 'fetch-transactions'],
  ['FetchBody', 'fetch-body'],
  ['BodyAnswer', 'body'],
  ['FullBody', 'body'],
  ['FetchBlocks', 'fetch-blocks'],
  ['Blocks', 'blocks'],
  ['Certificate', 'certificate'],
  ['EvidenceList', 'evidence'],
  ['Evidence', 'evidence'],
]);

/** Microseconds. */
export function priceOf(work: Work, of: string, amount: number): number {
  const kind = KINDS.get(of);
  switch (work) {
    case 'decode':
      if (of === 'SignedTransaction') return COSTS.transaction + kibBeyondFirst(amount) * COSTS.transactionKiB;
      return (amount / KIB) * (kind === undefined ? COSTS.decodeKiB : COSTS.decodeKiBOf[kind]);
    case 'encode':
      // What is encoded and neither sent nor stored is encoded to be hashed or signed.
      return (amount / KIB) * (COSTS.hashKiB + (kind === undefined ? COSTS.encodeKiB : COSTS.encodeKiBOf[kind]));
    case 'execute':
      return COSTS.block + amount * COSTS.execute;
    default:
      return unreachable(work);
  }
}

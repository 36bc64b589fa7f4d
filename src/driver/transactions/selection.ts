/** Which of the transactions that wait go into the next body. */
import type { Address, Hash } from '../../base/brand.ts';
import type { Account } from '../../ledger/account.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { RESTED_PART } from '../limits.ts';
import type { Room } from './room.ts';
import { type Entry, leftAfter } from './sender-queue.ts';

interface Waiting {
  /** In the order of arrival. */
  readonly entries: Iterable<Entry>;
  /** Those of them that are the next of a sender who did nothing lately. */
  readonly rested: Iterable<Entry>;
  /** The sender's transaction with this nonce. */
  readonly ofSender: (sender: Address, nonce: number) => Entry | undefined;
  readonly accountOf: (sender: Address) => Account;
}

/**
 * In the order of arrival, each sender's by nonce, leaving out what is in flight already, and what would not be executed at this
 * height after the others. What does not fit is passed over, so that one large transaction does not leave a body half empty. It
 * comes first in the next body, and then it fits: none waits for ever behind smaller ones. Takes the room that is needed.
 *
 * The last part of the room is for those who did nothing lately, and goes to the others where they need less. They come first in the
 * body, so that what a block may do to the state is not used up before them.
 */
export function select(
  { entries, rested, ofSender, accountOf }: Waiting,
  inFlight: { has(id: Hash): boolean },
  height: number,
  room: Room,
): readonly IdentifiedTransaction[] {
  const first: IdentifiedTransaction[] = [];
  const others: IdentifiedTransaction[] = [];
  const accounts = new Map<Address, Account>();
  const take = (entry: Entry, items = others): boolean => {
    const { id, signed } = entry.item;
    const { sender, nonce, expiresAt } = signed.transaction;
    const isNew = !inFlight.has(id);
    // This comes first: where little room is left, most of what waits is passed over by these comparisons alone.
    if (isNew && !room.fits(entry)) return false;
    const account = accounts.get(sender) ?? accountOf(sender);
    if (nonce !== account.nonce || entry.fee > account.balance) return false;
    if (isNew) {
      if (expiresAt !== 0 && height > expiresAt) return false;
      room.take(entry);
      items.push(entry.item);
    }
    accounts.set(sender, { nonce: nonce + 1, balance: leftAfter(entry, account.balance) });
    return true;
  };
  let isKept = true;
  const serve = (entry: Entry): boolean => {
    if (isKept && room.used >= 1 - RESTED_PART) {
      isKept = false;
      for (const each of rested) {
        if (room.isFull) break;
        take(each, first);
      }
    }
    return take(entry);
  };
  for (const entry of entries) {
    if (room.isFull) break;
    if (entry.gapped || !serve(entry)) continue;
    // Its sender's next transactions that came before it were passed over until now. Those that came later have their
    // own turn.
    const { sender, nonce } = entry.item.signed.transaction;
    for (let next = nonce + 1; ; next++) {
      const successor = ofSender(sender, next);
      if (successor === undefined || successor.sinceMs > entry.sinceMs || !serve(successor)) break;
    }
  }
  return [...first, ...others];
}

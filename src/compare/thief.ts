/** The liar of proof of work and of Raft has an account too, and spends its money twice. */
import { present } from '../base/invariant.ts';
import {
  type IdentifiedTransaction,
  identifyTransaction,
  signedTransactionCodec,
  transactionSigningBytes,
} from '../ledger/transaction.ts';
import type { SimulatedAccount } from '../simulator/world/keys.ts';
import { aside, clientSign } from './hashes.ts';

/** What it puts in the place of a transaction: where that is its own, one with which it pays itself. */
export function spentElsewhere(
  item: IdentifiedTransaction,
  accounts: readonly SimulatedAccount[],
): IdentifiedTransaction {
  const { address, secret } = present(accounts[0], 'account');
  if (item.signed.transaction.sender !== address) return item;
  return aside(() => {
    const operations = [{ kind: 'transfer' as const, to: address, amount: 1n }];
    const transaction = { ...item.signed.transaction, operations };
    const signature = clientSign(secret, transactionSigningBytes(transaction));
    const forged = identifyTransaction(signedTransactionCodec.encode({ transaction, signature }));
    return forged.ok ? forged.value : item;
  });
}

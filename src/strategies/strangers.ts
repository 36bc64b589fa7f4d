/** A liar that passes on transactions of senders whom nobody knows: each makes its receiver look for an account that there is not. */
import type { Height } from '../base/brand.ts';
import { toHex } from '../codec/hex.ts';
import { BUNDLE_TRANSACTIONS_MAX } from '../driver/limits.ts';
import type { StrategyContext, StrategyFactory } from '../driver/wire/strategy.ts';
import { signedTransactionCodec, type Transaction } from '../ledger/transaction.ts';
import { encoded, flood, type Message } from './floods.ts';

/** Bundles that it has: more transactions than a node remembers to have refused. */
const BUNDLES = 8;
/** Bundles in a tick. */
const SENT = 2;

/** They are expired, which is seen when the account is there: nobody looks at their signatures, and nobody is punished for them. */
export const floodStrangers: StrategyFactory = flood('flood-strangers', (context) => {
  const bundles = Array.from({ length: BUNDLES }, (_, number) => bundle(context, number * BUNDLE_TRANSACTIONS_MAX));
  return {
    messages: (_, turn) =>
      Array.from({ length: SENT }, (__, sent) => bundles[(SENT * turn + sent) % BUNDLES] as Message),
  };
});

function bundle({ genesis, self }: StrategyContext, from: number): Message {
  const transactions = Array.from({ length: BUNDLE_TRANSACTIONS_MAX }, (_, position) => {
    const sender = new Uint8Array(32);
    new DataView(sender.buffer).setUint32(0, from + position);
    sender[31] = self;
    const transaction: Transaction = {
      chainId: genesis.chainId,
      sender: toHex(sender) as Transaction['sender'],
      nonce: 0,
      expiresAt: 1 as Height,
      maxFee: 0n,
      operations: [{ kind: 'transfer', to: toHex(sender) as Transaction['sender'], amount: 1n }],
      memo: new Uint8Array(),
    };
    return signedTransactionCodec.encode({ transaction, signature: new Uint8Array(64) });
  });
  return encoded({ kind: 'transactions', transactions });
}

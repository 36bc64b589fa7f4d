/** Liars with bodies: what is in them, who gets it, and who never does. */
import type { Address, Hash, Height, ValidatorIndex } from '../base/brand.ts';
import { toAddress } from '../codec/hex.ts';
import { bundles } from '../driver/transactions/intake.ts';
import type { Outgoing, StrategyContext, StrategyFactory } from '../driver/wire/strategy.ts';
import { bodyHash } from '../ledger/block.ts';
import { BODY_TRANSACTIONS_MAX, MEMO_BYTES_MAX, OPERATIONS_MAX } from '../ledger/limits.ts';
import {
  type Operation,
  signedTransactionCodec,
  transactionId,
  transactionSigningBytes,
} from '../ledger/transaction.ts';
import { memberAfter } from '../ledger/validators.ts';
import { TRANSACTION_WEIGHT_MIN, weightOf } from '../ledger/weight.ts';
import { ownKey, primaryIn, resign } from './lies.ts';

interface Made {
  readonly id: Hash;
  readonly bytes: Uint8Array;
}

const transfers = (to: Address, count: number): readonly Operation[] =>
  Array.from({ length: count }, () => ({ kind: 'transfer', to, amount: 1n }));

/** Transactions of the liar's own account, as long as they can be. It is poor: execution skips them. */
function made(context: StrategyContext, from: number, count: number, operations: number): readonly Made[] {
  const { genesis, signer } = context;
  const sender = toAddress(ownKey(context));
  return Array.from({ length: count }, (_, i) => {
    const transaction = {
      chainId: genesis.chainId,
      sender,
      nonce: from + i,
      expiresAt: 0 as Height,
      maxFee: 1_000_000n,
      operations: transfers(sender, operations),
      memo: new Uint8Array(MEMO_BYTES_MAX),
    };
    const signature = signer.sign(transactionSigningBytes(transaction));
    const bytes = signedTransactionCodec.encode({ transaction, signature });
    return { id: transactionId(bytes), bytes };
  });
}

const give = (to: ValidatorIndex, some: readonly Made[]): readonly Outgoing[] =>
  [...bundles(some.map(({ bytes }) => bytes))].map((transactions) => ({
    to,
    message: { kind: 'transactions', transactions },
  }));

/** The only one that gets what the liar has. */
const favouriteOf = ({ validators, self }: StrategyContext): ValidatorIndex => memberAfter(validators(), self, 1);

/** Proposes bodies beyond every limit in one view, and too heavy ones in the next, and gives them to one backup, which others
 *  will ask. */
export const oversize: StrategyFactory = (context) => {
  let large: readonly Made[] | null = null;
  const weight = weightOf({ operations: transfers(toAddress(ownKey(context)), OPERATIONS_MAX) });
  const count = Math.min(512, Math.ceil((context.genesis.ledger.blockWeightMax + 1) / weight));
  const heavy = made(context, BODY_TRANSACTIONS_MAX, count, OPERATIONS_MAX);
  return {
    name: 'oversize',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind !== 'pre-prepare' || message.vote.voter !== context.self) return [outgoing];
      const { epoch, view } = message.vote.vote;
      const isLarge = (epoch + view) % 2 === 0;
      if (isLarge) large ??= made(context, 0, BODY_TRANSACTIONS_MAX, OPERATIONS_MAX);
      const some = isLarge && large !== null ? large : heavy;
      const body = { ...message.body, transactionIds: some.map(({ id }) => id) };
      const vote = resign(context, message.vote, { hash: bodyHash(body) });
      const proposal: Outgoing = { to, message: { kind: 'pre-prepare', vote, body } };
      return to === favouriteOf(context) ? [proposal, ...give(to, some)] : [proposal];
    },
  };
};

/** Gives the transactions of its clients to the primary alone; as primary to one backup alone. Who lacks them asks it in vain. */
export const privateTransactions: StrategyFactory = (context) => {
  let confidant = favouriteOf(context);
  return {
    name: 'private-transactions',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind === 'status') {
        const primary = primaryIn(context, message.status.epoch, message.status.view);
        confidant = primary === undefined || primary === context.self ? favouriteOf(context) : primary;
      }
      const isPrivate = message.kind === 'transactions' || message.kind === 'body';
      return isPrivate && to !== confidant ? [] : [outgoing];
    },
  };
};

/** Transactions in each of its bodies, where a block may have more. */
const HOARD_MAX = 256;

/** As primary proposes a window of bodies as large as they may be, and keeps back one transaction of each. */
export const hoard: StrategyFactory = (context) => {
  const { ledger, consensus } = context.genesis;
  const count = Math.min(HOARD_MAX, Math.floor(ledger.blockWeightMax / TRANSACTION_WEIGHT_MIN));
  const hoards = new Map<number, readonly Made[]>();
  return {
    name: 'hoard',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind !== 'pre-prepare' || message.vote.voter !== context.self) return [outgoing];
      return Array.from({ length: consensus.window }, (_, ahead) => ahead).flatMap((ahead) => {
        const height = (message.vote.vote.height + ahead) as Height;
        const some = hoards.get(ahead) ?? made(context, ahead * count, count, 1);
        hoards.set(ahead, some);
        const body = { ...message.body, transactionIds: some.map(({ id }) => id) };
        const vote = resign(context, message.vote, { height, hash: bodyHash(body) });
        return [{ to, message: { kind: 'pre-prepare' as const, vote, body } }, ...give(to, some.slice(1))];
      });
    },
  };
};

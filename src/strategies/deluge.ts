/** How liars waste the time of others, with what breaks no rule: proposals out of turn, dead transactions, idle questions. */
import type { Hash, Height, View } from '../base/brand.ts';
import { toAddress } from '../codec/hex.ts';
import type { Outgoing, StrategyContext, StrategyFactory } from '../driver/wire/strategy.ts';
import { encodePeerMessage } from '../driver/wire/wire.ts';
import { bodyHash } from '../ledger/block.ts';
import { BODY_TRANSACTIONS_MAX } from '../ledger/limits.ts';
import { signedTransactionCodec } from '../ledger/transaction.ts';
import { voteSigningBytes } from '../ledger/vote.ts';

/** Copies of a message with each STATUS: together seconds of work. */
const PROPOSALS = 300;
const BUNDLES = 100;
const QUESTIONS = 500;
/** STATUS messages with which it does so: half a minute where nothing else goes wrong. */
const FLOODS = 15;
/** In a bundle or a question. */
const ITEMS = 4096;

const ids = (count: number): Hash[] =>
  Array.from({ length: count }, (_, i) => i.toString(16).padStart(64, '0') as Hash);

/** A PRE-PREPARE of a view far ahead, with a body of the largest kind. */
function proposal({ genesis, self, signer }: StrategyContext): Uint8Array {
  const body = {
    proposer: self,
    timestampMs: 1,
    certificate: null,
    transactionIds: ids(BODY_TRANSACTIONS_MAX),
    evidence: [],
  };
  const vote = {
    kind: 'pre-prepare' as const,
    epoch: 0 as never,
    view: 1_000_000 as View,
    height: 5 as Height,
    hash: bodyHash(body),
  };
  const signature = signer.sign(voteSigningBytes(genesis.chainId, vote));
  return encodePeerMessage({ kind: 'pre-prepare', vote: { vote, voter: self, signature }, body });
}

/** Transactions that have expired. */
function expired({ genesis: { chainId } }: StrategyContext): Uint8Array {
  const sender = toAddress(new Uint8Array(32));
  const operations = [{ kind: 'transfer' as const, to: sender, amount: 1n }];
  const fields = { chainId, sender, expiresAt: 1 as Height, maxFee: 0n, operations, memo: new Uint8Array() };
  const transactions = Array.from({ length: ITEMS }, (_, nonce) =>
    signedTransactionCodec.encode({ transaction: { ...fields, nonce }, signature: new Uint8Array(64) }),
  );
  return encodePeerMessage({ kind: 'transactions', transactions });
}

/** For a while, with each STATUS to one victim the same thing many times: a proposal, a bundle of transactions or a question, by
 *  turns. One will do: to simulate it takes as long as it pretends to. */
export const deluge: StrategyFactory = (context) => {
  let made: readonly { readonly bytes: Uint8Array; readonly copies: number }[] | null = null;
  let turn = 0;
  const victim = context.self === 0 ? 1 : 0;
  return {
    name: 'deluge',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind !== 'status' || to !== victim || turn >= FLOODS) return [outgoing];
      made ??= [
        { bytes: proposal(context), copies: PROPOSALS },
        { bytes: expired(context), copies: BUNDLES },
        { bytes: encodePeerMessage({ kind: 'fetch-transactions', ids: ids(ITEMS) }), copies: QUESTIONS },
      ];
      const lie = made[turn++ % made.length];
      if (lie === undefined) return [outgoing];
      const copy: Outgoing = { to, message: { kind: 'bytes', bytes: lie.bytes } };
      return [outgoing, ...Array.from({ length: lie.copies }, () => copy)];
    },
  };
};

/** What a liar says by itself while a move of a plan is under way: VIEW-CHANGEs to views ahead, and floods. */
import { type Hash, type Height, type ValidatorIndex, type View, ZERO_HASH } from '../../base/brand.ts';
import { toAddress } from '../../codec/hex.ts';
import { unreachable } from '../../base/invariant.ts';
import type { Status } from '../../consensus/messages.ts';
import type { Outgoing, StrategyContext } from '../../driver/wire/strategy.ts';
import { bodyHash, NULL_BODY } from '../../ledger/block.ts';
import { signedTransactionCodec, type Transaction, transactionSigningBytes } from '../../ledger/transaction.ts';
import { type Vote, voteSigningBytes } from '../../ledger/vote.ts';
import type { Coalition } from '../coalition.ts';
import { ownKey, signViewChange } from '../lies.ts';
import type { Ahead, Flood } from './plan.ts';

/** Of one message of a flood: enough to be felt. */
const IDS = 256;
const TRANSACTIONS = 16;
const BLOCKS = 64;
/** Messages with the same transactions. */
const BUNDLE_USES = 64;
/** Heights and views ahead, by turns. */
const AHEAD = 16;

export class Floods {
  readonly #context: StrategyContext;
  readonly #coalition: Coalition;
  #count = 0;
  #bundle: readonly Uint8Array[] = [];
  /** What the honest replica said last of itself. */
  status: Status | null = null;

  constructor(context: StrategyContext, coalition: Coalition) {
    this.#context = context;
    this.#coalition = coalition;
  }

  /** `ahead` of the view in which the others are. */
  ask(to: ValidatorIndex, ahead: Ahead): Outgoing {
    const { honest, view, validators } = this.#coalition;
    const rank = honest.indexOf(to) + 1;
    return this.#viewChange(to, view + (ahead === 'n' ? validators.members.length : ahead === 'rank' ? rank : ahead));
  }

  flood(to: ValidatorIndex, kind: Flood): Outgoing {
    this.#count += 1;
    const message = this.#message(to, kind);
    return 'to' in message ? message : { to, message };
  }

  #message(to: ValidatorIndex, kind: Flood): Outgoing['message'] | Outgoing {
    const { epoch, view, height } = this.#coalition;
    const next = (height + 1 + (this.#count % AHEAD)) as Height;
    switch (kind) {
      case 'fetch-body': {
        const { newest } = this.#coalition;
        return { kind, height: newest?.height ?? (1 as Height), hash: newest?.hash ?? ZERO_HASH };
      }
      case 'fetch-blocks':
        return { kind, from: Math.max(1, height - BLOCKS) as Height, count: BLOCKS };
      case 'fetch-transactions':
        return { kind, ids: this.#ids(IDS) };
      case 'transactions':
        // Their own signatures cost the liar more than anybody who looks at them.
        if (this.#count % BUNDLE_USES === 0 || this.#bundle.length === 0)
          this.#bundle = Array.from({ length: TRANSACTIONS }, () => this.#transaction());
        return { kind, transactions: this.#bundle };
      case 'status':
        return { kind, status: this.status ?? { ...NOWHERE, epoch, view } };
      case 'vote':
        return { kind, vote: this.#signed({ kind: 'prepare', epoch, view, height: next, hash: this.#hash() }) };
      case 'view-change':
        return this.#viewChange(to, view + 1 + (this.#count % AHEAD));
      case 'pre-prepare': {
        const body = { ...NULL_BODY, proposer: this.#context.self, transactionIds: this.#ids(IDS) };
        return { kind, vote: this.#signed({ kind, epoch, view, height: next, hash: bodyHash(body) }), body };
      }
      default:
        return unreachable(kind);
    }
  }

  #viewChange(to: ValidatorIndex, view: number): Outgoing {
    const { self } = this.#context;
    const { epoch } = this.#coalition;
    const asked = { epoch, view: view as View, voter: self, stable: null, prepared: [] };
    return { to, message: { kind: 'view-change', viewChange: signViewChange(this.#context, asked) } };
  }

  #signed(vote: Vote) {
    const { genesis, self, signer } = this.#context;
    return { vote, voter: self, signature: signer.sign(voteSigningBytes(genesis.chainId, vote)) };
  }

  /** Of nothing, and another one each time. */
  #hash(): Hash {
    this.#count += 1;
    return `${this.#context.self}f${this.#count}`.padStart(64, '0') as Hash;
  }

  #ids(count: number): Hash[] {
    return Array.from({ length: count }, () => this.#hash());
  }

  /** Well signed, by the key of a validator that has no account. */
  #transaction(): Uint8Array {
    const { genesis, signer } = this.#context;
    const sender = toAddress(ownKey(this.#context));
    const transaction: Transaction = {
      chainId: genesis.chainId,
      sender,
      nonce: ++this.#count,
      expiresAt: 0 as Height,
      maxFee: 0n,
      operations: [{ kind: 'transfer', to: sender, amount: 1n }],
      memo: new Uint8Array(),
    };
    return signedTransactionCodec.encode({
      transaction,
      signature: signer.sign(transactionSigningBytes(transaction)),
    });
  }
}

const NOWHERE: Omit<Status, 'epoch' | 'view'> = {
  active: true,
  stableHeight: 0 as Height,
  executedHeight: 0 as Height,
  viewChanges: [],
  slots: [],
};

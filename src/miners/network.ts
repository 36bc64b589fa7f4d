/** What all miners of a run have in common: the genesis, the rules, and who pays whom. */
import { present } from '../base/invariant.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import { fromHex } from '../codec/hex.ts';
import type { Genesis } from '../ledger/genesis.ts';
import {
  type IdentifiedTransaction,
  identifyTransaction,
  signedMessage,
  signedTransactionCodec,
  transactionSigningBytes,
} from '../ledger/transaction.ts';
import type { PowRules } from '../pow/block.ts';
import type { ChainSettings } from '../pow/chain.ts';
import { bitsOf, targetOfWork } from '../pow/target.ts';
import { type SimulatedAccount, simulatedKeys, START_MS } from '../simulator/world/keys.ts';
import type { Random } from '../base/random.ts';
import { BLOCK_MS, FUTURE_S, RETARGET_BLOCKS, WORK_MIN } from './limits.ts';

/** A transfer may pay so much at most; everybody begins with enough for a day of them. */
const AMOUNT_MAX = 100;
const FEE_MAX = 10n;

const RULES: PowRules = {
  limitBits: bitsOf(targetOfWork(BigInt(WORK_MIN))),
  retargetBlocks: RETARGET_BLOCKS,
  periodS: Math.round((RETARGET_BLOCKS * BLOCK_MS) / 1000),
  futureS: FUTURE_S,
  proof: 'hashed',
};

export interface Cast {
  readonly genesis: Genesis;
  readonly accounts: readonly SimulatedAccount[];
}

/** The genesis of simulated networks. Its validators have nothing to do here. */
export function castOf(ed25519: Ed25519): Cast {
  const keys = simulatedKeys(ed25519, [1n], {});
  return present(keys.ok ? keys.value : null, 'the genesis of simulations');
}

export const chainSettings = (ed25519: Ed25519, genesis: Genesis, firstBits: number): ChainSettings => ({
  genesis,
  firstBits,
  rules: RULES,
  isSigned: (item) =>
    ed25519.verify(fromHex(item.signed.transaction.sender), signedMessage(item), item.signed.signature),
});

/** The bits with which all miners together need `BLOCK_MS` for a block. */
export const bitsFor = (hashesPerS: number): number =>
  bitsOf(targetOfWork(BigInt(Math.max(WORK_MIN, Math.round((hashesPerS * BLOCK_MS) / 1000)))));

/** Milliseconds since 1970, by the machine's clock when this thread began: setting that clock changes nothing after it. */
export const wallMs = (): number => performance.timeOrigin + performance.now();

/** Seconds since 1970 by the clock of all miners. It begins when the genesis does, whatever day it is. */
export const clockS = (originMs: number): number => (START_MS + wallMs() - originMs) / 1000;

/** Signed transfers, one after the other, as a seed draws them. */
export class Transfers {
  readonly #ed25519: Ed25519;
  readonly #cast: Cast;
  readonly #random: Random;
  /** By account. */
  readonly #nonces = new Map<number, number>();

  constructor(ed25519: Ed25519, cast: Cast, random: Random) {
    this.#ed25519 = ed25519;
    this.#cast = cast;
    this.#random = random;
  }

  /** The next one, and which of the accounts pays. */
  next(): { readonly client: number; readonly item: IdentifiedTransaction } {
    const { genesis, accounts } = this.#cast;
    const client = this.#random.int(0, accounts.length - 1);
    const { secret, address } = present(accounts[client], 'somebody who pays');
    const { address: to } = present(accounts[this.#random.int(0, accounts.length - 1)], 'somebody who is paid');
    const nonce = this.#nonces.get(client) ?? 0;
    this.#nonces.set(client, nonce + 1);
    const amount = BigInt(this.#random.int(1, AMOUNT_MAX));
    const transaction = {
      chainId: genesis.chainId,
      sender: address,
      nonce,
      expiresAt: 0 as never,
      maxFee: FEE_MAX,
      operations: [{ kind: 'transfer', to, amount }] as const,
      memo: new Uint8Array(0),
    };
    const signature = this.#ed25519.sign(secret, transactionSigningBytes(transaction));
    const item = identifyTransaction(signedTransactionCodec.encode({ transaction, signature }));
    return { client, item: present(item.ok ? item.value : null, 'a transfer that was just signed') };
  }
}

/** What it costs that the state grows. A signature and a few bytes are paid for once; an account or entry stays with every node. */
import type { Address } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import { type Account, ACCOUNTS, accountIn, isSystemAccount, NO_ACCOUNT } from './account.ts';
import type { LedgerParameters } from './membership/parameters.ts';
import { NEW_ENTRY_WEIGHT, OPERATIONS_MAX, WEIGHT_PER_NEW_ENTRY } from './limits.ts';
import type { GrowthCode } from './operations/codes.ts';
import type { Overlay } from './state/overlay.ts';
import type { Transaction } from './transaction.ts';

/** Fee of so many new accounts and entries, beside what the transaction weighs. */
const feeOfNew = (count: number, { weightPrice }: LedgerParameters): bigint =>
  BigInt(count * NEW_ENTRY_WEIGHT) * weightPrice;

/** The most that a transaction can pay for what is new: an operation makes one entry at most, and all that is paid is within what the
 *  sender offers. `fee`: what it pays for its weight. */
export function mostForNew(
  { operations, maxFee }: Pick<Transaction, 'operations' | 'maxFee'>,
  fee: bigint,
  parameters: LedgerParameters,
): bigint {
  const most = feeOfNew(operations.length, parameters);
  const offered = maxFee > fee ? maxFee - fee : 0n;
  return most < offered ? most : offered;
}

/** The most new accounts and entries that a block makes, whoever sends: `newEntriesMax` bounds one sender, and who pays himself at many
 *  addresses is many senders. At least what one transaction can make. */
export const newInBlockMax = ({ blockWeightMax }: Pick<LedgerParameters, 'blockWeightMax'>): number =>
  Math.max(OPERATIONS_MAX, Math.floor(blockWeightMax / WEIGHT_PER_NEW_ENTRY));

/** Whether there may be a transaction for which a block that made so many has no room. */
export const isFullOfNew = (made: number, parameters: Pick<LedgerParameters, 'blockWeightMax'>): boolean =>
  made + OPERATIONS_MAX > newInBlockMax(parameters);

/** What the transactions of a block have made of the state. */
export class Growth {
  readonly #parameters: LedgerParameters;
  readonly #made = new Map<Address, number>();
  #madeByAll = 0;

  constructor(parameters: LedgerParameters) {
    this.#parameters = parameters;
  }

  /** New accounts and entries. */
  get made(): number {
    return this.#madeByAll;
  }

  /** Judges what the operations of a transaction did: all that was set since the mark. `fee` is paid. Answers with what is to be paid beside
   *  it, which the sender has; or why nothing of it may stay. BLOCK_FULL: the block has no room for what it makes, and a later one may
   *  have. That is no reason to fail, since a primary packs into a body what it likes. Alone in a block everything has room. */
  judge(
    entries: Overlay,
    mark: number,
    { sender, operations, maxFee }: Pick<Transaction, 'sender' | 'operations' | 'maxFee'>,
    fee: bigint,
  ): bigint | GrowthCode | 'BLOCK_FULL' {
    const { minimumBalance } = this.#parameters;
    let made = 0;
    for (const { key, before, after } of entries.changesSince(mark)) {
      if (key.kind === ACCOUNTS) {
        if (isSystemAccount(key.text)) continue;
        const [was = NO_ACCOUNT, is = NO_ACCOUNT] = [before, after] as [Account?, Account?];
        if (is.balance < minimumBalance && (before === undefined || is.balance < was.balance)) return 'BELOW_MINIMUM';
      }
      if (before === undefined && after !== undefined) made += 1;
    }
    return this.#priceOf(made, entries, { sender, operations, maxFee }, fee);
  }

  /** Of so many new accounts and entries; or why there may not be so many. */
  #priceOf(
    made: number,
    entries: Overlay,
    { sender, operations, maxFee }: Pick<Transaction, 'sender' | 'operations' | 'maxFee'>,
    fee: bigint,
  ): bigint | GrowthCode | 'BLOCK_FULL' {
    if (made === 0) return 0n;
    invariant(made <= operations.length, 'an operation makes one entry at most', { made });
    const { newEntriesMax } = this.#parameters;
    if (made > newEntriesMax) return 'TOO_MANY_NEW';
    const madeBefore = this.#made.get(sender) ?? 0;
    if (madeBefore + made > newEntriesMax) return 'BLOCK_FULL';
    if (this.#madeByAll + made > newInBlockMax(this.#parameters)) return 'BLOCK_FULL';
    const price = feeOfNew(made, this.#parameters);
    if (fee + price > maxFee) return 'FEE_TOO_LOW';
    if (accountIn(entries, sender).balance < price) return 'INSUFFICIENT_BALANCE';
    this.#made.set(sender, madeBefore + made);
    this.#madeByAll += made;
    return price;
  }
}

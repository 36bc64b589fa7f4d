/** Moves `amount` (positive) from the sender to `to`. */
import { ACCOUNTS, accountIn, isVault } from '../account.ts';
import { addressField, amountField } from './fields.ts';
import { operationKind } from './kind.ts';

export const transfer = operationKind({
  kind: 'transfer',
  fields: { to: addressField, amount: amountField },
  event: { from: addressField, to: addressField, amount: amountField },
  codes: { INSUFFICIENT_BALANCE: 1, AMOUNT_ZERO: 2, NOT_PAYABLE: 3 },
  weight: 1,
  keys: (sender, { to }) => [ACCOUNTS.key(sender), ACCOUNTS.key(to)],
  spends: ({ amount }) => amount,
  execute({ sender, state }, { to, amount }) {
    if (amount === 0n) return 'AMOUNT_ZERO';
    if (isVault(to)) return 'NOT_PAYABLE';
    const from = accountIn(state, sender);
    if (from.balance < amount) return 'INSUFFICIENT_BALANCE';
    state.set(ACCOUNTS.key(sender), { balance: from.balance - amount, nonce: from.nonce });
    // Read after the sender was written, since they may be the same. It cannot overflow: the whole supply fits a balance.
    const recipient = accountIn(state, to);
    state.set(ACCOUNTS.key(to), { balance: recipient.balance + amount, nonce: recipient.nonce });
    return { kind: 'transfer', from: sender, to, amount };
  },
});

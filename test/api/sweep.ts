/** A made-up kind of operation: moves all that the sender has to `to`, where that is `atLeast` so much. */
import { ACCOUNTS, accountIn, NO_ACCOUNT } from '../../src/ledger/account.ts';
import { addressField, amountField } from '../../src/ledger/operations/fields.ts';
import { operationKind } from '../../src/ledger/operations/kind.ts';
import { SUPPLY_MAX } from '../../src/ledger/limits.ts';

export const sweep = operationKind({
  kind: 'sweep',
  fields: { to: addressField, atLeast: amountField },
  event: { to: addressField, swept: amountField },
  codes: { TOO_LITTLE: 4 },
  weight: 4,
  keys: (sender, { to }) => [ACCOUNTS.key(sender), ACCOUNTS.key(to)],
  spends: () => SUPPLY_MAX,
  execute({ sender, state }, { to, atLeast }) {
    const { balance, nonce } = accountIn(state, sender);
    if (balance < atLeast) return 'TOO_LITTLE';
    state.set(ACCOUNTS.key(sender), { ...NO_ACCOUNT, nonce });
    const recipient = accountIn(state, to);
    state.set(ACCOUNTS.key(to), { ...recipient, balance: recipient.balance + balance });
    return { kind: 'sweep', to, swept: balance };
  },
});

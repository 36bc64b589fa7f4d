/** A made-up kind of operation: moves all that the sender has to `to`, where that is `atLeast` so much. */
import { NO_ACCOUNT } from '../../src/ledger/account.ts';
import { accountKey } from '../../src/ledger/entries.ts';
import { addressField, amountField } from '../../src/ledger/operations/fields.ts';
import { operationKind } from '../../src/ledger/operations/kind.ts';
import { SUPPLY_MAX } from '../../src/ledger/limits.ts';

export const sweep = operationKind({
  kind: 'sweep',
  fields: { to: addressField, atLeast: amountField },
  event: { to: addressField, swept: amountField },
  codes: { TOO_LITTLE: 3 },
  weight: 4,
  keys: (sender, { to }) => [accountKey(sender), accountKey(to)],
  spends: () => SUPPLY_MAX,
  execute({ sender, state }, { to, atLeast }) {
    const { balance, nonce } = state.account(sender);
    if (balance < atLeast) return 'TOO_LITTLE';
    state.setAccount(sender, { ...NO_ACCOUNT, nonce });
    const recipient = state.account(to);
    state.setAccount(to, { ...recipient, balance: recipient.balance + balance });
    return { kind: 'sweep', to, swept: balance };
  },
});

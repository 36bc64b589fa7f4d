/** `trefoil account`. */
import { Command } from 'commander';
import type { Account } from '../client/account.ts';
import type { Answer, Run } from './output.ts';
import { addressOf, DEFAULT_KEYS } from './people.ts';
import { type ReadPointOptions, pointOf, readerOf, stoodLines, withReadPoint } from './read-point.ts';

interface ShowOptions extends ReadPointOptions {
  readonly keys: string;
}

const EXAMPLES = `
Examples:
  trefoil account show alice
  trefoil account show tre1… --json
  trefoil account show bob --height 7 --proof
  trefoil account show bob --time 2027-01-15T08:00:00Z

With a proof the answer is checked by the genesis alone: exit code 4 where the node cannot have told the truth.`;

export function accountCommand(run: Run): Command {
  const show = withReadPoint(new Command('show'))
    .description('Balance and nonces of an account, now or after an earlier block.')
    .argument('<who>', 'a name or an address')
    .option('--keys <folder>', 'folder of keys, where names are looked up', DEFAULT_KEYS)
    .addHelpText('after', EXAMPLES)
    .action((who: string, options: ShowOptions) => run(() => showAccount(who, options)));
  return new Command('account').description('Look at accounts.').addCommand(show, { isDefault: true });
}

async function showAccount(who: string, options: ShowOptions): Promise<Answer> {
  const client = await readerOf(options);
  const network = await client.status();
  const address = await addressOf(who, { network, keys: options.keys });
  const account = await client.account(address, pointOf(options));
  return { json: account, text: describe(account) };
}

function describe(account: Account): string {
  const { address, balance, nonce, pendingNonce } = account;
  return [
    `address        ${address}`,
    `balance        ${balance}`,
    `nonce          ${nonce} (${nonce === 1 ? 'transaction' : 'transactions'} so far)`,
    `pending nonce  ${pendingNonce} (for its next one)`,
    ...stoodLines(account),
  ].join('\n');
}

/** `trefoil account`. */
import { Command, Option } from 'commander';
import type { Account } from '../client/account.ts';
import { parseHeight, parseTime } from './arguments.ts';
import type { Answer, Run } from './output.ts';
import { addressOf, DEFAULT_KEYS } from './people.ts';
import { clientOf, type TargetOptions, trustingClientOf, withTarget } from './target.ts';

interface ShowOptions extends TargetOptions {
  readonly keys: string;
  readonly height?: number | 'latest';
  readonly time?: Date;
  readonly proof?: true;
  readonly genesis?: string;
}

const EXAMPLES = `
Examples:
  trefoil account show alice
  trefoil account show tre1… --json
  trefoil account show bob --height 7 --proof
  trefoil account show bob --time 2027-01-15T08:00:00Z

With a proof the answer is checked by the genesis alone: exit code 4 where the node cannot have told the truth.`;

export function accountCommand(run: Run): Command {
  const show = withTarget(new Command('show'))
    .description('Balance and nonces of an account, now or after an earlier block.')
    .argument('<who>', 'a name or an address')
    .option('--height <height>', 'after the final block of this height, or "latest"', parseHeight)
    .addOption(
      new Option('--time <time>', 'after the last final block not after this time')
        .argParser(parseTime)
        .conflicts('height'),
    )
    .option('--proof', 'asks for a proof and checks it')
    .option('--genesis <file>', "the genesis that a proof is checked by (default: the testnet's)")
    .option('--keys <folder>', 'folder of keys, where names are looked up', DEFAULT_KEYS)
    .addHelpText('after', EXAMPLES)
    .action((who: string, options: ShowOptions) => run(() => showAccount(who, options)));
  return new Command('account').description('Look at accounts.').addCommand(show, { isDefault: true });
}

async function showAccount(who: string, options: ShowOptions): Promise<Answer> {
  const { height, time, proof } = options;
  const client = proof === true ? await trustingClientOf(options) : clientOf(options);
  const network = await client.status();
  const address = await addressOf(who, { network, keys: options.keys });
  const asked = { ...(height !== undefined && { height }), ...(time && { time }), ...(proof && { proof }) };
  const account = await client.account(address, asked);
  return { json: account, text: describe(account) };
}

function describe({ address, balance, nonce, pendingNonce, height, timestampMs, stateRoot, proof }: Account): string {
  const lines = [
    `address        ${address}`,
    `balance        ${balance}`,
    `nonce          ${nonce} (${nonce === 1 ? 'transaction' : 'transactions'} so far)`,
    `pending nonce  ${pendingNonce} (for its next one)`,
    `height         ${height}`,
  ];
  if (timestampMs !== undefined) lines.push(`time           ${new Date(timestampMs).toISOString()}`);
  if (stateRoot !== undefined) lines.push(`state root     ${stateRoot}`);
  if (proof)
    lines.push(
      `proved         by validators ${proof.certificate.signers.join(', ')} at height ${proof.certificate.height}`,
    );
  return lines.join('\n');
}

/** `trefoil keys`: encrypted keys in a folder that only their owner can read. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Address } from '../base/brand.ts';
import { formatAddress } from '../crypto/address.ts';
import { writeKeyFile } from '../crypto/keyfile.ts';
import { encryptKeystore, formatKeystore, type KeyKind, type Keystore } from '../crypto/keystore.ts';
import { type Answer, CommandError, type Output, type Run } from './output.ts';
import { newPassphrase } from './passphrase.ts';
import { DEFAULT_KEYS, isName, keystoreFile, readKeystore } from './people.ts';
import { table } from './table.ts';

const KINDS: readonly KeyKind[] = ['account', 'validator', 'node'];
const SECRET_KEY_BYTES = 32;

interface KeysOptions {
  readonly keys: string;
  readonly prefix: string;
}

interface NewOptions extends KeysOptions {
  readonly kind: KeyKind;
  readonly passphraseFile?: string;
}

const withKeys = (command: Command): Command =>
  command
    .option('--keys <folder>', 'folder of keys', DEFAULT_KEYS)
    .option('--prefix <text>', "how the network's addresses begin", parsePrefix, 'tre')
    .option('--json', 'print one JSON object');

export function keysCommand(run: Run): Command {
  return new Command('keys')
    .description('Make and list keys. They are stored encrypted, readable by their owner alone.')
    .addCommand(
      withKeys(new Command('new'))
        .description(
          'Make a new key. Its passphrase is asked for, or read from a file; never given on the command line.',
        )
        .argument('[name]', 'what to call it: lower-case letters, digits and hyphens (default: its kind)', parseName)
        .addOption(new Option('--kind <kind>', 'what it is for').choices(KINDS).default('account'))
        .option('--passphrase-file <file>', 'file that holds the passphrase')
        .addHelpText(
          'after',
          '\nExamples:\n  trefoil keys new treasury\n  trefoil keys new validator-2 --kind validator --passphrase-file secret',
        )
        .action((name: string | undefined, options: NewOptions) => run(() => makeKey(name ?? options.kind, options))),
    )
    .addCommand(
      withKeys(new Command('list'))
        .description('The keys of a folder.')
        .addHelpText('after', '\nExample:\n  trefoil keys list --json')
        .action((options: KeysOptions) => run((output) => listKeys(options, output))),
    );
}

async function makeKey(name: string, { kind, keys, prefix, passphraseFile }: NewOptions): Promise<Answer> {
  const path = keystoreFile(keys, name);
  // writeKeyFile refuses too; but nobody likes to think of a passphrase in vain.
  if (existsSync(path)) {
    throw new CommandError(
      'ALREADY_EXISTS',
      `${path} is there already`,
      'Choose another name; a key is never overwritten.',
    );
  }
  const passphrase = await newPassphrase(passphraseFile, name);
  const keystore = await encryptKeystore(randomBytes(SECRET_KEY_BYTES), passphrase, {
    kind,
    description: name,
    randomBytes,
  });
  const written = await writeKeyFile(path, formatKeystore(keystore));
  if (!written.ok) throw new CommandError(written.error.code, written.error.message, written.error.hint);
  const json = { name, ...describe(keystore, prefix), file: path };
  const identity = json.address ?? json.publicKey;
  return {
    json,
    text: `${name} is ${identity}\nKept in ${path}. Without the passphrase it is lost: keep both safe, apart.`,
  };
}

async function listKeys({ keys, prefix }: KeysOptions, { colours }: Output): Promise<Answer> {
  const files = existsSync(keys) ? readdirSync(keys).filter((file) => file.endsWith('.json')) : [];
  const names = files.map((file) => file.slice(0, -'.json'.length)).sort();
  const list = [];
  for (const name of names) list.push({ name, ...describe(await readKeystore(keystoreFile(keys, name)), prefix) });
  const rows = list.map(({ name, kind, address, publicKey }) => [name, kind, address ?? publicKey]);
  const text =
    list.length === 0
      ? `There are no keys in ${keys}; make one with \`trefoil keys new NAME\`.`
      : table(['name', 'kind', 'identity'], rows, colours);
  return { json: { keys: list }, text };
}

/** Accounts are known by address, the others by public key. */
function describe({ kind, publicKey }: Keystore, prefix: string) {
  const address = kind === 'account' ? formatAddress(publicKey as Address, prefix) : undefined;
  return { kind, publicKey, ...(address !== undefined && { address }) };
}

function parseName(text: string): string {
  if (!isName(text)) throw new InvalidArgumentError('It has 1 to 32 lower-case letters, digits and hyphens.');
  return text;
}

function parsePrefix(text: string): string {
  if (!/^[a-z]{1,16}$/.test(text)) throw new InvalidArgumentError('It has 1 to 16 lower-case letters.');
  return text;
}

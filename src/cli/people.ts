/** Who is meant by a name or an address, and with which key they sign. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusJson } from '../api/status.ts';
import { type Address, isAddress } from '../base/brand.ts';
import { Wallet } from '../client/wallet.ts';
import { parseAddress } from '../crypto/address.ts';
import { readKeyFile } from '../crypto/keyfile.ts';
import { decryptKeystore, type Keystore, parseKeystore } from '../crypto/keystore.ts';
import { DEVELOPMENT_NAMES, type DevelopmentAccount, developmentAccount as accountOf } from '../node/development.ts';
import { CommandError } from './output.ts';
import { readPassphrase } from './passphrase.ts';

export const DEFAULT_KEYS = '.trefoil/keys';

/** Where names are looked up: the network's publicly known accounts if it is one for development, then the folder of keys. */
export interface Directory {
  readonly network: Pick<StatusJson, 'dev' | 'addressPrefix'>;
  readonly keys: string;
}

export const keystoreFile = (keys: string, name: string): string => join(keys, `${name}.json`);

/** A name that is also safe as the name of a file. */
export const isName = (text: string): boolean => /^[a-z0-9][a-z0-9-]{0,31}$/.test(text);

/** Throws CommandError: BAD_ADDRESS, UNKNOWN_NAME, and those of a keystore that is wrong. */
export async function addressOf(who: string, directory: Directory): Promise<Address> {
  if (isAddress(who)) return who;
  if (!isName(who) || who.startsWith(`${directory.network.addressPrefix}1`)) {
    const parsed = parseAddress(who, directory.network.addressPrefix);
    if (parsed.ok) return parsed.value;
    throw new CommandError(parsed.error.code, `${who}: ${parsed.error.message}`, 'Check it, or use a name.');
  }
  const account = developmentAccount(who, directory);
  if (account !== undefined) return account.address;
  return (await keystoreOf(who, directory)).publicKey as Address;
}

/** The wallet of a name. Throws as addressOf, PASSPHRASE_NEEDED and WRONG_PASSPHRASE. */
export async function walletOf(name: string, directory: Directory, passphraseFile?: string): Promise<Wallet> {
  const account = developmentAccount(name, directory);
  if (account !== undefined) return new Wallet(account.secret);
  const keystore = await keystoreOf(name, directory);
  const passphrase = await readPassphrase({ file: passphraseFile, prompt: `Passphrase of ${name}: ` });
  const secret = await decryptKeystore(keystore, passphrase);
  if (secret.ok) return new Wallet(secret.value);
  throw new CommandError(secret.error.code, `${name}: ${secret.error.message}`, 'Try again.');
}

/** Throws CommandError with the codes of readKeyFile and parseKeystore. */
export async function readKeystore(path: string): Promise<Keystore> {
  const text = await readKeyFile(path);
  if (!text.ok) throw new CommandError(text.error.code, text.error.message, text.error.hint);
  const keystore = parseKeystore(text.value);
  if (keystore.ok) return keystore.value;
  throw new CommandError(keystore.error.code, `${path}: ${keystore.error.message}`, 'Restore it from a backup.');
}

function developmentAccount(name: string, { network }: Directory): DevelopmentAccount | undefined {
  return network.dev && DEVELOPMENT_NAMES.includes(name) ? accountOf(name) : undefined;
}

async function keystoreOf(name: string, { network, keys }: Directory): Promise<Keystore> {
  const path = keystoreFile(keys, name);
  if (!isName(name) || !existsSync(path)) {
    const known = network.dev ? `${DEVELOPMENT_NAMES.join(', ')}; ` : '';
    throw new CommandError(
      'UNKNOWN_NAME',
      `nobody is called ${name} here`,
      `Known are ${known}keys in ${keys} (\`trefoil keys list\`); anybody can be paid by address.`,
    );
  }
  const keystore = await readKeystore(path);
  if (keystore.kind === 'account') return keystore;
  throw new CommandError(
    'WRONG_KIND',
    `${name} is the key of a ${keystore.kind}`,
    'Keys are never shared between kinds.',
  );
}

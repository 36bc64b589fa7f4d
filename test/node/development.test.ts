/** The development network's files are what its seeds give. `UPDATE_DEVELOPMENT_FILES=1` writes them anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { fromHex, toHex } from '../../src/codec/hex.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import {
  DEVELOPMENT_VALIDATORS_MAX,
  type DevelopmentAccount,
  type DevelopmentValidator,
  developmentNetwork,
  isDevelopmentKey,
} from '../../src/node/development.ts';

const WARNING =
  'PUBLIC KEYS AND PUBLIC SECRETS. Everybody has them. For development networks only: whoever holds anything of worth under them has lost it.';

const validatorEntry = ({ name, validatorSecret, publicKey, nodeSecret, peerId }: DevelopmentValidator) => ({
  name,
  publicKey: toHex(publicKey),
  validatorSecret: toHex(validatorSecret),
  peerId,
  nodeSecret: toHex(nodeSecret),
});

const accountEntry = ({ name, addressText, secret }: DevelopmentAccount) => ({
  name,
  address: addressText,
  secret: toHex(secret),
});

const keysFile = (content: object): string => `${JSON.stringify({ warning: WARNING, ...content }, null, 2)}\n`;

const largest = developmentNetwork(DEVELOPMENT_VALIDATORS_MAX);

describe('the files of the development network', () => {
  test.each([
    ['genesis/dev.json', developmentNetwork(4).genesisText],
    ['keys/validators.json', keysFile({ validators: largest.validators.map(validatorEntry) })],
    ['keys/accounts.json', keysFile({ accounts: largest.accounts.map(accountEntry) })],
  ])('%s is what the seeds give', (path, text) => {
    const url = new URL(`../../${path}`, import.meta.url);
    if (process.env['UPDATE_DEVELOPMENT_FILES'] === '1') writeFileSync(url, text);
    expect(readFileSync(url, 'utf8')).toBe(text);
  });
});

describe('a development network', () => {
  test.each([1, 4, 16])('of %i validators has a valid genesis that names them', (size) => {
    const network = developmentNetwork(size);
    const genesis = parseGenesis(network.genesisText);
    if (!genesis.ok) throw new Error(genesis.error.message);
    expect(genesis.value.dev).toBe(true);
    expect(genesis.value.validators.members.map(({ publicKey, peerId }) => [toHex(publicKey), peerId])).toEqual(
      network.validators.map(({ publicKey, peerId }) => [toHex(publicKey), peerId]),
    );
    expect([...genesis.value.accounts].map(({ address }) => address)).toEqual(
      network.accounts.map(({ address }) => address),
    );
  });

  test('has validators whose first ones are the same in every size', () => {
    expect(developmentNetwork(4).validators).toEqual(largest.validators.slice(0, 4));
  });
});

describe('isDevelopmentKey', () => {
  test('knows the keys of validators, nodes and accounts', () => {
    const { validators, accounts } = largest;
    const validator = present(validators[15], 'last validator');
    expect(isDevelopmentKey(validator.publicKey)).toBe(true);
    expect(isDevelopmentKey(nobleEd25519.publicKey(validator.nodeSecret))).toBe(true);
    expect(accounts.every(({ address }) => isDevelopmentKey(fromHex(address)))).toBe(true);
  });

  test('knows no other key', () => {
    expect(isDevelopmentKey(nobleEd25519.publicKey(new Uint8Array(32).fill(7)))).toBe(false);
  });
});

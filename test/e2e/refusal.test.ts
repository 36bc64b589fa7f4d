import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { invariant } from '../../src/base/invariant.ts';
import { fromHex, toHex } from '../../src/codec/hex.ts';
import { decryptKeystore, parseKeystore } from '../../src/crypto/keystore.ts';
import { readKeyFile } from '../../src/crypto/keyfile.ts';
import { nodeIdentity } from '../../src/network/identity.ts';
import { type ConfigFile, writeConfig } from '../../src/node/config.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { type Finished, trefoil } from './trefoil.ts';

const PASSPHRASE = 'only a test';
const folder = mkdtempSync(join(tmpdir(), 'trefoil-e2e-'));
const own = (name: string): string => join(folder, 'keys', `${name}.json`);
const passphraseFile = join(folder, 'passphrase');

/** A network in earnest: validator 3 has keys of its own, the others published ones. */
beforeAll(async () => {
  writeFileSync(passphraseFile, PASSPHRASE, { mode: 0o600 });
  for (const kind of ['validator', 'node']) {
    const where = ['--keys', join(folder, 'keys'), '--passphrase-file', passphraseFile];
    const { exitCode, stderr } = await trefoil('keys', 'new', kind, '--kind', kind, ...where);
    invariant(exitCode === 0, 'a key is made', { stderr });
  }
  const file = JSON.parse(developmentNetwork(4).genesisText) as { validators: object[] };
  const { publicKey } = await keystoreOf('validator');
  const { peerId } = nodeIdentity(await secretOf('node'));
  const validators = file.validators.map((each, i) => (i === 3 ? { ...each, publicKey, peerId } : each));
  writeFileSync(join(folder, 'genesis.json'), JSON.stringify({ ...file, dev: false, validators }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function keystoreOf(name: string) {
  const text = await readKeyFile(own(name));
  const keystore = parseKeystore(text.ok ? text.value : '');
  if (!keystore.ok) throw new Error(keystore.error.message);
  return keystore.value;
}

async function secretOf(name: string): Promise<Uint8Array> {
  const secret = await decryptKeystore(await keystoreOf(name), PASSPHRASE);
  if (!secret.ok) throw new Error(secret.error.message);
  return fromHex(toHex(secret.value));
}

async function start(keys: ConfigFile['keys'], byzantine?: string): Promise<Finished> {
  const file = join(folder, 'config.toml');
  await writeConfig(file, {
    genesis: 'genesis.json',
    data_dir: 'data',
    keys,
    p2p: { host: '127.0.0.1', port: 0 },
    http: { port: 0 },
    ...(byzantine !== undefined && { byzantine }),
  });
  return trefoil('node', 'start', '--config', file, '--passphrase-file', passphraseFile, '--json');
}

it.each(['silent', 'equivocate', 'corrupt'])('a validator of a network in earnest cannot be made %s', async (lie) => {
  const { exitCode, stdout } = await start({ validator: own('validator'), node: own('node') }, lie);
  expect(exitCode).toBe(1);
  const { error } = JSON.parse(stdout) as { error: { message: string } };
  expect(error).toMatchObject({ code: 'NOT_A_DEVELOPMENT_NETWORK', hint: expect.stringMatching(/./) });
  expect(error.message).toContain('dev: true');
});

it('a network in earnest takes no published key', async () => {
  const { exitCode, stdout } = await start({ development: 0 });
  expect(exitCode).toBe(1);
  const { error } = JSON.parse(stdout) as { error: { message: string } };
  expect(error).toMatchObject({ code: 'DEVELOPMENT_KEY', hint: expect.stringMatching(/./) });
  expect(error.message).toContain('its secret is published');
});

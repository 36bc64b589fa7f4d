import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { toHex } from '../../src/codec/hex.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { writeKeyFile } from '../../src/crypto/keyfile.ts';
import { encryptKeystore, formatKeystore, type KeyKind } from '../../src/crypto/keystore.ts';
import { firstEpoch } from '../../src/ledger/epoch.ts';
import { type Genesis, parseGenesis } from '../../src/ledger/genesis.ts';
import { nodeIdentity } from '../../src/network/identity.ts';
import type { KeysConfig } from '../../src/node/config.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { checkNodeKey, loadKeys } from '../../src/node/keys.ts';

const development = developmentNetwork(4);
const OWN_VALIDATOR = new Uint8Array(32).fill(11);
const OWN_NODE = new Uint8Array(32).fill(12);
const OTHER_NODE = new Uint8Array(32).fill(13);

/** The development genesis with changes; validator 3's keys replaced by our own. */
function genesisWith(changes: { readonly dev: boolean }): Genesis {
  const file = JSON.parse(development.genesisText);
  const own = { publicKey: toHex(nobleEd25519.publicKey(OWN_VALIDATOR)), peerId: nodeIdentity(OWN_NODE).peerId };
  const validators = file.validators.map((validator: object, i: number) =>
    i === 3 ? { ...validator, ...own } : validator,
  );
  const parsed = parseGenesis(JSON.stringify({ ...file, ...changes, validators }));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const dev = genesisWith({ dev: true });
const live = genesisWith({ dev: false });
const load = (keys: KeysConfig, genesis: Genesis, passphrase = 'right') =>
  loadKeys(keys, genesis, nobleEd25519, () => Promise.resolve(passphrase));

describe('development keys', () => {
  it('are those of the validator with their number', async () => {
    const loaded = await load({ development: 2 }, dev);
    const { validatorSecret, nodeSecret } = present(development.validators[2], 'validator');
    expect(loaded).toMatchObject({ ok: true, value: { validatorSecret, nodeSecret } });
  });

  it('are refused, with the reason, unless the genesis is of a development network', async () => {
    const loaded = await load({ development: 2 }, live);
    expect(loaded).toMatchObject({ ok: false, error: { code: 'DEVELOPMENT_KEY' } });
    expect(loaded.ok ? '' : loaded.error.message).toContain('its secret is published');
  });

  it('may be of a validator that the genesis does not know: a later epoch may', async () => {
    expect(await load({ development: 9 }, dev)).toMatchObject({ ok: true });
  });
});

describe('a node key', () => {
  const keys = { validatorSecret: OWN_VALIDATOR, nodeSecret: OTHER_NODE };
  const publicKey = nobleEd25519.publicKey(OWN_VALIDATOR);

  it('is refused where the epoch knows another one of the validator', () => {
    const known = firstEpoch(live);
    expect(checkNodeKey(keys, publicKey, known)).toMatchObject({ ok: false, error: { code: 'WRONG_NODE_KEY' } });
    expect(checkNodeKey({ ...keys, nodeSecret: OWN_NODE }, publicKey, known).ok).toBe(true);
  });

  it('may be any where the validator is not known yet, or there is none', () => {
    const unknown = nobleEd25519.publicKey(OTHER_NODE);
    expect(checkNodeKey(keys, unknown, firstEpoch(live)).ok).toBe(true);
    expect(checkNodeKey({ ...keys, validatorSecret: null }, null, firstEpoch(live)).ok).toBe(true);
  });
});

describe('keystores', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trefoil-keys-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function store(name: string, kind: KeyKind, secret: Uint8Array): Promise<string> {
    const cost = { n: 2, r: 1, p: 1 };
    const keystore = await encryptKeystore(secret, 'right', { kind, description: name, randomBytes, cost });
    const file = join(folder, name);
    const written = await writeKeyFile(file, formatKeystore(keystore));
    expect(written.ok).toBe(true);
    return file;
  }

  it('give the keys of the validator they belong to', async () => {
    const validator = await store('validator', 'validator', OWN_VALIDATOR);
    const node = await store('node', 'node', OWN_NODE);
    const value = { validatorSecret: OWN_VALIDATOR, nodeSecret: OWN_NODE };
    expect(await load({ validator, node }, live)).toEqual({ ok: true, value });
    expect(await load({ node }, live)).toEqual({ ok: true, value: { ...value, validatorSecret: null } });
  });

  it('are refused when a key inside is a development key, whatever its wrapping', async () => {
    const { validatorSecret, nodeSecret } = present(development.validators[0], 'validator');
    const validator = await store('validator', 'validator', validatorSecret);
    const node = await store('node', 'node', nodeSecret);
    expect(await load({ validator, node }, live)).toMatchObject({ ok: false, error: { code: 'DEVELOPMENT_KEY' } });
    expect(await load({ validator, node }, dev)).toMatchObject({ ok: true });
  });

  it('are refused when the passphrase is wrong, or a kind is wrong', async () => {
    const validator = await store('validator', 'validator', OWN_VALIDATOR);
    const node = await store('node', 'node', OWN_NODE);
    const failure = (keys: KeysConfig, passphrase?: string) => load(keys, live, passphrase);
    expect(await failure({ validator, node }, 'wrong')).toMatchObject({ error: { code: 'WRONG_PASSPHRASE' } });
    expect(await failure({ validator: node, node: validator })).toMatchObject({ error: { code: 'WRONG_KIND' } });
    expect(await failure({ validator, node: join(folder, 'none') })).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });

  it.skipIf(process.platform === 'win32')('are refused when others can read them', async () => {
    const validator = await store('validator', 'validator', OWN_VALIDATOR);
    await chmod(validator, 0o644);
    expect(await load({ validator, node: validator }, live)).toMatchObject({ error: { code: 'INSECURE_MODE' } });
  });
});

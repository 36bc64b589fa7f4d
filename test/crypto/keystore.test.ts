import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/codec/hex.ts';
import {
  decryptKeystore,
  type EncryptOptions,
  encryptKeystore,
  formatKeystore,
  type KeyKind,
  type Keystore,
  parseKeystore,
} from '../../src/crypto/keystore.ts';

const SECRET_KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const PASSPHRASE = 'correct horse battery staple';
const OPTIONS: EncryptOptions = {
  kind: 'validator',
  description: 'Alder',
  randomBytes: (length) => new Uint8Array(length).fill(length),
  cost: { n: 16, r: 8, p: 1 },
};

/** What these options give; a change of it is a change of the format. */
const GOLDEN: Keystore = {
  format: 'trefoil/keystore/v1',
  kind: 'validator',
  publicKey: '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8',
  description: 'Alder',
  uuid: '10101010-1010-4010-9010-101010101010',
  crypto: {
    kdf: { function: 'scrypt', params: { dklen: 32, n: 16, r: 8, p: 1, salt: '20'.repeat(32) } },
    cipher: {
      function: 'xchacha20-poly1305',
      params: { nonce: '18'.repeat(24) },
      message: '9fd3fe5cfe8f5dd34f6205aa64084f56f6d4a7940f7c88e6c71c205f427f302b91726b9cbea85333d500be1109e2ca51',
    },
  },
};

/** The golden keystore with one thing changed, by path; undefined removes it. */
function changed(path: string, value: unknown): string {
  const keystore = structuredClone(GOLDEN) as unknown as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce((at, name) => at[name] as Record<string, unknown>, keystore);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return JSON.stringify(keystore);
}

function parsed(text: string): Keystore {
  const result = parseKeystore(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function open(text: string, passphrase = PASSPHRASE): Promise<string> {
  const result = await decryptKeystore(parsed(text), passphrase);
  return result.ok ? toHex(result.value) : result.error.code;
}

describe('a keystore', () => {
  it('has a fixed form', async () => {
    expect(await encryptKeystore(SECRET_KEY, PASSPHRASE, OPTIONS)).toEqual(GOLDEN);
  });

  it.each<KeyKind>(['account', 'validator', 'node'])('gives the %s key back for the passphrase', async (kind) => {
    const keystore = await encryptKeystore(SECRET_KEY, PASSPHRASE, { ...OPTIONS, kind });
    expect(keystore.kind).toBe(kind);
    expect(parsed(formatKeystore(keystore))).toEqual(keystore);
    expect(await open(formatKeystore(keystore))).toBe(toHex(SECRET_KEY));
  });

  it('does not hold the secret key in the clear', async () => {
    expect(formatKeystore(GOLDEN)).not.toContain(toHex(SECRET_KEY));
  });

  it('costs 128 MiB for each guess unless its maker says otherwise', async () => {
    const { cost: _, ...options } = OPTIONS;
    const keystore = await encryptKeystore(SECRET_KEY, PASSPHRASE, options);
    expect(keystore.crypto.kdf.params).toMatchObject({ n: 2 ** 17, r: 8, p: 1 });
    expect(await open(formatKeystore(keystore))).toBe(toHex(SECRET_KEY));
  });

  it.each(['', 'Correct horse battery staple', `${PASSPHRASE} `])(
    'is shut to the passphrase %j',
    async (passphrase) => {
      expect(await open(formatKeystore(GOLDEN), passphrase)).toBe('WRONG_PASSPHRASE');
    },
  );

  it.each<[string, string, string]>([
    ['in composed and in decomposed letters', 'é', 'e\u0301'],
    ['in full width and in ASCII', 'Ａ１', 'A1'],
    ['with the line end of a passphrase file', 'secret', 'secret\r\n'],
  ])('takes a passphrase %s alike', async (_, written, typed) => {
    const keystore = await encryptKeystore(SECRET_KEY, written, OPTIONS);
    expect(await open(formatKeystore(keystore), typed)).toBe(toHex(SECRET_KEY));
  });

  it('may be written with its fields in any order', async () => {
    const { crypto, ...rest } = GOLDEN;
    const { kdf, cipher } = crypto;
    const text = JSON.stringify({ crypto: { cipher, kdf }, ...Object.fromEntries(Object.entries(rest).reverse()) });
    expect(await open(text)).toBe(toHex(SECRET_KEY));
  });

  it.each<[string, unknown]>([
    ['kind', 'node'],
    ['publicKey', '00'.repeat(32)],
    ['description', 'Birch'],
    ['uuid', '10101010-1010-4010-9010-101010101011'],
    ['crypto.kdf.params.n', 32],
    ['crypto.kdf.params.r', 4],
    ['crypto.kdf.params.p', 2],
    ['crypto.kdf.params.salt', '21'.repeat(32)],
    ['crypto.cipher.params.nonce', '19'.repeat(24)],
    ['crypto.cipher.message', `00${GOLDEN.crypto.cipher.message.slice(2)}`],
    ['crypto.cipher.message', `${GOLDEN.crypto.cipher.message.slice(0, -2)}00`],
  ])('with an altered %s does not open', async (path, value) => {
    expect(await open(changed(path, value))).toBe('WRONG_PASSPHRASE');
  });
});

describe('the sealed message', () => {
  /** As the format says, with another implementation of scrypt. */
  function seal(secretKey: Uint8Array): string {
    const { format, kind, publicKey, description, uuid, crypto } = GOLDEN;
    const { salt } = crypto.kdf.params;
    const { nonce } = crypto.cipher.params;
    const key = scryptSync(PASSPHRASE, fromHex(salt), 32, { N: 16, r: 8, p: 1 });
    const names = [
      format,
      kind,
      publicKey,
      description,
      uuid,
      'scrypt',
      32,
      16,
      8,
      1,
      salt,
      'xchacha20-poly1305',
      nonce,
    ];
    const header = new TextEncoder().encode(JSON.stringify(names));
    return toHex(xchacha20poly1305(key, fromHex(nonce), header).encrypt(secretKey));
  }

  it('is the AEAD of the secret key and the header', () => {
    expect(seal(SECRET_KEY)).toBe(GOLDEN.crypto.cipher.message);
  });

  it('with another key inside than the header says is malformed', async () => {
    expect(await open(changed('crypto.cipher.message', seal(new Uint8Array(32))))).toBe('MALFORMED');
  });
});

describe('reading a keystore', () => {
  it.each<[string, string, string, string]>([
    ['MALFORMED', 'no JSON', '{', 'keystore: '],
    ['MALFORMED', 'a list', '[]', 'keystore: '],
    ['MALFORMED', 'a file of EIP-2335', '{"version":4,"crypto":{}}', 'format: '],
    ['MALFORMED', 'a megabyte', ' '.repeat(1_000_000), 'at most'],
    ['MALFORMED', 'no public key', changed('publicKey', undefined), 'publicKey: '],
    ['MALFORMED', 'a short public key', changed('publicKey', '00'), 'publicKey: '],
    ['MALFORMED', 'an unknown kind', changed('kind', 'wallet'), 'kind: '],
    ['MALFORMED', 'an unknown field', changed('crypto.kdf.params.N', 1), 'crypto.kdf.params: '],
    [
      'MALFORMED',
      'upper-case hexadecimal',
      changed('crypto.kdf.params.salt', 'AB'.repeat(32)),
      'crypto.kdf.params.salt: ',
    ],
    ['MALFORMED', 'a longer message', changed('crypto.cipher.message', '00'.repeat(49)), 'crypto.cipher.message: '],
    ['MALFORMED', 'n not a power of two', changed('crypto.kdf.params.n', 1000), 'crypto.kdf.params.n: '],
    ['MALFORMED', 'n below zero', changed('crypto.kdf.params.n', -2), 'crypto.kdf.params.n: '],
    ['MALFORMED', 'n as text', changed('crypto.kdf.params.n', '16'), 'crypto.kdf.params.n: '],
    ['UNSUPPORTED', 'a later format', changed('format', 'trefoil/keystore/v2'), 'trefoil/keystore/v2'],
    ['UNSUPPORTED', 'another kdf', changed('crypto.kdf', { function: 'argon2id', params: {} }), 'argon2id'],
    ['UNSUPPORTED', 'another cipher', changed('crypto.cipher', { function: 'aes-128-ctr', params: {} }), 'aes-128-ctr'],
    ['UNSUPPORTED', 'too much memory', changed('crypto.kdf.params.n', 2 ** 19), 'scrypt costs more'],
    ['UNSUPPORTED', 'memory by r', changed('crypto.kdf.params.r', 1024), 'scrypt costs more'],
    ['UNSUPPORTED', 'too much time', changed('crypto.kdf.params.p', 1_000_000), 'scrypt costs more'],
  ])('%s: %s', (code, _, text, message) => {
    const result = parseKeystore(text);
    expect(result).toMatchObject({ ok: false, error: { code } });
    if (!result.ok) expect(result.error.message).toContain(message);
  });
});

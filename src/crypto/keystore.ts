/**
 * A secret key at rest. The JSON has the shape of EIP-2335 (kdf and cipher as modules with function and params), with an
 * AEAD in the place of cipher and checksum: XChaCha20-Poly1305 under a key that scrypt (RFC 7914) makes of the passphrase.
 * Everything but the ciphertext is authenticated, so a header cannot be exchanged for another key's.
 */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { present } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { fromHex, toHex } from '../codec/hex.ts';
import { nobleEd25519 } from './ed25519.ts';

const FORMAT = 'trefoil/keystore/v1';
const KDF = 'scrypt';
const CIPHER = 'xchacha20-poly1305';
const SALT_BYTES = 32;
const NONCE_BYTES = 24;
const UUID_BYTES = 16;
const DERIVED_KEY_BYTES = 32;
/** The secret key and the tag. */
const SEALED_BYTES = 32 + 16;
const TEXT_MAX = 16_384;
const DESCRIPTION_MAX = 256;

/** Scrypt's cost: memory is 128 · n · r bytes, time is proportional to n · r · p. */
export interface ScryptCost {
  /** A power of two. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** 128 MiB and some 0.3 s: OWASP's first recommendation. */
const STANDARD_COST: ScryptCost = { n: 2 ** 17, r: 8, p: 1 };

/** What a foreign file may make us spend: 256 MiB, four times. */
const COST_MAX: ScryptCost = { n: 2 ** 18, r: 8, p: 4 };

const hexOf = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `expected ${bytes} bytes, lower-case hexadecimal`);

const KeystoreSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** Keys are never shared between the kinds. */
  kind: z.enum(['account', 'validator', 'node']),
  publicKey: hexOf(32),
  description: z.string().max(DESCRIPTION_MAX),
  uuid: z.uuid(),
  crypto: z.strictObject({
    kdf: z.strictObject({
      function: z.literal(KDF),
      params: z.strictObject({
        dklen: z.literal(DERIVED_KEY_BYTES),
        n: z.int().min(2),
        r: z.int().min(1),
        p: z.int().min(1),
        salt: hexOf(SALT_BYTES),
      }),
    }),
    cipher: z.strictObject({
      function: z.literal(CIPHER),
      params: z.strictObject({ nonce: hexOf(NONCE_BYTES) }),
      message: hexOf(SEALED_BYTES),
    }),
  }),
});

/** The parts that say whether the rest is for us to understand. */
const VersionSchema = z.looseObject({
  format: z.string(),
  crypto: z.looseObject({
    kdf: z.looseObject({ function: z.string() }),
    cipher: z.looseObject({ function: z.string() }),
  }),
});

export type Keystore = z.infer<typeof KeystoreSchema>;
export type KeyKind = Keystore['kind'];

export interface EncryptOptions {
  readonly kind: KeyKind;
  /** For people, at most 256 characters; readable without the passphrase. */
  readonly description: string;
  /** From a cryptographic source, fresh bytes at every call. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Less than the standard only where the key is public anyway. */
  readonly cost?: ScryptCost;
}

/** Encrypts an ed25519 secret key (32 bytes). */
export async function encryptKeystore(
  secretKey: Uint8Array,
  passphrase: string,
  options: EncryptOptions,
): Promise<Keystore> {
  const header = KeystoreSchema.parse({
    format: FORMAT,
    kind: options.kind,
    publicKey: toHex(nobleEd25519.publicKey(secretKey)),
    description: options.description,
    uuid: uuidOf(options.randomBytes(UUID_BYTES)),
    crypto: {
      kdf: {
        function: KDF,
        params: {
          dklen: DERIVED_KEY_BYTES,
          ...(options.cost ?? STANDARD_COST),
          salt: toHex(options.randomBytes(SALT_BYTES)),
        },
      },
      cipher: {
        function: CIPHER,
        params: { nonce: toHex(options.randomBytes(NONCE_BYTES)) },
        message: '00'.repeat(SEALED_BYTES),
      },
    },
  } satisfies Keystore);
  const aead = await aeadOf(header, passphrase);
  const { kdf, cipher } = header.crypto;
  return { ...header, crypto: { kdf, cipher: { ...cipher, message: toHex(aead.encrypt(secretKey)) } } };
}

type DecryptError = { readonly code: 'WRONG_PASSPHRASE' | 'MALFORMED'; readonly message: string };

/** The secret key, 32 bytes. Errors: WRONG_PASSPHRASE (or the file was altered: the two cannot be told apart), MALFORMED (the
 *  key inside is not that of the header). */
export async function decryptKeystore(
  keystore: Keystore,
  passphrase: string,
): Promise<Result<Uint8Array, DecryptError>> {
  const aead = await aeadOf(keystore, passphrase);
  let secretKey: Uint8Array;
  try {
    secretKey = aead.decrypt(fromHex(keystore.crypto.cipher.message));
  } catch {
    return fail('WRONG_PASSPHRASE', 'the passphrase is wrong, or the keystore was altered');
  }
  if (toHex(nobleEd25519.publicKey(secretKey)) !== keystore.publicKey) {
    return fail('MALFORMED', 'the keystore holds another key than it says');
  }
  return ok(secretKey);
}

export const formatKeystore = (keystore: Keystore): string => `${JSON.stringify(keystore, null, 2)}\n`;

type ParseError = { readonly code: 'MALFORMED' | 'UNSUPPORTED'; readonly message: string };

/** Errors: MALFORMED, naming the field; UNSUPPORTED (a later format, another kdf or cipher, a cost above the limit). */
export function parseKeystore(text: string): Result<Keystore, ParseError> {
  if (text.length > TEXT_MAX) return fail('MALFORMED', `a keystore has at most ${TEXT_MAX} characters`);
  const json = parseJson(text);
  const version = VersionSchema.safeParse(json);
  if (!version.success) return malformed(version.error);
  const { format, crypto } = version.data;
  for (const [name, expected] of [
    [format, FORMAT],
    [crypto.kdf.function, KDF],
    [crypto.cipher.function, CIPHER],
  ] as const) {
    if (name !== expected) return fail('UNSUPPORTED', `${JSON.stringify(name)} where only ${expected} is known`);
  }
  const keystore = KeystoreSchema.safeParse(json);
  if (!keystore.success) return malformed(keystore.error);
  const { n, r, p } = keystore.data.crypto.kdf.params;
  if (!Number.isInteger(Math.log2(n))) return fail('MALFORMED', 'crypto.kdf.params.n: expected a power of two');
  if (n > COST_MAX.n || r > COST_MAX.r || p > COST_MAX.p) {
    return fail('UNSUPPORTED', `scrypt costs more than n ${COST_MAX.n}, r ${COST_MAX.r}, p ${COST_MAX.p}`);
  }
  return ok(keystore.data);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(error: z.ZodError) {
  const issue = present(error.issues[0], 'an issue of a failed parse');
  const where = issue.path.length === 0 ? 'keystore' : issue.path.join('.');
  return fail('MALFORMED', `${where}: ${issue.message}`);
}

async function aeadOf(keystore: Keystore, passphrase: string) {
  const { dklen, n, r, p, salt } = keystore.crypto.kdf.params;
  const options = { N: n, r, p, dkLen: dklen };
  const key = await scryptAsync(utf8ToBytes(normalise(passphrase)), fromHex(salt), options);
  return xchacha20poly1305(key, fromHex(keystore.crypto.cipher.params.nonce), canonicalHeader(keystore));
}

/** All but the ciphertext, as JSON without spaces and with the fields in this order, whatever the file's. */
function canonicalHeader({ format, kind, publicKey, description, uuid, crypto }: Keystore): Uint8Array {
  const { dklen, n, r, p, salt } = crypto.kdf.params;
  const { nonce } = crypto.cipher.params;
  const header = [format, kind, publicKey, description, uuid, KDF, dklen, n, r, p, salt, CIPHER, nonce];
  return utf8ToBytes(JSON.stringify(header));
}

/** EIP-2335: the same passphrase from every keyboard, and a line end of a passphrase file does not count. */
function normalise(passphrase: string): string {
  return passphrase.normalize('NFKD').replaceAll(/\p{Cc}/gu, '');
}

/** RFC 9562, version 4. */
function uuidOf(random: Uint8Array): string {
  const bytes = random.slice();
  bytes[6] = (present(bytes[6], 'byte of a UUID') & 0x0f) | 0x40;
  bytes[8] = (present(bytes[8], 'byte of a UUID') & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

import { Point, verify as verifyWithCofactor } from '@noble/ed25519';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { fromHex, parseHex, toHex } from '../../src/codec/hex.ts';
import { type Ed25519, nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { checkEd25519 } from '../../src/crypto/ed25519-check.ts';
import { isWellFormed } from '../../src/crypto/ed25519-encoding.ts';
import { opensslEd25519 } from '../../src/crypto/ed25519-openssl.ts';
import { loadSodiumEd25519 } from '../../src/crypto/ed25519-sodium.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import {
  concat,
  decodeScalar,
  encodeScalar,
  type Forgery,
  challenge,
  forge,
  L,
  pointOf,
  smallOrderEncodings,
} from './points.ts';
import { haveVectors, readVectors } from './vectors.ts';

const sodium = await loadSodiumEd25519();
const backends: readonly Ed25519[] = [nobleEd25519, opensslEd25519, ...(sodium === undefined ? [] : [sodium])];

/** What every backend says; fails where they differ. */
function verdictOf({ publicKey, message, signature }: Forgery): boolean {
  const verdicts = backends.map((backend) => [backend.name, backend.verify(publicKey, message, signature)] as const);
  const names = new Map(verdicts.map(([name, verdict]) => [verdict, name]));
  if (names.size === 1) return verdicts[0]?.[1] === true;
  const [key, text] = [toHex(publicKey), toHex(signature)];
  throw new Error(`backends differ: ${JSON.stringify(verdicts)} on ${key}, ${toHex(message)}, ${text}`);
}

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
const message = fc.uint8Array({ maxLength: 300 });
const torsion = fc.nat(7);
const scalar = fc.bigInt(1n, L - 1n);

describe('the predicate', () => {
  it.skipIf(sodium === undefined)('is compared on three backends, where sodium-native is installed', () => {
    expect(backends.map(({ name }) => name)).toEqual(['noble', 'openssl', 'sodium']);
  });

  it.each(backends)('$name passes the check that a node makes at its start', (backend) => {
    expect(() => checkEd25519(backend)).not.toThrow();
  });

  it.each(backends)('$name says false, and does not throw, on every wrong length', ({ verify }) => {
    for (let length = 0; length <= 130; length++) {
      if (length !== 32) expect(verify(new Uint8Array(length), new Uint8Array(0), new Uint8Array(64))).toBe(false);
      if (length !== 64) expect(verify(new Uint8Array(32), new Uint8Array(0), new Uint8Array(length))).toBe(false);
    }
  });

  it('honest signatures are the same from every backend, and valid', () => {
    fc.assert(
      fc.property(seed, message, (secretKey, text) => {
        const [publicKey, ...keys] = backends.map((backend) => toHex(backend.publicKey(secretKey)));
        const [signature, ...signatures] = backends.map((backend) => toHex(backend.sign(secretKey, text)));
        expect(new Set(keys)).toEqual(new Set([publicKey]));
        expect(new Set(signatures)).toEqual(new Set([signature]));
        const honest = { publicKey: fromHex(publicKey ?? ''), message: text, signature: fromHex(signature ?? '') };
        expect(verdictOf(honest)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('one flipped bit of key, message or signature makes it invalid', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(
        seed,
        bytes,
        fc.constantFrom('publicKey', 'message', 'signature'),
        fc.nat(),
        (secret, text, part, at) => {
          const { publicKey, sign } = nobleEd25519;
          const flipped = { publicKey: publicKey(secret), message: text.slice(), signature: sign(secret, text) };
          const target = flipped[part];
          const bit = at % (target.length * 8);
          target[bit >> 3] = (target[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          expect(verdictOf(flipped)).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('points of mixed order count as they are, without the cofactor', () => {
    let accepted = 0;
    fc.assert(
      fc.property(scalar, torsion, scalar, torsion, message, (a, torsionA, r, torsionR, text) => {
        const publicKey = pointOf(a, torsionA).toBytes();
        const nonce = pointOf(r, torsionR).toBytes();
        const k = challenge(nonce, publicKey, text);
        const cancels = (BigInt(torsionR) + k * BigInt(torsionA)) % 8n === 0n;
        const forged = forge(a, publicKey, r, nonce, text);
        expect(verifyWithCofactor(forged.signature, text, publicKey)).toBe(true);
        expect(verdictOf(forged)).toBe(cancels);
        if (cancels) accepted++;
      }),
      { numRuns: 100 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('a key or an R of small order is refused in each of its encodings, though the equation holds', () => {
    const encodings = smallOrderEncodings();
    expect(encodings).toHaveLength(14);
    const honest = pointOf(5n, 0).toBytes();
    const text = Uint8Array.of(1);
    for (const small of encodings) {
      expect(verdictOf(forge(0n, small, 5n, honest, text))).toBe(false);
      expect(verdictOf(forge(5n, honest, 0n, small, text))).toBe(false);
      for (const other of encodings) expect(verdictOf(forge(0n, small, 0n, other, text))).toBe(false);
    }
  });

  it('S is taken below L only', () => {
    fc.assert(
      fc.property(seed, message, fc.bigInt(1n, 15n), (secretKey, text, times) => {
        const publicKey = nobleEd25519.publicKey(secretKey);
        const signature = nobleEd25519.sign(secretKey, text);
        const s = decodeScalar(signature.subarray(32)) + times * L;
        fc.pre(s < 1n << 256n);
        const moved = concat(signature.subarray(0, 32), encodeScalar(s));
        expect(verdictOf({ publicKey, message: text, signature: moved })).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it('the backends agree on arbitrary bytes', () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(key, message, fc.uint8Array({ minLength: 64, maxLength: 64 }), (publicKey, text, signature) => {
        expect(verdictOf({ publicKey, message: text, signature })).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  describe.skipIf(!haveVectors)('Wycheproof (../shared/vectors/wycheproof-ed25519.json)', () => {
    it('has the same verdict on every case', () => {
      const { testGroups, numberOfTests } = haveVectors
        ? (readVectors('wycheproof-ed25519.json') as Wycheproof)
        : { testGroups: [], numberOfTests: 0 };
      const wrong: string[] = [];
      let seen = 0;
      for (const { publicKey, tests } of testGroups) {
        for (const { tcId, msg, sig, result, comment } of tests) {
          seen++;
          const signature = parseHex(sig) ?? new Uint8Array(0);
          const verdict = verdictOf({ publicKey: fromHex(publicKey.pk), message: fromHex(msg), signature });
          if (verdict !== (result === 'valid')) wrong.push(`${tcId} ${comment}: ${verdict}, published ${result}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(seen).toBe(numberOfTests);
    });
  });
});

interface Wycheproof {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

describe('the check of the bytes', () => {
  const p = 2n ** 255n - 19n;
  const ordinary = encodeScalar(3n);

  it.each([0n, 1n])('y is canonical below p only (sign %d)', (sign) => {
    for (let offset = -3n; offset < 19n; offset++) {
      const y = encodeScalar(p + offset + (sign << 255n));
      const admissible = offset < -1n;
      expect(isWellFormed(y, concat(ordinary, encodeScalar(1n)))).toBe(admissible);
      expect(isWellFormed(ordinary, concat(y, encodeScalar(1n)))).toBe(admissible);
    }
  });

  it('S is below L', () => {
    for (const [s, below] of [
      [0n, true],
      [L - 1n, true],
      [L, false],
      [L + 1n, false],
      [2n ** 256n - 1n, false],
    ] as const) {
      expect(isWellFormed(ordinary, concat(ordinary, encodeScalar(s)))).toBe(below);
    }
  });
});

describe('the check at the start of a node', () => {
  /** Decodes as ZIP 215 does and compares points instead of encodings, else the predicate. */
  const lenient = (publicKey: Uint8Array, text: Uint8Array, signature: Uint8Array): boolean => {
    const [r, s] = [signature.subarray(0, 32), decodeScalar(signature.subarray(32))];
    if (publicKey.length !== 32 || signature.length !== 64 || s >= L) return false;
    try {
      const kA = Point.fromBytes(publicKey, true).multiply(challenge(r, publicKey, text), false);
      return pointOf(s, 0).equals(Point.fromBytes(r, true).add(kA));
    } catch {
      return false;
    }
  };
  const withCofactor = (publicKey: Uint8Array, text: Uint8Array, signature: Uint8Array): boolean =>
    publicKey.length === 32 && signature.length === 64 && verifyWithCofactor(signature, text, publicKey);

  it.each<[string, Partial<Ed25519>]>([
    ['one that takes points of small order', { verify: lenient }],
    ['noble as it comes, which multiplies by the cofactor', { verify: withCofactor }],
    [
      'one that ignores what follows a signature',
      { verify: (key, text, signature) => nobleEd25519.verify(key, text, signature.subarray(0, 64)) },
    ],
    ['one that takes everything', { verify: () => true }],
    ['one that takes nothing', { verify: () => false }],
    ['one that signs something else', { sign: (key, text) => nobleEd25519.sign(key, concat(text, Uint8Array.of(0))) }],
    ['one with another public key', { publicKey: () => new Uint8Array(32) }],
  ])('refuses %s', (_, difference) => {
    expect(() => checkEd25519({ ...nobleEd25519, ...difference })).toThrow(InvariantViolation);
  });

  it('libsodium is selected where it is installed, else OpenSSL', async () => {
    expect((await selectEd25519()).name).toBe(sodium === undefined ? 'openssl' : 'sodium');
  });
});

describe.each(backends)('keys of $name', (backend) => {
  it('an array that is overwritten with another secret key signs with that one', () => {
    const secretKey = new Uint8Array(32).fill(1);
    const text = Uint8Array.of(1, 2, 3);
    const before = backend.sign(secretKey, text);
    secretKey.fill(2);
    const after = backend.sign(secretKey, text);
    expect(after).not.toEqual(before);
    expect(backend.verify(backend.publicKey(secretKey), text, after)).toBe(true);
  });

  it('what the caller does to a returned public key stays with the caller', () => {
    const secretKey = new Uint8Array(32).fill(3);
    backend.publicKey(secretKey).fill(0);
    expect(backend.publicKey(secretKey)).toEqual(nobleEd25519.publicKey(secretKey));
  });

  it.each([0, 31, 33, 64])('a secret key of %i bytes is our own bug', (length) => {
    expect(() => backend.sign(new Uint8Array(length), new Uint8Array(0))).toThrow(InvariantViolation);
    expect(() => backend.publicKey(new Uint8Array(length))).toThrow(InvariantViolation);
  });
});

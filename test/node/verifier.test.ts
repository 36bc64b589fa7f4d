import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import type { SignatureCheck, Verifier } from '../../src/driver/ports.ts';
import { type RunningVerifier, startVerifier } from '../../src/node/verifier.ts';
import { packChecks, unpackChecks } from '../../src/node/verify-packet.ts';

let ed25519: Ed25519;
let verifier: RunningVerifier;

beforeAll(async () => {
  ed25519 = await selectEd25519();
  verifier = await startVerifier({
    ed25519,
    workers: 2,
    failed: (error) => {
      throw error;
    },
  });
});
afterAll(() => verifier.stop());

/** A check whose verdict is `valid`. */
function signed(number: number, valid = true): SignatureCheck {
  const secret = new Uint8Array(32).fill(1 + (number % 5));
  const message = Uint8Array.from({ length: number % 300 }, (_, i) => (i * number) & 0xff);
  const signature = ed25519.sign(secret, message).slice();
  if (!valid) signature[number % 64] = (signature[number % 64] ?? 0) ^ 0x10;
  return { publicKey: ed25519.publicKey(secret), message, signature };
}

const isValid = (number: number): boolean => number % 3 !== 0;
const signedMany = (from: number, count: number): SignatureCheck[] =>
  Array.from({ length: count }, (_, i) => signed(from + i, isValid(from + i)));
const expected = (from: number, count: number): boolean[] => Array.from({ length: count }, (_, i) => isValid(from + i));
const checkBatch = (of: Verifier, checks: readonly SignatureCheck[]): Promise<readonly boolean[]> =>
  new Promise((resolve) => of.checkBatch(checks, resolve));

describe('verifier', () => {
  it('checks a vote at once', () => {
    expect(verifier.check(signed(7))).toBe(true);
    expect(verifier.check(signed(7, false))).toBe(false);
  });

  it.each([0, 1, 2, 3, 127, 128, 129, 700])('gives one verdict for each of %i signatures, in order', async (count) => {
    expect(await checkBatch(verifier, signedMany(0, count))).toEqual(expected(0, count));
  });

  it('takes messages of any length, as many as fill a packet and more', async () => {
    const long = (number: number): SignatureCheck => {
      const message = new Uint8Array(136 * 1024).fill(number);
      const secret = new Uint8Array(32).fill(1 + number);
      const signature = ed25519.sign(secret, isValid(number) ? message : message.subarray(1));
      return { publicKey: ed25519.publicKey(secret), message, signature };
    };
    const batches = [1, 2, 13].map((count) => Array.from({ length: count }, (_, i) => long(i)));
    const short = checkBatch(verifier, signedMany(0, 200));
    const answers = await Promise.all(batches.map((checks) => checkBatch(verifier, checks)));
    expect(answers).toEqual(batches.map((checks) => expected(0, checks.length)));
    expect(await short).toEqual(expected(0, 200));
    expect(verifier.waiting).toBe(0);
  });

  it('answers many batches of any size that arrive together, each with its own verdicts', async () => {
    const sizes = [5, 1, 130, 0, 2, 300, 3, 1, 64, 7];
    const batches = sizes.map((size, i) => checkBatch(verifier, signedMany(i * 31, size)));
    expect(await Promise.all(batches)).toEqual(sizes.map((size, i) => expected(i * 31, size)));
    expect(verifier.waiting).toBe(0);
  });

  it('never answers within the call', async () => {
    for (const count of [0, 1, 5]) {
      let answered = false;
      const answer = new Promise<void>((resolve) =>
        verifier.checkBatch(signedMany(0, count), () => {
          answered = true;
          resolve();
        }),
      );
      expect(answered).toBe(false);
      await answer;
    }
  });

  it.each([
    ['a short key', { publicKey: new Uint8Array(31) }],
    ['a long signature', { signature: new Uint8Array(65) }],
    ['an empty signature', { signature: new Uint8Array() }],
  ])('finds %s invalid, and the signatures around it valid', async (_, wrong) => {
    const checks = [signed(1), { ...signed(2), ...wrong }, signed(4), signed(5)];
    expect(await checkBatch(verifier, checks)).toEqual([true, false, true, true]);
    expect(await checkBatch(verifier, [{ ...signed(2), ...wrong }])).toEqual([false]);
  });

  it('keeps to its bound under a flood: the caller pays for what does not fit, with the same verdicts', async () => {
    const counting = { ...ed25519, calls: 0 };
    counting.verify = (...check) => {
      counting.calls += 1;
      return ed25519.verify(...check);
    };
    const flooded = await startVerifier({ ed25519: counting, workers: 1, failed: () => undefined });
    const checks = signedMany(0, 100);
    const answered = Array.from({ length: 180 }, () => checkBatch(flooded, checks));
    expect(flooded.waiting).toBeLessThanOrEqual(16_384);
    expect(counting.calls).toBeGreaterThan(0);
    for (const verdicts of await Promise.all(answered)) expect(verdicts).toEqual(expected(0, 100));
    await flooded.stop();
  }, 30_000);

  it('says so when a worker dies, and answers nothing any more', async () => {
    const created = once(process, 'worker') as Promise<[Worker]>;
    const { promise: failure, resolve: failed } = Promise.withResolvers<Error>();
    const doomed = await startVerifier({ ed25519, workers: 1, failed });
    const [worker] = await created;
    await worker.terminate();
    expect((await failure).message).toContain('a verification worker ended');
    let answered = false;
    doomed.checkBatch([signed(1)], () => {
      answered = true;
    });
    await Promise.resolve();
    expect(answered).toBe(false);
    await doomed.stop();
  });

  it('stops without calling that a failure', async () => {
    let failures = 0;
    const stopping = await startVerifier({ ed25519, workers: 2, failed: () => failures++ });
    await stopping.stop();
    expect(failures).toBe(0);
  });
});

describe('packet of checks', () => {
  it('comes out as it went in', () => {
    const anyCheck = fc.record({
      publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      message: fc.uint8Array({ maxLength: 40 }),
      signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    });
    fc.assert(
      fc.property(fc.array(anyCheck, { maxLength: 9 }), (checks) => {
        expect([...unpackChecks(packChecks(checks))]).toEqual(checks);
      }),
    );
  });
});

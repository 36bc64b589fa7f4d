import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Epoch, epoch, type ValidatorIndex, validatorIndex } from '../../../src/base/brand.ts';
import { toHex } from '../../../src/codec/hex.ts';
import { sha256 } from '../../../src/crypto/sha256.ts';
import { ACCOUNTS, FEE_POOL } from '../../../src/ledger/account.ts';
import { OFFENCES } from '../../../src/ledger/offence.ts';
import { type StateKey, stateKeyBytes, stateKeyText } from '../../../src/ledger/state/entry-kind.ts';
import { MemoryState } from '../../../src/ledger/state/memory-state.ts';

describe('the text of a key', () => {
  test.each<[string, StateKey]>([
    [`account/${'f'.repeat(64)}`, ACCOUNTS.key(FEE_POOL)],
    ['offence/0000000000000012/00003', OFFENCES.key({ epoch: epoch(12), validator: validatorIndex(3) })],
  ])('is %s, and that is what the tree hashes', (text, key) => {
    expect(stateKeyText(key)).toBe(text);
    expect(new TextDecoder().decode(stateKeyBytes(key))).toBe(text);
    expect(toHex(new MemoryState().treeKey(key))).toBe(toHex(sha256(new TextEncoder().encode(text))));
  });

  test('of an offence has the order of epochs and validators, up to the last of them', () => {
    const place = fc.tuple(fc.maxSafeNat(), fc.nat(65_535));
    const textOf = ([at, validator]: [number, number]) =>
      OFFENCES.key({ epoch: at as Epoch, validator: validator as ValidatorIndex }).text;
    fc.assert(
      fc.property(place, place, (a, b) => {
        const order = a[0] - b[0] || a[1] - b[1];
        expect(Math.sign(textOf(a) < textOf(b) ? -1 : Number(textOf(a) > textOf(b)))).toBe(Math.sign(order));
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { height } from '../../../src/base/brand.ts';
import type { Result } from '../../../src/base/result.ts';
import { fromHex, toHex } from '../../../src/codec/hex.ts';
import { STALE_RECORD_BYTES_MAX } from '../../../src/ledger/limits.ts';
import { nodeKeyText } from '../../../src/ledger/tree/path.ts';
import { decodeStale, dueLists, encodeStale } from '../../../src/ledger/tree/stale.ts';

const codeOf = (result: Result<unknown>): string => (result.ok ? 'OK' : result.error.code);
const SINCE = height(9);

describe('the list of what a block replaced', () => {
  it('is read back in the order of the nodes, whatever order it was written in', () => {
    const digits = fc.stringMatching(/^[0-9a-f]{0,63}$/);
    const key = fc.record({ version: fc.integer({ min: 0, max: 8 }).map(height), path: digits });
    fc.assert(
      fc.property(fc.uniqueArray(key, { selector: nodeKeyText, maxLength: 30 }), (keys) => {
        const sorted = keys.toSorted((a, b) => (nodeKeyText(a) < nodeKeyText(b) ? -1 : 1));
        expect(decodeStale(encodeStale(keys), SINCE)).toEqual({ ok: true, value: sorted });
      }),
    );
  });

  it('has these bytes', () => {
    const keys = [
      { version: height(8), path: 'abc' },
      { version: height(2), path: '' },
    ];
    expect(toHex(encodeStale(keys))).toBe('0000000000020000000000000803abc0');
  });

  it.each([
    { name: 'half a version', bytes: '000000', code: 'MALFORMED' },
    { name: 'no length', bytes: '000000000002', code: 'MALFORMED' },
    { name: 'half a path', bytes: '00000000000203ab', code: 'MALFORMED' },
    { name: 'a path that is too long', bytes: `00000000000240${'00'.repeat(32)}`, code: 'MALFORMED' },
    { name: 'a node of its own version', bytes: '00000000000900', code: 'MALFORMED' },
    { name: 'a half byte of no nibble', bytes: '00000000000201a1', code: 'NON_CANONICAL' },
    { name: 'a node twice', bytes: '00000000000200'.repeat(2), code: 'NON_CANONICAL' },
    { name: 'another order', bytes: '0000000000080000000000000200', code: 'NON_CANONICAL' },
  ])('of $name is refused: $code', ({ bytes, code }) => expect(codeOf(decodeStale(fromHex(bytes), SINCE))).toBe(code));

  it('that is too long is refused before it is read', () => {
    expect(codeOf(decodeStale(new Uint8Array(STALE_RECORD_BYTES_MAX + 1), SINCE))).toBe('TOO_LARGE');
  });
});

describe('the lists that are due', () => {
  it.each([
    { name: 'nothing is pruned where all is kept', head: 50, historyHeights: 0, prunedTo: 0, due: [] },
    { name: 'nothing before there is more than is kept', head: 2, historyHeights: 3, prunedTo: 0, due: [] },
    { name: 'the first block goes with the height before it', head: 3, historyHeights: 3, prunedTo: 0, due: [1] },
    { name: 'one for each block', head: 10, historyHeights: 3, prunedTo: 7, due: [8] },
    { name: 'the head alone is kept', head: 10, historyHeights: 1, prunedTo: 9, due: [10] },
    { name: 'what was dealt with is not due again', head: 10, historyHeights: 3, prunedTo: 8, due: [] },
    { name: 'keeping more than before prunes nothing', head: 10, historyHeights: 9, prunedTo: 8, due: [] },
    { name: 'keeping less is caught up with in parts', head: 100, historyHeights: 2, prunedTo: 5, due: [6, 7, 8, 9] },
  ])('$name', ({ head, historyHeights, prunedTo, due }) => {
    expect(dueLists({ head: height(head), historyHeights, prunedTo: height(prunedTo) }, 4)).toEqual(due);
  });
});

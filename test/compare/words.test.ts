import { describe, expect, it } from 'vitest';
import { count, duration, escaped, inRuns, percent } from '../../src/compare/report/words.ts';

describe('words for numbers', () => {
  it.each([
    [duration(null), 'never'],
    [duration(7.93), '7.9 ms'],
    [duration(246.9), '247 ms'],
    [duration(4390), '4.4 s'],
    [duration(239_345), '3 min 59 s'],
    [duration(59_999), '60.0 s'],
    [count(null), '–'],
    [count(0), '0'],
    [count(4.04), '4.0'],
    [count(7121.1), '7,121'],
    [count(76_811), '77 thousand'],
    [count(5_797_101), '5.8 million'],
    [percent(0.8), '80.0 %'],
    [percent(0.9994), '99.9 %'],
    [percent(8254 / 8255), 'over 99.9 %'],
    [percent(1), '100.0 %'],
    [percent(0.000591), '0.059 %'],
    [inRuns(1, 1), 'in this run'],
    [inRuns(0, 20), 'in none of 20 runs'],
    [inRuns(7, 20), 'in 7 of 20 runs'],
    [inRuns(20, 20), 'in all 20 runs'],
    [escaped('a<b & "c"'), 'a&lt;b &amp; &quot;c&quot;'],
  ])('%s', (said, expected) => {
    expect(said).toBe(expected);
  });
});

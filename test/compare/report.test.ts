import { beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, compare } from '../../src/compare/compare.ts';
import { PROTOCOLS } from '../../src/compare/protocol.ts';
import { rowsOf, runOf } from '../../src/compare/report/facts.ts';
import { pageOf } from '../../src/compare/report/page.ts';
import { count, duration, escaped, percent } from '../../src/compare/report/words.ts';
import { scenarios } from '../../src/compare/scenario.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';

installNodeSha256();

describe('the page of the comparison', () => {
  let comparison: Comparison;
  let page: string;

  beforeAll(() => {
    comparison = compare(1, [], () => {});
    page = pageOf(comparison);
  }, 180_000);

  it('needs nothing but itself', () => {
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)|src=|href=/);
    expect(page.match(/https?:[^"]*/g)?.every((url) => url.startsWith('http://www.w3.org/'))).toBe(true);
  });

  it('has a picture in every figure, each with words instead of it', () => {
    const figures = page.split('<figure').slice(1);
    expect(figures).toHaveLength(4);
    for (const figure of figures) {
      expect(figure).toMatch(/^ aria-label="[^"]{40,}"/);
      expect(figure).toMatch(/<svg role="img" [^]*<path [^]*<\/svg>/);
      expect(figure).toMatch(/<figcaption>[^]*<code>npx trefoil [^<]+<\/code>/);
    }
  });

  it('says the numbers of what was measured', () => {
    const { p50, p99 } = runOf(comparison, 'regions', 'pbft').finalityMs;
    expect(page).toContain(`<td class="plain">${duration(p50)} · ${duration(p99)}</td>`);
    expect(page).toContain(`${runOf(comparison, 'partition-half', 'pow').reversedAfterFinal} taken back`);
    expect(page).toContain(`Of ${comparison.doubleSpend?.tries} tries ${comparison.doubleSpend?.successes} succeeded`);
  });

  it('has a row for each scenario, a column for each protocol, and no number that is none', () => {
    const rows = rowsOf(comparison);
    expect(new Set(rows.map(({ part }) => part))).toEqual(new Set(scenarios.map(({ name }) => name)));
    expect(rows.every(({ cells }) => cells.length === PROTOCOLS.length)).toBe(true);
    expect(page).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it('names the theorems, and tells who is which choice for', () => {
    for (const word of ['FLP', 'CAP', 'Split brain', 'Which one, then']) expect(page).toContain(word);
  });
});

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
    [percent(0.000591), '0.059 %'],
    [escaped('a<b & "c"'), 'a&lt;b &amp; &quot;c&quot;'],
  ])('%s', (said, expected) => {
    expect(said).toBe(expected);
  });
});

import { describe, expect, it } from 'vitest';
import {
  parseAmount,
  parseDuration,
  parseFee,
  parseHeight,
  parseLiar,
  parseNatural,
  parseTime,
} from '../../src/cli/arguments.ts';

describe('arguments', () => {
  it.each([
    ['1', 1n],
    ['18446744073709551615', 2n ** 64n - 1n],
  ])('%s is an amount', (text, amount) => expect(parseAmount(text)).toBe(amount));

  it.each(['', '0', '05', '+5', '5e3', '0x5', '5 ', '18446744073709551616', '99999999999999999999'])(
    '"%s" is no amount',
    (text) => expect(() => parseAmount(text)).toThrow(/whole number/),
  );

  it('a fee may be zero', () => expect(parseFee('0')).toBe(0n));

  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['2m', 120_000],
  ])('%s is a duration', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '10', '0s', '1h', '-1s', '1.5s', '9999m'])('"%s" is no duration', (text) =>
    expect(() => parseDuration(text)).toThrow(/looks like/),
  );

  it.each(['', '-1', '01', '1e3', '9999999999999999'])('"%s" is no number', (text) =>
    expect(() => parseNatural(text)).toThrow(/whole number/),
  );

  it('a height may be "latest"', () => expect([parseHeight('latest'), parseHeight('7')]).toEqual(['latest', 7]));

  it('a time is what ISO 8601 says', () =>
    expect(parseTime('2027-01-15T08:00:00Z').getTime()).toBe(Date.UTC(2027, 0, 15, 8)));

  it.each(['', 'yesterday', '8', '2027', '2027-13-01T00:00:00Z', '1969-12-31T00:00:00Z'])('"%s" is no time', (text) =>
    expect(() => parseTime(text)).toThrow(/looks like/),
  );

  it('liars add up', () => {
    const first = parseLiar('3=equivocate');
    expect(parseLiar('0=silent', first)).toEqual([
      { index: 3, strategy: 'equivocate' },
      { index: 0, strategy: 'silent' },
    ]);
  });

  it.each(['3', '=silent', '3=', 'x=silent', '-1=silent', '03=silent', '3=../x'])('"%s" is no liar', (text) =>
    expect(() => parseLiar(text)).toThrow(/such as 3=equivocate/),
  );
});

/** Parts of a whole, as people type and read them. */
import { InvalidArgumentError } from 'commander';
import { CommandError, EXIT } from '../output.ts';

/** A reader of numbers from 0 to 1. What is out of there is refused with this code; `what` begins the sentence. */
export const fractionParser =
  (code: string, what: string) =>
  (text: string): number => {
    if (!/^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?%?$/i.test(text)) {
      throw new InvalidArgumentError('It is a number from 0 to 1, such as 0.1.');
    }
    const value = Number(text);
    if (value >= 0 && value <= 1) return value;
    const meant = Number(text.replace('%', '')) / 100;
    const hint = meant >= 0 && meant <= 1 ? `${percent(meant)} is written ${meant}.` : 'Half of it is written 0.5.';
    throw new CommandError(code, `${what} is from 0 to 1, and not ${text}`, hint, EXIT.usage);
  };

export const percent = (value: number): string => `${Number((100 * value).toPrecision(4))} %`;

export const thousands = (value: number): string => value.toLocaleString('en-GB');

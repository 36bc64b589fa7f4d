/** A line of a transcript, word by word. */

/** Why a line cannot be read. `parseTranscript` turns it into its answer. */
export class Unreadable extends Error {}

export class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(line: string) {
    this.#words = line.split(/\s+/);
  }

  get next(): string | undefined {
    return this.#words[this.#at];
  }

  /** The next word; `what` it is says the message when there is none. */
  take(what: string): string {
    const word = this.next;
    if (word === undefined) throw new Unreadable(`${what} is missing`);
    this.#at += 1;
    return word;
  }

  /** Takes the next word if it is this one. */
  has(word: string): boolean {
    if (this.next !== word) return false;
    this.#at += 1;
    return true;
  }

  /** Takes one of these. */
  oneOf<W extends string>(...words: readonly W[]): W {
    const word = words.find((each) => this.has(each));
    if (word !== undefined) return word;
    const instead = this.next === undefined ? '' : `, not '${this.next}'`;
    throw new Unreadable(`here stands ${words.join(' or ')}${instead}`);
  }

  whole(what: string): number {
    const word = this.take(what);
    if (!/^[0-9]{1,15}$/.test(word)) throw new Unreadable(`'${word}' is no whole number`);
    return Number(word);
  }

  /** All numbers from here on, up to the next word that is none. */
  numbers(): readonly number[] {
    const numbers: number[] = [];
    while (this.next !== undefined && /^[0-9]/.test(this.next)) numbers.push(this.whole('a number'));
    return numbers;
  }

  end(): void {
    if (this.next !== undefined) throw new Unreadable(`'${this.next}' has no meaning here`);
  }
}

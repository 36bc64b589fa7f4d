/** What happened, in order: its hash tells two runs apart, its lines tell people. */

/** One event: the time by the simulation's clock in milliseconds from its start, what, and numbers or text about it. */
export type TraceSink = (atMs: number, what: string, details: readonly (string | number)[]) => void;

export class Trace {
  readonly #sink: TraceSink | null;
  #events = 0;
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;

  constructor(sink: TraceSink | null = null) {
    this.#sink = sink;
  }

  get events(): number {
    return this.#events;
  }

  /** 16 hexadecimal digits over all events so far. */
  get hash(): string {
    return (this.#high >>> 0).toString(16).padStart(8, '0') + (this.#low >>> 0).toString(16).padStart(8, '0');
  }

  note(atMs: number, what: string, ...details: readonly (string | number)[]): void {
    this.#events += 1;
    this.#number(Math.round(atMs * 1000));
    this.#text(what);
    for (const detail of details) {
      if (typeof detail === 'number') this.#number(detail);
      else this.#text(detail);
    }
    this.#sink?.(atMs, what, details);
  }

  #text(text: string): void {
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at));
    this.#mix(text.length);
  }

  #number(value: number): void {
    this.#mix(value | 0);
    this.#mix((value / 2 ** 32) | 0);
  }

  #mix(word: number): void {
    this.#high = Math.imul((this.#high ^ word) >>> 0, 0x01000193) ^ (this.#low >>> 15);
    this.#low = Math.imul((this.#low ^ word) >>> 0, 0x85ebca77) ^ (this.#high >>> 13);
  }
}

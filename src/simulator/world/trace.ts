/** What happened, in order: its hash tells two runs apart, its sinks tell people. */

/** What becomes of a message between two nodes. */
export type Fate =
  /** It is on its way. */
  | 'sent'
  | 'received'
  /** No connection stands. */
  | 'unconnected'
  /** A search or a scenario does not let it go, or not yet. */
  | 'kept-back'
  /** The link is cut, and nobody has noticed. */
  | 'blocked'
  | 'lost'
  /** It waits in a clogged link. */
  | 'clogged'
  /** It waited there too long: others took its room. */
  | 'dropped'
  /** The connection ended while it was on its way. */
  | 'cut-off'
  /** A liar says this where honest code would have said something else, or nothing. */
  | 'lie'
  /** A liar does not say what honest code would have said. */
  | 'withheld';

/** Times are milliseconds by the simulation's clock, from its start. Nothing is described for who does not ask: messages
 *  are most of all that happens. */
export interface TraceSink {
  /** What, and numbers or text about it; the first is the node. */
  event(atMs: number, what: string, details: readonly (string | number)[]): void;
  /** From one node to another, by slot. */
  message(atMs: number, fate: Fate, from: number, to: number, bytes: Uint8Array): void;
}

export class Trace {
  readonly #sinks: readonly TraceSink[];
  #events = 0;
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;
  /** The message that was hashed last: most go to several nodes, one after the other. */
  #last: Uint8Array | null = null;
  #lastDigest = 0;

  constructor(sinks: readonly TraceSink[] = []) {
    this.#sinks = sinks;
  }

  get events(): number {
    return this.#events;
  }

  /** 16 hexadecimal digits over all events so far, and over every byte of every message. */
  get hash(): string {
    return (this.#high >>> 0).toString(16).padStart(8, '0') + (this.#low >>> 0).toString(16).padStart(8, '0');
  }

  note(atMs: number, what: string, ...details: readonly (string | number)[]): void {
    this.#begin(atMs, what);
    for (const detail of details) {
      if (typeof detail === 'number') this.#number(detail);
      else this.#text(detail);
    }
    for (const sink of this.#sinks) sink.event(atMs, what, details);
  }

  message(atMs: number, fate: Fate, from: number, to: number, bytes: Uint8Array): void {
    this.#begin(atMs, fate);
    this.#mix(from);
    this.#mix(to);
    this.#mix(this.#digest(bytes));
    for (const sink of this.#sinks) sink.message(atMs, fate, from, to, bytes);
  }

  #begin(atMs: number, what: string): void {
    this.#events += 1;
    this.#number(Math.round(atMs * 1000));
    this.#text(what);
  }

  /** FNV-1a over words of four bytes. */
  #digest(bytes: Uint8Array): number {
    if (bytes === this.#last) return this.#lastDigest;
    let digest = 0x811c9dc5 ^ bytes.length;
    const { length } = bytes;
    let at = 0;
    for (; at + 4 <= length; at += 4) {
      const word =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      digest = Math.imul(digest ^ word, 0x01000193);
      // High bits of a word would reach high bits alone.
      digest ^= digest >>> 15;
    }
    for (; at < length; at++) digest = Math.imul(digest ^ (bytes[at] as number), 0x01000193);
    this.#last = bytes;
    this.#lastDigest = digest;
    return digest;
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

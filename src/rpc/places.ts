/** Work of which only so much is under way at a time. Whoever finds no place waits, one of each client in turn. */
import { type Client, FairQueue } from './fair-queue.ts';

interface Waiting {
  readonly weight: number;
  readonly resolve: (leave: (() => void) | undefined) => void;
}

export class Places {
  readonly #max: number;
  readonly #waiting: FairQueue<Waiting>;
  #taken = 0;

  /** `max`, `waitingMax`: weights of what is under way together, and of what waits. */
  constructor(max: number, waitingMax: number) {
    this.#max = max;
    this.#waiting = new FairQueue(waitingMax);
  }

  /** Resolves when there is place for work of this weight, with how to give it back; with undefined where too many wait. */
  enter(client: Client, weight: number): Promise<(() => void) | undefined> {
    return new Promise((resolve) => {
      for (const refused of this.#waiting.push(client, { weight, resolve }, weight)) refused.resolve(undefined);
      this.#admit();
    });
  }

  #admit(): void {
    for (let next = this.#waiting.peek(); next !== undefined && this.#hasPlaceFor(next); next = this.#waiting.peek()) {
      this.#waiting.shift();
      this.#taken += next.weight;
      next.resolve(this.#leaving(next.weight));
    }
  }

  /** One alone has place, however heavy it is. */
  #hasPlaceFor({ weight }: Waiting): boolean {
    return this.#taken === 0 || this.#taken + weight <= this.#max;
  }

  #leaving(weight: number): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#taken -= weight;
      this.#admit();
    };
  }
}

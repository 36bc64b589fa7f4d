/** Answers with bodies and blocks: a few are made at a time, whoever asks, and what was made is kept for the next. */
import { LARGE_ANSWERS_MAX } from '../limits.ts';

/** Makes one answer, and tells when it has left. */
type Work = (done: () => void) => void;

/** Who asks waits for its answer before it may ask again (`Budgets`), so that the order of questions is the turn of peers. */
export class Answers {
  readonly #waiting: Work[] = [];
  #running = 0;

  give(work: Work): void {
    this.#waiting.push(work);
    this.#work();
  }

  #work(): void {
    while (this.#running < LARGE_ANSWERS_MAX) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      this.#running += 1;
      work(() => {
        this.#running -= 1;
        this.#work();
      });
    }
  }
}

/** Encoded answers for the next who asks, as many as fit so many bytes; the oldest go. */
export class EncodedAnswers {
  readonly #bytesMax: number;
  readonly #answers = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(key: string): Uint8Array | undefined {
    return this.#answers.get(key);
  }

  keep(key: string, answer: Uint8Array): void {
    this.#bytes += answer.length - (this.#answers.get(key)?.length ?? 0);
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    for (const [oldest, { length }] of this.#answers) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#answers.delete(oldest);
      this.#bytes -= length;
    }
  }
}

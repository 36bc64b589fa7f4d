/** Those who wait for an answer: each gets one, also when the driver ends first. */
export class OpenAnswers<T> {
  readonly #atEnd: T;
  readonly #waiting = new Set<(answer: T) => void>();
  #ended = false;

  /** `atEnd`: what is answered when the driver has ended. */
  constructor(atEnd: T) {
    this.#atEnd = atEnd;
  }

  /** What to call with the answer. Undefined after the end: then it was given. */
  open(done: (answer: T) => void): ((answer: T) => void) | undefined {
    if (this.#ended) {
      done(this.#atEnd);
      return undefined;
    }
    const answer = (given: T): void => {
      if (this.#waiting.delete(answer)) done(given);
    };
    this.#waiting.add(answer);
    return answer;
  }

  end(): void {
    this.#ended = true;
    for (const answer of this.#waiting) answer(this.#atEnd);
  }
}

/** Clients that wait to hear what becomes of a transaction: each is answered once, also when the driver ends first. */
import type { Refusal, SubmitOutcome } from './fate.ts';

/** Whoever waits for the answer to a submission. */
export type Answer = (outcome: SubmitOutcome) => void;

const ENDED: Refusal = { code: 'NODE_HALTED', message: 'the node has stopped; submit again elsewhere' };

export class Submissions {
  readonly #waiting = new Set<Answer>();
  #ended = false;

  /** What to call with the outcome. Undefined after the end: then the client has been told. */
  open(done: Answer): Answer | undefined {
    if (this.#ended) {
      done(ENDED);
      return undefined;
    }
    const answer: Answer = (outcome) => {
      if (this.#waiting.delete(answer)) done(outcome);
    };
    this.#waiting.add(answer);
    return answer;
  }

  end(): void {
    this.#ended = true;
    for (const answer of this.#waiting) answer(ENDED);
  }
}

/**
 * Requests that wait for a commit, bounded, and let go when their client leaves or the server stops. Node takes in the
 * requests of a pipeline while the first is still being answered, so the bound is on waits, not on connections.
 */
import type { ServerResponse } from 'node:http';
import { fail, ok, type Result } from '../base/result.ts';
import { submitQuerySchema } from '../api/transaction.ts';
import { WAIT_MS_DEFAULT, WAIT_MS_MAX } from '../api/limits.ts';
import { describeIssue } from './issue.ts';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000 } as const;

/** Milliseconds to wait by the query, 0 for not at all. Errors: BAD_REQUEST. */
export function parseWait(query: unknown): Result<number> {
  const parsed = submitQuerySchema.safeParse(query);
  if (!parsed.success) return fail('BAD_REQUEST', `query: ${describeIssue(parsed.error)}`);
  const { wait, timeout } = parsed.data;
  if (wait === undefined) {
    return timeout === undefined ? ok(0) : fail('BAD_REQUEST', 'query: timeout needs wait=committed');
  }
  if (timeout === undefined) return ok(WAIT_MS_DEFAULT);
  const [, amount, unit] = /^([0-9]+)(ms|s|m)$/.exec(timeout) ?? [];
  const waitMs = Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (waitMs > WAIT_MS_MAX) return fail('BAD_REQUEST', `query: timeout is at most ${WAIT_MS_MAX / 1000}s`);
  return ok(waitMs);
}

export interface Seat {
  /** Fires when the wait is of no use any more. */
  readonly signal: AbortSignal;
  leave(): void;
}

export class WaitingRoom {
  readonly #limit: number;
  readonly #seated = new Set<AbortController>();
  #transactions = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Room to wait for that many transactions until `leave`; undefined where there is none. */
  enter(transactions: number, response: ServerResponse): Seat | undefined {
    if (this.#transactions + transactions > this.#limit) return undefined;
    this.#transactions += transactions;
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    this.#seated.add(controller);
    response.once('close', abort);
    return {
      signal: controller.signal,
      leave: () => {
        if (!this.#seated.delete(controller)) return;
        this.#transactions -= transactions;
        response.off('close', abort);
      },
    };
  }

  /** Ends all waits: their requests are answered with what is known. */
  dismiss(): void {
    for (const controller of this.#seated) controller.abort();
  }
}

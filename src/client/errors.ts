/** How the client says no. */
import { type Problem, problemSchema } from '../api/problems.ts';
import type { Coded } from '../base/result.ts';

/** Beside the codes of the interface (api/problems.ts): UNREACHABLE, no node answered; TIMED_OUT, none in time; BAD_RESPONSE,
 *  what answered does not speak this interface, or it lied; BAD_URL; CANCELLED, by the caller's signal; BAD_PROOF, what the node
 *  said of the state is not what it proved; NO_GENESIS, there is nothing to check a proof by. */
export type ClientErrorCode =
  | Problem['code']
  | 'UNREACHABLE'
  | 'TIMED_OUT'
  | 'BAD_RESPONSE'
  | 'BAD_URL'
  | 'CANCELLED'
  | 'BAD_PROOF'
  | 'NO_GENESIS';

export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** What a person can do about it. */
  readonly hint: string;
  /** The node's own words (RFC 9457), where it answered. */
  readonly problem: Problem | undefined;

  constructor(code: ClientErrorCode, message: string, hint: string, problem?: Problem, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.problem = problem;
  }
}

/** The error for an answer that is not a success. A body that is no problem of ours comes from something else: a proxy, or
 *  another program on that port. */
export function refusal(url: string, status: number, body: unknown): ClientError {
  const parsed = problemSchema.safeParse(body);
  if (!parsed.success) return badResponse(url, `HTTP status ${status} without a problem of this interface`);
  const problem = parsed.data;
  return new ClientError(problem.code, problem.detail, problem.hint, problem);
}

export function badResponse(url: string, what: string, cause?: unknown): ClientError {
  const hint = 'Is this the HTTP address of a Trefoil node of the same version?';
  return new ClientError('BAD_RESPONSE', `${url}: ${what}`, hint, undefined, cause);
}

export function badProof(url: string, { code, message }: Coded): ClientError {
  const hint = 'The node lies, its disk is damaged, or the genesis is of another network: ask another node.';
  return new ClientError('BAD_PROOF', `${url}: the answer is not proved (${code}): ${message}`, hint);
}

/** A node that is honest too shows no later block while it has none. */
export function notLast(url: string): ClientError {
  const hint =
    'No final block may be after that time yet: ask again later, without a time for the newest, or another node.';
  const what = 'no later block shows that this is the last one not after that time';
  return new ClientError('BAD_PROOF', `${url}: the answer is not proved (NOT_LAST): ${what}`, hint);
}

export function noGenesis(): ClientError {
  const hint = 'Give the genesis of the network to the client: its validators sign what is proved.';
  return new ClientError('NO_GENESIS', 'a proof cannot be checked without a genesis', hint);
}

export function cancelled(): ClientError {
  return new ClientError('CANCELLED', 'the caller cancelled the request', 'Nothing to do.');
}

/**
 * Requests to several nodes as if they were one. Every request of the interface may be repeated: reads change nothing, and
 * a transaction is committed once however often its bytes arrive. So a request that got no answer, or "later", goes to the
 * next node, and after one round of all nodes is tried again.
 */
import { delayBefore, retryAfter, sleep } from './backoff.ts';
import { badResponse, cancelled, ClientError, refusal } from './errors.ts';

/** A full block of 8192 transactions is about 6 MB of JSON. */
const RESPONSE_BYTES_MAX = 32 * 1024 * 1024;

/** "Later" or "not here": another node, or the same one soon, may well answer. */
const RETRIED_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export interface Request {
  readonly method: 'GET' | 'POST';
  /** With query; asked again for each attempt, so that a deadline in it shrinks. */
  readonly path: () => string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Milliseconds that the node may take beyond the usual, because it was asked to wait. */
  readonly extraMs?: number;
  /** Statuses that are answers although they look like failures. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly url: string;
  readonly status: number;
  /** Parsed JSON. */
  readonly body: unknown;
}

export interface EndpointOptions {
  /** Base URLs of nodes, such as http://127.0.0.1:8080. At least one. */
  readonly urls: readonly string[];
  readonly fetch: typeof fetch;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  /** How often all nodes are tried before giving up. At least 1. */
  readonly rounds: number;
}

interface Failure {
  readonly error: ClientError;
  readonly retryAfterMs: number;
}

export class Endpoint {
  readonly urls: readonly string[];
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;
  readonly #rounds: number;
  /** Position of the node that answered last. */
  #current = 0;

  /** Throws ClientError BAD_URL. */
  constructor(options: EndpointOptions) {
    this.urls = options.urls.map(parseBase);
    if (this.urls.length === 0) throw new ClientError('BAD_URL', 'no node given', 'Give the URL of at least one node.');
    this.#fetch = options.fetch;
    this.#timeoutMs = options.timeoutMs;
    this.#rounds = options.rounds;
  }

  /** Errors: the node's refusal, UNREACHABLE, TIMED_OUT, BAD_RESPONSE, CANCELLED. */
  async request(request: Request): Promise<Answer> {
    return this.#untilAnswered(request.signal, async (url) => {
      const timeout = AbortSignal.timeout(this.#timeoutMs + (request.extraMs ?? 0));
      const response = await this.#send(url, request, timeout);
      const body = await parseJson(url, response);
      if (response.ok || request.accept?.includes(response.status) === true) {
        return { url, status: response.status, body };
      }
      throw this.#failure(url, response, body);
    });
  }

  /** Opens a response whose body goes on; only its beginning is under the time limit. Errors: as `request`. */
  async open(request: Request): Promise<{ readonly url: string; readonly response: Response }> {
    return this.#untilAnswered(request.signal, async (url) => {
      const beginning = new AbortController();
      const timer = setTimeout(() => beginning.abort(new DOMException('no answer', 'TimeoutError')), this.#timeoutMs);
      try {
        const response = await this.#send(url, request, beginning.signal);
        if (response.ok) return { url, response };
        throw this.#failure(url, response, await parseJson(url, response));
      } finally {
        clearTimeout(timer);
      }
    });
  }

  /** The next request begins with another node. */
  moveOn(): void {
    this.#current = (this.#current + 1) % this.urls.length;
  }

  async #untilAnswered<T>(signal: AbortSignal | undefined, attempt: (url: string) => Promise<T>): Promise<T> {
    let failure: Failure | undefined;
    for (let round = 0; round < this.#rounds; round++) {
      if (failure !== undefined) await sleep(delayBefore(round, failure.retryAfterMs, Math.random), signal);
      failure = undefined;
      for (let i = 0; i < this.urls.length; i++) {
        try {
          return await attempt(this.urls[this.#current] as string);
        } catch (error) {
          if (signal?.aborted === true) throw cancelled();
          if (!(error instanceof Retry)) throw error;
          failure = worse(failure, error.failure);
          this.moveOn();
        }
      }
    }
    throw failure?.error ?? cancelled();
  }

  async #send(url: string, request: Request, timeout: AbortSignal): Promise<Response> {
    try {
      return await this.#fetch(url + request.path(), {
        method: request.method,
        redirect: 'error',
        signal: request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]),
        ...(request.headers && { headers: request.headers }),
        ...(request.body && { body: request.body }),
      });
    } catch (error) {
      throw new Retry({ error: noAnswer(url, error), retryAfterMs: 0 });
    }
  }

  #failure(url: string, response: Response, body: unknown): Error {
    const error = refusal(url, response.status, body);
    if (!RETRIED_STATUSES.has(response.status)) return error;
    return new Retry({ error, retryAfterMs: retryAfter(response.headers.get('retry-after'), Date.now()) });
  }
}

/** An attempt failed in a way that another may not. Never leaves this file. */
class Retry extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.error.message);
    this.failure = failure;
  }
}

/** Of the failures of one round: a node's own words tell more than silence; the shortest wait is enough. */
function worse(earlier: Failure | undefined, later: Failure): Failure {
  if (earlier === undefined) return later;
  return {
    error: earlier.error.problem === undefined ? later.error : earlier.error,
    retryAfterMs: Math.min(earlier.retryAfterMs, later.retryAfterMs),
  };
}

function noAnswer(url: string, cause: unknown): ClientError {
  const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
  if (timedOut)
    return new ClientError('TIMED_OUT', `${url} did not answer in time`, 'Is the node overloaded?', undefined, cause);
  const reason = cause instanceof Error ? rootCause(cause).message || cause.message : String(cause);
  return new ClientError('UNREACHABLE', `${url} does not answer: ${reason}`, 'Is the node running?', undefined, cause);
}

/** `fetch failed` says nothing; what it wraps does. */
function rootCause(error: Error): Error {
  return error.cause instanceof Error ? rootCause(error.cause) : error;
}

async function parseJson(url: string, response: Response): Promise<unknown> {
  let text: string;
  try {
    text = await readText(url, response);
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw new Retry({ error: noAnswer(url, error), retryAfterMs: 0 });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // A proxy's error page: the status says whether to try again.
    if (!response.ok) return undefined;
    throw badResponse(url, 'the answer is not JSON', error);
  }
}

async function readText(url: string, response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let size = 0;
  let text = '';
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > RESPONSE_BYTES_MAX) {
      await reader.cancel();
      throw badResponse(url, `the answer is longer than ${RESPONSE_BYTES_MAX} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Base URL without a slash at its end. */
function parseBase(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new ClientError('BAD_URL', `not the URL of a node: ${text}`, 'It looks like http://127.0.0.1:8080.');
  }
  return url.href.replace(/\/+$/, '');
}

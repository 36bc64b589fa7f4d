/** Server-sent events (HTML Living Standard, 9.2) that survive the loss of a connection or of a node. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import {
  type BlockEvent,
  blockEventSchema,
  CLOSING_EVENT,
  type EventId,
  type EventName,
  PROGRESS_EVENT,
  type ProgressEvent,
  PRUNED_EVENT,
  type PrunedEvent,
  parseEventId,
  progressEventSchema,
  prunedEventSchema,
  type TransactionEvent,
  transactionEventSchema,
} from '../api/events.ts';
import { eventsPath } from '../api/routes.ts';
import { delayBefore, sleep } from './backoff.ts';
import type { Endpoint } from './endpoint.ts';
import { badResponse, ClientError } from './errors.ts';

/** `id` names the place in the stream, the same at every node: give it as `after` to go on from there. `progress`: nothing of what was
 *  asked for came for a while. `pruned`: no node that answers has what comes next; the stream goes on at `nextHeight`. */
export type LedgerEvent =
  | { readonly kind: 'block'; readonly id: string; readonly block: BlockEvent }
  | { readonly kind: 'transaction'; readonly id: string; readonly transaction: TransactionEvent }
  | ({ readonly kind: 'progress'; readonly id: string } & Readonly<ProgressEvent>)
  | ({ readonly kind: 'pruned'; readonly id: string } & Readonly<PrunedEvent>);

/** Of transactions, only those of an account (bech32m, or 64 hexadecimal digits), of a namespace, of its keys with a prefix. */
export interface EventsFilter {
  readonly account?: string;
  readonly namespace?: string;
  readonly prefix?: string;
}

/** What a stream is about. */
interface Followed {
  readonly types: readonly EventName[];
  readonly filter: EventsFilter;
}

/** Longest event that is looked at, in characters. */
const EVENT_CHARACTERS_MAX = 1024 * 1024;
/** A connection over which nothing came for so long, not even the node's comments, is dead. */
const SILENCE_MS_MAX = 60_000;

/** How often in a row each node may say that it has not got as far as we have: one that has just started may not know how
 *  far the others are. Then the place is of no chain that they know. */
const AHEAD_TIMES_MAX = 3;

/** Yields until the signal aborts; then it ends. Throws only what another attempt cannot mend. */
export async function* followEvents(
  endpoint: Endpoint,
  followed: Followed,
  after: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<LedgerEvent, void, undefined> {
  let last = after;
  let aheadTimes = 0;
  let gap = new Gap(endpoint.urls.length);
  for (let round = 0; !isAborted(signal); round++) {
    try {
      if (round > 0) await sleep(delayBefore(Math.min(round, 10), 0, Math.random), signal);
      for await (const { url, event } of connection(endpoint, followed, last, signal)) {
        if (!isAfter(event.id, last)) continue;
        if (event.kind === 'pruned' && gap.mayBeLessAtOthers(url, event.nextHeight)) break;
        last = event.id;
        round = 0;
        aheadTimes = 0;
        gap = new Gap(endpoint.urls.length);
        yield event;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      if (error instanceof ClientError && !isPassing(error)) {
        const isElsewhere = error.code === 'EVENT_ID_AHEAD' && ++aheadTimes < AHEAD_TIMES_MAX * endpoint.urls.length;
        if (!isElsewhere) throw error;
      }
    }
    endpoint.moveOn();
  }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

/** Worth another attempt, for as long as the caller likes to listen. */
function isPassing({ code, problem }: ClientError): boolean {
  const isLater = problem !== undefined && (problem.status === 429 || problem.status >= 500);
  return isLater || code === 'UNREACHABLE' || code === 'TIMED_OUT';
}

/** What the nodes say of a place whose next blocks are pruned: each is asked once, and then the one that has most. */
class Gap {
  readonly #nodes: number;
  readonly #nextHeights = new Map<string, number>();
  #times = 0;

  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  mayBeLessAtOthers(url: string, nextHeight: number): boolean {
    const isRepeated = this.#nextHeights.has(url);
    this.#nextHeights.set(url, nextHeight);
    // Where a node does not answer, another says the same again; and the one that had most may not answer any more.
    if (++this.#times >= 2 * this.#nodes) return false;
    const allSaid = isRepeated || this.#nextHeights.size === this.#nodes;
    return !allSaid || nextHeight > Math.min(...this.#nextHeights.values());
  }
}

interface Heard {
  /** Of the node that said it. */
  readonly url: string;
  readonly event: LedgerEvent;
}

async function* connection(
  endpoint: Endpoint,
  { types, filter }: Followed,
  last: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Heard, void, undefined> {
  const { url, response } = await endpoint.open({
    method: 'GET',
    path: () => eventsPath(types, { ...filter }),
    headers: { accept: 'text/event-stream', 'last-event-id': last },
    ...(signal && { signal }),
  });
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true || response.body === null) {
    throw badResponse(url, 'the answer is not a stream of events');
  }
  for await (const message of messages(url, response.body)) {
    if (message.event === CLOSING_EVENT) return;
    const event = parseEvent(url, message);
    if (event !== undefined) yield { url, event };
  }
}

async function* messages(url: string, body: ReadableStream<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  let arrived: EventSourceMessage[] = [];
  let tooLong = false;
  const parser = createParser({
    onEvent: (message) => arrived.push(message),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') tooLong = true;
    },
    maxBufferSize: EVENT_CHARACTERS_MAX,
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read());
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      if (tooLong) throw badResponse(url, 'an event is too long');
      yield* arrived;
      arrived = [];
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Throws an ordinary Error, as a lost connection does. */
async function withinSilence<T>(read: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the connection is silent')), SILENCE_MS_MAX);
  });
  try {
    return await Promise.race([read, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** What becomes of the data of an event, by its name. */
const PARSERS: Readonly<Record<string, (id: string, json: unknown) => LedgerEvent | undefined>> = {
  block(id, json) {
    const { success, data: block } = blockEventSchema.safeParse(json);
    return success ? { kind: 'block', id, block } : undefined;
  },
  transaction(id, json) {
    const { success, data: transaction } = transactionEventSchema.safeParse(json);
    return success ? { kind: 'transaction', id, transaction } : undefined;
  },
  [PROGRESS_EVENT](id, json) {
    const { success, data } = progressEventSchema.safeParse(json);
    return success ? { kind: 'progress', id, ...data } : undefined;
  },
  [PRUNED_EVENT](id, json) {
    const { success, data } = prunedEventSchema.safeParse(json);
    return success ? { kind: 'pruned', id, ...data } : undefined;
  },
};

/** Undefined for events that this version does not know. */
function parseEvent(url: string, { id, event = '', data }: EventSourceMessage): LedgerEvent | undefined {
  const parse = Object.hasOwn(PARSERS, event) ? PARSERS[event] : undefined;
  if (parse === undefined) return undefined;
  if (id === undefined || !parseEventId(id).ok) throw badResponse(url, `an event without a valid id: ${String(id)}`);
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch (error) {
    throw badResponse(url, 'the data of an event is not JSON', error);
  }
  const parsed = parse(id, json);
  if (parsed === undefined) throw badResponse(url, `a ${event} event is not what the interface says`);
  return parsed;
}

function isAfter(id: string, last: string): boolean {
  const [a, b] = [placeOf(id), placeOf(last)];
  return a.height > b.height || (a.height === b.height && a.index > b.index);
}

function placeOf(id: string): EventId {
  const parsed = parseEventId(id);
  if (!parsed.ok) throw new ClientError('BAD_EVENT_ID', parsed.error.message, 'Event ids are those of earlier events.');
  return parsed.value;
}

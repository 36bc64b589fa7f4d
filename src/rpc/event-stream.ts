/** GET /v1/events: who gets a stream, from where, and how it ends. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { fail, ok, type Result } from '../base/result.ts';
import {
  CLOSING_EVENT,
  EVENT_HEIGHTS_AHEAD_MAX,
  EVENT_NAMES,
  type EventId,
  type EventName,
  eventsQuerySchema,
  idBefore,
  parseEventId,
  placeAfter,
} from '../api/events.ts';
import { type Problem, type ProblemCode, problem } from '../api/problems.ts';
import { ROUTES } from '../api/routes.ts';
import { addressOf } from './accounts.ts';
import type { Interest } from './block-events.ts';
import { type EventFilter, filteredAccount, tracesOf } from './event-filter.ts';
import { EventWriter } from './event-writer.ts';
import type { EventFeed } from './events.ts';
import type { Gateway } from './gateway.ts';
import { describeIssue } from './issue.ts';
import type { ServerLimits } from './limits.ts';
import { COMMON_HEADERS, refuse } from './refuse.ts';
import type { Turns } from './turns.ts';

const STREAM_HEADERS = {
  ...COMMON_HEADERS,
  'content-type': 'text/event-stream',
  // Proxies that would collect the answer first.
  'x-accel-buffering': 'no',
};

interface StreamWish {
  readonly from: EventId;
  readonly interest: Interest;
}

type Wished<T> = Result<T, { readonly code: ProblemCode; readonly message: string }>;

interface StreamContext {
  readonly gateway: Gateway;
  readonly feed: EventFeed;
  readonly turns: Turns;
  readonly limits: ServerLimits;
  readonly addressPrefix: string;
  /** Ends the streams. */
  readonly stopping: AbortSignal;
}

/** Serves the streams. */
export function eventsRoute(app: FastifyInstance, context: StreamContext): void {
  const { gateway, feed, limits, addressPrefix } = context;
  const { streamsMax } = limits;
  let open = 0;
  // A HEAD would open a stream too.
  app.get(ROUTES.events, { exposeHeadRoute: false }, (request, reply) => {
    const wish = parseWish(request, feed.latest, addressPrefix);
    if (!wish.ok) return void refuse(reply, wish.error.code, wish.error.message);
    if (isFarAhead(wish.value.from, feed.latest)) return refuseAhead(reply, gateway, feed.latest, wish.value.from);
    if (open >= streamsMax) return void refuse(reply, 'TOO_MANY_STREAMS', `${streamsMax} streams are open`);
    reply.hijack();
    open++;
    serve(context, reply.raw, wish.value)
      .catch((error: unknown) => {
        request.log.error({ err: error }, 'an event stream broke');
        end(reply.raw, problem('INTERNAL', 'an unexpected error; it is in the log'));
      })
      .finally(() => open--);
  });
}

/** Ends when the client has left, the server stops, or the stream cannot go on. */
async function serve(
  { feed, turns, limits: { heartbeatMs }, stopping }: StreamContext,
  response: ServerResponse,
  { from, interest }: StreamWish,
): Promise<void> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  response.once('close', abort);
  stopping.addEventListener('abort', abort);
  const writer = new EventWriter({ feed, turns, response, interest, signal: controller.signal }, from);
  const heartbeat = setInterval(() => response.write(writer.mark() ?? ': heartbeat\n\n'), heartbeatMs);
  try {
    response.writeHead(200, STREAM_HEADERS);
    // An id without data is no event, and yet a browser goes on there that loses the connection before the first event.
    const place = `: from ${from.height}:${from.index}; the newest final height is ${feed.latest}\nid: ${idBefore(from)}`;
    response.write(`${place}\n\n`);
    const reason = await writer.run();
    end(response, reason ?? problem('STOPPING', 'the node is stopping'));
  } finally {
    clearInterval(heartbeat);
    stopping.removeEventListener('abort', abort);
  }
}

/** Says why the stream ends; the ids of the client stay as they are. */
function end(response: ServerResponse, reason: Problem): void {
  if (!response.destroyed) response.end(`event: ${CLOSING_EVENT}\ndata: ${JSON.stringify(reason)}\n\n`);
}

function parseWish(request: FastifyRequest, latest: number, addressPrefix: string): Wished<StreamWish> {
  const query = eventsQuerySchema.safeParse(request.query);
  if (!query.success) return fail('BAD_REQUEST', `query: ${describeIssue(query.error)}`);
  const interest = parseInterest(query.data, addressPrefix);
  if (!interest.ok) return interest;
  const last = request.headers['last-event-id'] ?? query.data.after;
  if (last === undefined) return ok({ from: { height: latest + 1, index: 0 }, interest: interest.value });
  const id = parseEventId(String(last));
  if (!id.ok) return fail('BAD_EVENT_ID', id.error.message);
  return ok({ from: placeAfter(id.value), interest: interest.value });
}

function parseInterest(query: z.infer<typeof eventsQuerySchema>, addressPrefix: string): Wished<Interest> {
  const { types, account, namespace, prefix } = query;
  const names = parseNames(types);
  if (names === undefined) return fail('BAD_REQUEST', `query: types are ${EVENT_NAMES.join(' and ')}`);
  if (account === undefined && namespace === undefined) return ok({ names, filter: undefined, traces: [] });
  const address = account === undefined ? undefined : addressOf(account, addressPrefix);
  if (address?.ok === false) return fail('BAD_ADDRESS', `query: account: ${address.error.message}`);
  const filter: EventFilter = {
    ...(address && { account: filteredAccount(address.value) }),
    ...(namespace !== undefined && { namespace }),
    ...(prefix !== undefined && { prefix }),
  };
  return ok({ names, filter, traces: names.has('block') ? [] : tracesOf(filter) });
}

const isFarAhead = (from: EventId, latest: number): boolean => from.height > latest + EVENT_HEIGHTS_AHEAD_MAX;

/** A node that knows that it is not up to date sends the client elsewhere, or to come back; one that thinks it is says that
 *  there is no such event. */
function refuseAhead(reply: FastifyReply, gateway: Gateway, latest: number, { height }: EventId): void {
  const place = `the event is of height ${height}, the newest final height here is ${latest}`;
  const reasons = gateway.readiness();
  if (reasons.length === 0) return void refuse(reply, 'EVENT_ID_AHEAD', place);
  const detail = [place, ...reasons.map((reason) => reason.detail)].join('; ');
  refuse(reply, 'NOT_READY', detail, { ready: false, reasons });
}

function parseNames(types: string | undefined): ReadonlySet<EventName> | undefined {
  if (types === undefined) return new Set(EVENT_NAMES);
  const names = types.split(',');
  return names.every(isEventName) ? new Set(names) : undefined;
}

const isEventName = (name: string): name is EventName => EVENT_NAMES.some((known) => known === name);

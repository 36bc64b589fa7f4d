/**
 * Server-sent events of /v1/events. For each final block, in order: one `transaction` for each executed transaction, with
 * id `height:index`, then one `block` with id `height:count`. A client that has seen the event with some id has seen all
 * before it; sent back as Last-Event-ID, the stream goes on right after it. Ids are the same at all nodes of a chain, so a
 * client may go on at a node that is some heights behind the one it comes from: there the stream waits, and says nothing
 * twice. An id that is further above the node's newest final height than EVENT_HEIGHTS_AHEAD_MAX is refused.
 */
import { z } from 'zod';
import { fail, ok, type Result } from '../base/result.ts';
import { BODY_TRANSACTIONS_MAX, WINDOW_MAX } from '../ledger/limits.ts';
import { hashText, natural, validatorNumber } from './scalars.ts';
import { committedTransactionSchema } from './transaction.ts';

export const EVENT_NAMES = ['block', 'transaction'] as const;
export type EventName = (typeof EVENT_NAMES)[number];

export const blockEventSchema = z.object({
  height: natural,
  hash: hashText,
  epoch: natural,
  timestampMs: natural,
  proposer: validatorNumber,
  transactions: natural.describe('How many were executed'),
});
export type BlockEvent = z.infer<typeof blockEventSchema>;

export const transactionEventSchema = committedTransactionSchema;

/** Name of the last event of a stream that the node ends: its data is a problem. */
export const CLOSING_EVENT = 'closing';

/** How far above a node's newest final height an event id may be. Validators that take part are within one window of each
 *  other; a node that is further behind catches up, and an id that is further ahead may well be another chain's. */
export const EVENT_HEIGHTS_AHEAD_MAX: number = WINDOW_MAX;

export const eventsQuerySchema = z.strictObject({
  types: z.string().optional().describe('block, transaction, or both with a comma between them (the default)'),
  after: z
    .string()
    .optional()
    .describe('As Last-Event-ID, for the first request of an EventSource, which cannot set that'),
});

/** A place in the stream: right after the event with this id. */
export interface EventId {
  readonly height: number;
  readonly index: number;
}

export const formatEventId = (height: number, index: number): string => `${height}:${index}`;

/** Errors: BAD_EVENT_ID. */
export function parseEventId(text: string): Result<EventId> {
  const match = /^([0-9]{1,15}):([0-9]{1,5})$/.exec(text);
  if (match === null) return fail('BAD_EVENT_ID', 'an event id is height:index');
  const [height, index] = [Number(match[1]), Number(match[2])];
  return index <= BODY_TRANSACTIONS_MAX
    ? ok({ height, index })
    : fail('BAD_EVENT_ID', `no block has ${index} transactions`);
}

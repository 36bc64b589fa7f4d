/**
 * Server-sent events of /v1/events. For each final block, in order: one `transaction` for each executed transaction, with
 * id `height:index`, then one `block` with id `height:count`. A client that has seen the event with some id has seen all
 * before it; sent back as Last-Event-ID, the stream goes on right after it.
 */
import { z } from 'zod';
import { fail, ok, type Result } from '../base/result.ts';
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

export const eventsQuerySchema = z.strictObject({
  types: z.string().optional().describe('block, transaction, or both with a comma between them (the default)'),
  after: z
    .string()
    .optional()
    .describe('An event id; for the first request of an EventSource, which cannot set Last-Event-ID'),
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
  return ok({ height: Number(match[1]), index: Number(match[2]) });
}

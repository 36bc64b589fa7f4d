/**
 * Server-sent events of /v1/events. For each final block, in order: one `transaction` for each executed transaction, with
 * id `height:index`, then one `block` with id `height:count`. A client that has seen the event with some id has seen all
 * before it; sent back as Last-Event-ID, the stream goes on right after it. Ids are the same at all nodes of a chain, so a
 * client may go on at a node that is some heights behind the one it comes from: there the stream waits, and says nothing
 * twice. An id that is further above the node's newest final height than EVENT_HEIGHTS_AHEAD_MAX is refused.
 *
 * A stream may ask for transactions of one account, of one namespace, or of keys of it with a prefix. Ids stay those of the whole
 * chain. Where nothing is told for a while, a `progress` event now and then says with its id how far the stream is. Where the node
 * does not have the blocks any more that come next, a `pruned` event says so once, and the stream goes on with the next that it has.
 */
import { z } from 'zod';
import { fail, ok, type Result } from '../base/result.ts';
import { BODY_TRANSACTIONS_MAX, KEY_CHARACTERS_MAX, WINDOW_MAX } from '../ledger/limits.ts';
import { namespaceField } from '../ledger/operations/data-fields.ts';
import { OPERATIONS } from '../ledger/operations/table.ts';
import { addressText, hashText, natural, validatorNumber } from './scalars.ts';
import { committedTransactionSchema } from './transaction.ts';

/** Events that a stream may ask for. */
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

export const transactionEventSchema = committedTransactionSchema.extend({
  sender: addressText.optional().describe('Who signed it, in streams of an account or a namespace'),
  changes: z
    .array(OPERATIONS.changeSchema)
    .optional()
    .describe(
      'In streams of a namespace: what the transaction changed there, in order, as its events say, with values',
    ),
});
export type TransactionEvent = z.infer<typeof transactionEventSchema>;
export type ChangeJson = NonNullable<TransactionEvent['changes']>[number];

export const PROGRESS_EVENT = 'progress';
export const progressEventSchema = z.object({
  height: natural.describe('How far the stream is'),
  newestHeight: natural.describe('The newest final height of the node'),
});
export type ProgressEvent = z.infer<typeof progressEventSchema>;

export const PRUNED_EVENT = 'pruned';
export const prunedEventSchema = z.object({
  nextHeight: natural.describe(
    'The node has no blocks between the event before and this height, where the stream goes on',
  ),
});
export type PrunedEvent = z.infer<typeof prunedEventSchema>;

/** Name of the last event of a stream that the node ends: its data is a problem. */
export const CLOSING_EVENT = 'closing';

/** How far above a node's newest final height an event id may be. Validators that take part are within one window of each
 *  other; a node that is further behind catches up, and an id that is further ahead may well be another chain's. */
export const EVENT_HEIGHTS_AHEAD_MAX: number = WINDOW_MAX;

const KEY_PREFIX = new RegExp(`^[\\x21-\\x7e]{0,${KEY_CHARACTERS_MAX}}$`);

export const eventsQuerySchema = z
  .strictObject({
    types: z.string().optional().describe('block, transaction, or both with a comma between them (the default)'),
    after: z
      .string()
      .optional()
      .describe('As Last-Event-ID, for the first request of an EventSource, which cannot set that'),
    account: z
      .string()
      .optional()
      .describe('Of transactions, only those that this account signed, or that name it: as paid, owner or writer'),
    namespace: namespaceField.schema.optional().describe('Of transactions, only those that changed something in it'),
    prefix: z
      .string()
      .regex(KEY_PREFIX)
      .optional()
      .describe('Of the namespace only keys that begin with this, and nothing of the namespace itself'),
  })
  .refine(({ namespace, prefix }) => prefix === undefined || namespace !== undefined, 'prefix needs a namespace');

/** A place in the stream: right after the event with this id. */
export interface EventId {
  readonly height: number;
  readonly index: number;
}

export const formatEventId = (height: number, index: number): string => `${height}:${index}`;

/** Comes after all events of this height, however many there are, and before those of the next. */
export const endOfHeight = (height: number): string => formatEventId(height, BODY_TRANSACTIONS_MAX);

/** Errors: BAD_EVENT_ID. */
export function parseEventId(text: string): Result<EventId> {
  const match = /^([0-9]{1,15}):([0-9]{1,5})$/.exec(text);
  if (match === null) return fail('BAD_EVENT_ID', 'an event id is height:index');
  const [height, index] = [Number(match[1]), Number(match[2])];
  return index <= BODY_TRANSACTIONS_MAX
    ? ok({ height, index })
    : fail('BAD_EVENT_ID', `no block has ${index} transactions`);
}

/** Where the stream goes on after the event with this id: the first event that may come. */
export function placeAfter({ height, index }: EventId): EventId {
  // Genesis has no events. And no block has an event after the one with the highest index that there may be.
  if (height === 0 || index === BODY_TRANSACTIONS_MAX) return { height: height + 1, index: 0 };
  return { height, index: index + 1 };
}

/** An id after which the stream goes on at this place. */
export const idBefore = ({ height, index }: EventId): string =>
  index === 0 ? endOfHeight(height - 1) : formatEventId(height, index - 1);

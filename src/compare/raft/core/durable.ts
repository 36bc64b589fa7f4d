/** What a server must not forget (figure 2, "persistent state"), and how it grows: one record for each change. */
import { invariant } from '../../../base/invariant.ts';
import type { Entry } from './messages.ts';

export interface Durable {
  /** The newest term that the server has seen; 0 before the first. */
  term: number;
  /** Whom it voted for in that term. */
  votedFor: number | null;
  /** The entry of index 1 comes first. */
  readonly log: Entry[];
}

/** Must be durable before any effect after it is carried out. */
export type DurableRecord =
  | { readonly kind: 'term'; readonly term: number; readonly votedFor: number | null }
  /** The log is cut before `from`, and these entries follow; at least one. */
  | { readonly kind: 'log'; readonly from: number; readonly entries: readonly Entry[] };

export const emptyDurable = (): Durable => ({ term: 0, votedFor: null, log: [] });

/** Writes a record into what is durable. */
export function writeRecord(durable: Durable, record: DurableRecord): void {
  if (record.kind === 'term') {
    durable.term = record.term;
    durable.votedFor = record.votedFor;
    return;
  }
  invariant(record.from <= durable.log.length + 1, 'a log has no gaps', { from: record.from });
  durable.log.length = record.from - 1;
  durable.log.push(...record.entries);
}

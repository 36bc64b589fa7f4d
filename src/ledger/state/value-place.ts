/** Where values lie that stand apart from their entries. */
import type { EntryVersion } from '../operations/data-fields.ts';
import { type StateKey, stateKeyText } from './entry-kind.ts';

/** Where a value lies, and what wrote it. No two have the same place: of one version an entry has one value. */
export interface ValuePlace {
  /** Of the entry. */
  readonly key: StateKey;
  readonly version: EntryVersion;
}

/** Names the value among all. Those of an entry stand together, in the order in which they were written. */
export const valuePlaceText = ({ key, version: { height, index } }: ValuePlace): string =>
  `${stateKeyText(key)} ${height.toString().padStart(16, '0')}:${index.toString().padStart(5, '0')}`;

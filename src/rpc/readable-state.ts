/** The state as the HTTP server reads it: after any final block whose state is not pruned. The node implements it over its store. */
import type { Height } from '../base/brand.ts';
import type { Coded, Result } from '../base/result.ts';
import type { Header } from '../ledger/block.ts';
import type { EntryKind, StateKey } from '../ledger/state/entry-kind.ts';
import type { TreeProof } from '../ledger/tree/proof.ts';
import type { Certificate } from '../ledger/vote.ts';

/** After which block: that of a height, the newest final one, or the last whose time is not after this one (milliseconds since 1970;
 *  the newest, while no final block is after it). */
export type StatePoint = { readonly height: Height | 'latest' } | { readonly timeMs: number };

/**
 * HEIGHT_PRUNED: the state of that height is not kept any more; it is from `oldest` on. HEIGHT_UNKNOWN: no final block has that
 * height here, or is that old. HEIGHT_UNPROVED: its certificate has not come yet.
 */
export interface StateReadError extends Coded<'HEIGHT_PRUNED' | 'HEIGHT_UNKNOWN' | 'HEIGHT_UNPROVED'> {
  /** The oldest height whose state can be read. */
  readonly oldest: Height;
}

export type StateRead<T> = Promise<Result<T, StateReadError>>;

export interface StateAnswer<V> {
  /** Of the block after which the state is this. */
  readonly header: Header;
  /** Undefined where nothing stands under the key. */
  readonly value: V | undefined;
  /** What stands apart from the entry, and is what it names; undefined where nothing does. */
  readonly apart: Uint8Array | undefined;
  /** Where it was asked for. */
  readonly proof?: StateProof;
}

/** Leads from an entry to what a quorum signed. */
export interface StateProof {
  /** From the entry to the `stateRoot` of the first header. */
  readonly tree: TreeProof;
  /** That of the height, and those after it up to the certified one. Of a read by time there is one after the first, if a final
   *  block is after that time. */
  readonly headers: readonly [Header, ...Header[]];
  /** Of the last header. */
  readonly certificate: Certificate;
}

export interface EntryRange<V> {
  readonly kind: EntryKind<never, V>;
  /** Of the texts of keys. */
  readonly prefix: string;
  /** Entries at most. */
  readonly limit: number;
}

/** Where a list goes on: in the state of the same height. */
export interface ListCursor {
  readonly height: Height;
  /** No text of a key before this one. */
  readonly from: string;
}

export interface EntryPage<V> {
  readonly height: Height;
  /** In the order of the texts of their keys. They may be few, or none, where much had to be looked at to find them. `apart` as in an
   *  answer. */
  readonly entries: readonly { readonly text: string; readonly value: V; readonly apart: Uint8Array | undefined }[];
  /** Undefined at the end. */
  readonly next: ListCursor | undefined;
}

/** Where a history goes on, up to the same height. */
export interface HistoryCursor {
  readonly height: Height;
  /** That of the next version. */
  readonly from: Height;
}

/** What stood under a key from the block of a height on, until that of the next version. */
export interface EntryVersion<V> {
  readonly height: Height;
  /** Undefined: nothing, it was deleted. */
  readonly value: V | undefined;
  /** As in an answer. */
  readonly apart: Uint8Array | undefined;
  /** False of what stood there already at the oldest height that can be read: which block put it there is pruned. */
  readonly isChange: boolean;
}

export interface HistoryPage<V> {
  /** Up to which the versions are told. */
  readonly height: Height;
  /** The oldest first. */
  readonly versions: readonly EntryVersion<V>[];
  readonly next: HistoryCursor | undefined;
}

/** All reject with StorageError where the store is damaged or cannot be read. */
export interface ReadableState {
  /** Errors: StateReadError. */
  read<V>(key: StateKey<V>, at: StatePoint, withProof: boolean): StateRead<StateAnswer<V>>;

  /** Entries after a block, or from a cursor on. Errors: HEIGHT_PRUNED, HEIGHT_UNKNOWN. */
  list<V>(range: EntryRange<V>, at: StatePoint | ListCursor): StateRead<EntryPage<V>>;

  /** What stood under a key, as far back as it is kept. Errors: HEIGHT_PRUNED, HEIGHT_UNKNOWN. */
  history<V>(key: StateKey<V>, limit: number, cursor?: HistoryCursor): StateRead<HistoryPage<V>>;
}

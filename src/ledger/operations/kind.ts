/** What the ledger knows of a kind of operation. To add one: a file such as `transfer.ts`, a line in `table.ts`, golden vectors. */
import type { Address, Height } from '../../base/brand.ts';
import type { KnownEpoch } from '../epoch.ts';
import type { FixedRules } from '../membership/parameters.ts';
import type { StateKey } from '../state/entry-kind.ts';
import type { Entries } from '../state/overlay.ts';
import type { Fields, Values } from './fields.ts';

/** The height of a block, and a position among the transactions that were executed in it. */
export interface Place {
  readonly height: Height;
  readonly index: number;
}

/** What an operation is executed with. */
export interface Execution {
  /** Who signed the transaction, and has paid its fee. */
  readonly sender: Address;
  /** Where the transaction stands: what it writes is of this version. */
  readonly place: Place;
  /** The entries under the declared keys, as what ran before left them. */
  readonly state: Entries;
  /** What a byte of an entry costs whoever makes it, until it goes. */
  readonly depositPerByte: bigint;
  /** The epoch that runs: who validates, by which parameters. */
  readonly epoch: KnownEpoch;
  /** What no epoch changes. */
  readonly fixed: FixedRules;
}

/** `N` names it, `F` is what it says, `E` what its event says, `C` are the codes of its failures, `T` is told to watchers too. */
export interface OperationKind<
  N extends string,
  F extends Fields,
  E extends Fields,
  C extends string,
  T extends Fields | undefined = undefined,
> {
  readonly kind: N;
  /** What it says. Its fields are its limits too: no other value can be encoded. */
  readonly fields: F;
  /** What its event says: a receipt has one for each operation of a transaction that succeeded, of the operation's kind. */
  readonly event: E;
  /** Fields of the operation that watchers of its namespace are told beside the event, which does not repeat them. */
  readonly told?: T;
  /** Whether an event that names a namespace tells of a change there; it does, where this is missing. */
  changes?(event: Values<E>): boolean;
  /** Why it may fail, with the number that a receipt holds for it. Kinds that fail for the same reason share code and number. */
  readonly codes: Readonly<Record<C, number>>;
  /** Units of work and space that it adds to its transaction where it is as short as it can be; positive. For what it carries
   *  beyond that the table adds a unit for each BYTES_PER_WEIGHT begun. */
  readonly weight: number;
  /** All of the state that it reads or changes. Told before it runs, by sender and fields alone, so that it can be fetched by then;
   *  what is not declared is not there for it. */
  keys(sender: Address, operation: Values<F>): readonly StateKey[];
  /** The most by which it can lower the sender's balance, deposits included. The fee is apart. */
  spends(operation: Values<F>, depositPerByte: bigint): bigint;
  /** Why it must not be done, by what stands there before any operation of its transaction was done; undefined where nothing
   *  speaks against it. All are asked before the first is executed: so the conditions of a list hold together, at one moment. */
  check?(execution: Execution, operation: Values<F>): C | undefined;
  /** Does it, and answers with its event; or with a code, and then nothing that the transaction did remains but its fee. It makes
   *  at most one entry that was not there before. */
  execute(execution: Execution, operation: Values<F>): C | ({ readonly kind: N } & Values<E>);
}

/** Lets the compiler infer everything from the entry itself. */
export const operationKind = <
  const N extends string,
  const F extends Fields,
  const E extends Fields,
  const C extends string,
  const T extends Fields | undefined = undefined,
>(
  kind: OperationKind<N, F, E, C, T>,
): OperationKind<N, F, E, C, T> => kind;

/** What a node stores, and under which key. The one file that knows key prefixes. */
import { ContainerType, UintNumberType } from '@chainsafe/ssz';
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../../base/brand.ts';
import { type Codec, codec } from '../../codec/codec.ts';
import { uint64 } from '../../codec/types.ts';
import { preparedCertificateCodec, signedNewViewCodec, signedViewChangeCodec } from '../../consensus/messages.ts';
import type { PromiseRecord } from '../../consensus/promises.ts';
import { ok } from '../../base/result.ts';
import { EVIDENCE_EPOCHS_MAX, VALIDATORS_MAX } from '../../ledger/limits.ts';
import { OFFENCES } from '../../ledger/offence.ts';
import { type EntryKind, type StateKey, stateKeyText } from '../../ledger/state/entry-kind.ts';
import { type ValuePlace, valuePlaceText } from '../../ledger/state/value-place.ts';
import { type NodeKey, nodeKeyText } from '../../ledger/tree/path.ts';
import { signedVoteCodec, type Vote } from '../../ledger/vote.ts';
import { HEARD_HEIGHTS, HEARD_VIEWS } from '../limits.ts';
import type { StoreOperation, StoreRange } from '../ports.ts';
import { corrupt, parse, type Sound } from './reading.ts';

/** Sixteen digits sort as numbers do. */
const digits = (value: number): string => value.toString().padStart(16, '0');

/** What is past of one key stands together: the space comes before all that a key can go on with, but for members, whose keys have one
 *  space each, and no digits after another. */
export const pastKey = (key: string, height: Height): string => `past/${key} ${digits(height)}`;

/** The first text of a key that may stand after this one: nothing that is in a key is before `!`. */
export const textAfter = (text: string): string => `${text}!`;

/** Before this stand all texts of keys that begin with the prefix: nothing in them is after `~`. */
export const endOfPrefix = (prefix: string): string => `${prefix}\u007f`;

const promisePrefix = (epoch: Epoch): string => `promise/${digits(epoch)}/`;

/** Whether a promise stands under this key. */
export const isPromise = (key: string): boolean => key.startsWith('promise/');

/** Whether a value stands under this key. No kind of entries has that name. */
export const isValue = (key: string): boolean => key.startsWith('value/');

/** Newest batches whose seals are kept: more than LevelDB can lose at once without losing all that came after. That is
 *  what its logs hold, and the store begins a new one often enough (`src/storage/level-store.ts`). */
export const SEAL_SLOTS = 262_144;

/** Of a ring of so many keys the one whose turn it is. */
const slot = (value: number, size: number): string => (value % size).toString().padStart(6, '0');

export const KEYS = {
  /** The chain id: a folder belongs to one chain. */
  chainId: 'meta/chain-id',
  /** ChainState: head and history frontier. Written last of a new folder. */
  chainState: 'meta/chain-state',
  /** The newest finality certificate. */
  certified: 'meta/certified',
  /** An entry of the state as it is after the head. */
  entry: (key: StateKey): string => `state/${stateKeyText(key)}`,
  /** What stood there until the block of this height changed it. */
  past: (key: StateKey, height: Height): string => pastKey(stateKeyText(key), height),
  /** A value that stands apart from its entry: written once, and there as long as a height is kept whose entry names it. */
  value: (place: ValuePlace): string => `value/${valuePlaceText(place)}`,
  /** A node of the state's tree. */
  node: (key: NodeKey): string => `node/${nodeKeyText(key)}`,
  /** What the block of this height replaced: nodes; entries, by their keys, and values. Deleted with them. */
  stale: (height: Height): string => `stale/${digits(height)}`,
  replaced: (height: Height): string => `replaced/${digits(height)}`,
  /** The highest height whose replaced nodes, entries and values are gone. */
  pruned: 'meta/pruned',
  /** Stands while the first state is being written. */
  founding: 'meta/founding',
  block: (height: Height): string => `block/${digits(height)}`,
  certificate: (height: Height): string => `certificate/${digits(height)}`,
  /** Who validates in this epoch, as the last block before it says: kept for ever, for those who trust an older set. */
  handOver: (epoch: Epoch): string => `hand-over/${digits(epoch)}`,
  /** Bodies are kept from before the first vote for them. */
  body: (height: Height, hash: Hash): string => `body/${digits(height)}/${hash}`,
  transaction: (id: Hash): string => `transaction/${id}`,
  /** The highest view that we moved to, or entered. */
  promisedView: (epoch: Epoch, kind: 'view-change' | 'new-view'): string => `${promisePrefix(epoch)}${kind}`,
  promisedVote: ({ kind, epoch, view, height }: Vote): string =>
    `${promisePrefix(epoch)}${digits(height)}/vote/${kind}/${digits(view)}`,
  /** Evidence caught here, by offence key. */
  evidence: (key: string): string => `evidence/${key}`,
  /** COMMITs by which a body was committed here, until those of so many heights later. */
  heardCommits: (height: Height): string => `heard/commits/${slot(height, HEARD_HEIGHTS)}`,
  /** A NEW-VIEW by which a view was entered here, until that of so many epochs or views later. */
  heardNewView: (epoch: Epoch, view: View): string =>
    `heard/new-view/${slot(epoch, EVIDENCE_EPOCHS_MAX)}/${slot(view, HEARD_VIEWS)}`,
  /** A NEW-VIEW of this validator that proves a lie by itself, until one of so many epochs later. */
  heardLie: (epoch: Epoch, voter: ValidatorIndex): string =>
    `heard/lie/${slot(epoch, EVIDENCE_EPOCHS_MAX)}/${slot(voter, VALIDATORS_MAX)}`,
  /** Of the batch of this number, until that of SEAL_SLOTS batches later. */
  seal: (batch: number): string => `seal/${(batch % SEAL_SLOTS).toString().padStart(6, '0')}`,
} as const;

/** Of the block that stands under this key. */
export const heightOfBlock = (key: string): Height => Number(key.slice('block/'.length)) as Height;

/** All keys that begin with `prefix`. */
const under = (prefix: string, limit: number): StoreRange => ({ from: prefix, to: `${prefix}~`, limit });

export const RANGES = {
  blocksFrom: (height: Height, limit: number): StoreRange => ({ from: KEYS.block(height), to: 'block/~', limit }),
  bodiesFrom: (height: Height, limit: number): StoreRange => ({ from: `body/${digits(height)}/`, to: 'body/~', limit }),
  /** Of all epochs. */
  promises: (limit: number): StoreRange => under('promise/', limit),
  seals: (limit: number): StoreRange => under('seal/', limit),
  /** Offences of this epoch and later. */
  offencesFrom: (epoch: Epoch, limit: number): StoreRange => ({
    from: KEYS.entry(OFFENCES.key({ epoch, validator: 0 as ValidatorIndex })),
    to: 'state/offence/~',
    limit,
  }),
  evidence: (limit: number): StoreRange => under('evidence/', limit),
  heardCommits: (limit: number): StoreRange => under('heard/commits/', limit),
  heardNewViews: (limit: number): StoreRange => under('heard/new-view/', limit),
  heardLies: (limit: number): StoreRange => under('heard/lie/', limit),
  /** Certificates of these heights, both among them. */
  certificates: (from: Height, to: Height, limit: number): StoreRange => ({
    from: KEYS.certificate(from),
    to: `${KEYS.certificate(to)}!`,
    limit,
  }),
  /** What stood under the key until blocks above this height changed it, the lowest of them first. */
  pastAbove: (key: StateKey, height: Height, limit: number): StoreRange => ({
    from: KEYS.past(key, (height + 1) as Height),
    to: `past/${textAfter(stateKeyText(key))}`,
    limit,
  }),
  /** Entries of a kind whose texts are not before `from`, and before `to`. */
  entries: ({ name }: AnyEntryKind, from: string, to: string, limit: number): StoreRange => ({
    from: `state/${name}/${from}`,
    to: `state/${name}/${to}`,
    limit,
  }),
  /** What stood there until blocks changed it: of the entry under `from`, if there is one, those changes that are above the height. */
  pasts: ({ name }: AnyEntryKind, from: string, above: Height | null, to: string, limit: number): StoreRange => ({
    from: above === null ? `past/${name}/${from}` : pastKey(`${name}/${from}`, (above + 1) as Height),
    to: `past/${name}/${to}`,
    limit,
  }),
} as const;

type AnyEntryKind = Pick<EntryKind<never, unknown>, 'name'>;

/** The text of the entry that is stored under a key of this kind. */
export const textOfEntry = ({ name }: AnyEntryKind, key: string): string => key.slice(`state/${name}/`.length);

/** The text of the entry that stood there until the block of this height. */
export function placeOfPast({ name }: AnyEntryKind, key: string): { readonly text: string; readonly height: Height } {
  const space = key.lastIndexOf(' ');
  return { text: key.slice(`past/${name}/`.length, space), height: Number(key.slice(space + 1)) as Height };
}

export const heightCodec: Codec<Height> = codec('Height', uint64<Height>(), 8);

/** Where a committed transaction stands. */
export interface TransactionPlace {
  readonly height: Height;
  /** Position among the block's executed transactions. */
  readonly index: number;
}

export const transactionPlaceCodec: Codec<TransactionPlace> = codec(
  'TransactionPlace',
  new ContainerType({ height: uint64<Height>(), index: new UintNumberType(2) }),
  10,
);

/** The operation that makes a promise durable. */
export function promiseOperation(epoch: Epoch, record: PromiseRecord): StoreOperation {
  switch (record.kind) {
    case 'vote': {
      const key = KEYS.promisedVote({ ...record.vote.vote, epoch });
      return { kind: 'put', key, value: signedVoteCodec.encode(record.vote) };
    }
    case 'prepared': {
      const { height } = record.prepared;
      const key = `${promisePrefix(epoch)}${digits(height)}/prepared`;
      return { kind: 'put', key, value: preparedCertificateCodec.encode(record.prepared) };
    }
    case 'view-change':
      return {
        kind: 'put',
        key: KEYS.promisedView(epoch, 'view-change'),
        value: signedViewChangeCodec.encode(record.viewChange),
      };
    case 'new-view':
      return {
        kind: 'put',
        key: KEYS.promisedView(epoch, 'new-view'),
        value: signedNewViewCodec.encode(record.newView),
      };
  }
}

/** The epoch of the promise stored under a key. */
export const promiseEpoch = (key: string): Epoch => Number(key.split('/')[1]) as Epoch;

/** The promise stored under a key. One that belongs under another key is damaged: it would hide what we promised there.
 *  Error: STORE_CORRUPT. */
export function decodePromise(key: string, value: Uint8Array): Sound<PromiseRecord> {
  const decoded = decodeRecord(key, value);
  if (!decoded.ok) return decoded;
  return promiseOperation(promiseEpoch(key), decoded.value).key === key ? decoded : corrupt(`${key}: another promise`);
}

function decodeRecord(key: string, value: Uint8Array): Sound<PromiseRecord> {
  if (key.endsWith('/view-change')) {
    const parsed = parse(signedViewChangeCodec, key, value);
    return parsed.ok ? ok({ kind: 'view-change', viewChange: parsed.value }) : parsed;
  }
  if (key.endsWith('/new-view')) {
    const parsed = parse(signedNewViewCodec, key, value);
    return parsed.ok ? ok({ kind: 'new-view', newView: parsed.value }) : parsed;
  }
  if (key.endsWith('/prepared')) {
    const parsed = parse(preparedCertificateCodec, key, value);
    return parsed.ok ? ok({ kind: 'prepared', prepared: parsed.value }) : parsed;
  }
  const parsed = parse(signedVoteCodec, key, value);
  return parsed.ok ? ok({ kind: 'vote', vote: parsed.value }) : parsed;
}

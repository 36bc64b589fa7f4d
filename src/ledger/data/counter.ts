/** Counters: what is added to one merges, in whatever order it comes. */
import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { codec } from '../../codec/codec.ts';
import { int64Big, uint64Big } from '../../codec/types.ts';
import { EntryKind } from '../state/entry-kind.ts';
import { type DataKey, dataKeyText } from './entry.ts';

const CounterType = new ContainerType({ value: int64Big(), deposit: uint64Big() });

/** It has no version: what it is must not depend on who came last. */
export type Counter = Readonly<ValueOf<typeof CounterType>>;

/** Counters under namespace and key. One that stands at zero is no part of the state: all keys have one there. */
export const COUNTERS = new EntryKind<DataKey, Counter>('counter', codec('Counter', CounterType, 16), dataKeyText);

/** Bytes of the value that its deposit is for. */
export const COUNTER_BYTES = 8;

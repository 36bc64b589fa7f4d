/** What an epoch says beside who votes in it: nodes that follow, and a change of the rules that is decided. */
import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import type { Height } from '../../base/brand.ts';
import { uint64 } from '../../codec/types.ts';
import { nameType, peerIdType } from './validator-record.ts';

/** A node that the network admits, and that has no vote. */
export const ObserverType = new ContainerType({ name: nameType(), peerId: peerIdType() });
export interface ListedObserver {
  readonly name: string;
  readonly peerId: string;
}

/** From this height on, blocks follow rules that a node of a lower version does not know. */
export const UpgradeType = new ContainerType({ version: uint64(), height: uint64<Height>() });
export type Upgrade = Readonly<ValueOf<typeof UpgradeType>>;

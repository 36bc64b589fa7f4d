/** What checkers see of a simulation. Each watches one promise of the protocol and says when it is broken. */
import type { Hash } from '../../base/brand.ts';
import type { SignedNewView, SignedViewChange } from '../../consensus/messages.ts';
import type { DriverNote, FinalizedBlock } from '../../driver/ports.ts';
import type { PeerMessage } from '../../driver/wire/wire.ts';
import type { BlockRecord } from '../../ledger/block.ts';
import type { Evidence } from '../../ledger/evidence.ts';
import type { Certificate, SignedVote } from '../../ledger/vote.ts';
import type { SimulatedNode } from './node.ts';

/** Every method but `lied` is told of nodes that are not liars; a checker takes what it needs. */
export interface Checker {
  readonly name: string;
  /** A message of the protocol left; once for each message, not for each receiver. */
  sent?(node: SimulatedNode, message: PeerMessage): void;
  /** The same of a liar. */
  lied?(node: SimulatedNode, message: PeerMessage): void;
  /** A block is durable. */
  blockExecuted?(node: SimulatedNode, record: BlockRecord, hash: Hash): void;
  /** A certificate is durable. */
  certified?(node: SimulatedNode, certificate: Certificate): void;
  /** The view that a NEW-VIEW begins is durable. */
  entered?(node: SimulatedNode, newView: SignedNewView): void;
  finalized?(node: SimulatedNode, block: FinalizedBlock): void;
  /** It runs, or runs again. */
  started?(node: SimulatedNode): void;
  halted?(node: SimulatedNode, error: Error): void;
  accused?(node: SimulatedNode, evidence: Evidence): void;
  /** The node closed the connection of a peer for its behaviour. */
  punished?(node: SimulatedNode, peer: SimulatedNode, code: string, message: string): void;
  noted?(node: SimulatedNode, note: DriverNote): void;
  /** A STATUS came to the node; it looks at it next. */
  heard?(node: SimulatedNode, from: SimulatedNode): void;
  /** The same of a VIEW-CHANGE. */
  moved?(node: SimulatedNode, from: SimulatedNode, viewChange: SignedViewChange): void;
  /** A vote of a liar came to the node; nothing of it is checked yet. */
  voted?(node: SimulatedNode, vote: SignedVote): void;
  /** Faults are over: from now on messages arrive, and nodes stay up. */
  healed?(): void;
  /** The end of the run. */
  finished?(): void;
}

export interface Violation {
  readonly checker: string;
  readonly atMs: number;
  readonly message: string;
}

/** Says that a promise is broken. */
export type Violate = (message: string) => void;

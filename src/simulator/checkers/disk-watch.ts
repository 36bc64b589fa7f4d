/** What becomes durable on the disks of honest nodes: for the checkers blocks, certificates and views, for clients what is final. */
import type { Height } from '../../base/brand.ts';
import { signedNewViewCodec } from '../../consensus/messages.ts';
import { type BlockRecord, blockHash, blockRecordCodec } from '../../ledger/block.ts';
import { certificateCodec } from '../../ledger/vote.ts';
import type { StoreOperation } from '../../driver/ports.ts';
import type { Checker } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';

/** What one disk holds. */
interface Progress {
  /** Newest height with a certificate. */
  certified: Height;
  /** Blocks above it. */
  pending: readonly BlockRecord[];
}

export class DiskWatch {
  readonly #checkers: readonly Checker[];
  readonly #settled: (record: BlockRecord) => void;
  /** By slot. */
  readonly #progress = new Map<number, Progress>();

  /** `settled` is told of each block once it and a certificate at or above it are on one disk: a node that loses power then
   *  has nobody left to tell. */
  constructor(checkers: readonly Checker[], settled: (record: BlockRecord) => void) {
    this.#checkers = checkers;
    this.#settled = settled;
  }

  written(node: SimulatedNode, batch: readonly StoreOperation[]): void {
    const progress = this.#progress.get(node.slot) ?? { certified: 0 as Height, pending: [] };
    this.#progress.set(node.slot, progress);
    for (const operation of batch) {
      if (operation.kind !== 'put') continue;
      if (operation.key.startsWith('block/')) this.#block(node, progress, operation.value);
      else if (operation.key.startsWith('certificate/')) this.#certificate(node, progress, operation.value);
      else if (operation.key.endsWith('/new-view')) this.#newView(node, operation.value);
    }
    const isFinal = ({ header }: BlockRecord): boolean => header.height <= progress.certified;
    for (const record of progress.pending) if (isFinal(record)) this.#settled(record);
    progress.pending = progress.pending.filter((record) => !isFinal(record));
  }

  #block(node: SimulatedNode, progress: Progress, value: Uint8Array): void {
    const record = blockRecordCodec.decode(value);
    if (!record.ok) return;
    progress.pending = [...progress.pending, record.value];
    const hash = blockHash(record.value.header);
    for (const checker of this.#checkers) checker.blockExecuted?.(node, record.value, hash);
  }

  #certificate(node: SimulatedNode, progress: Progress, value: Uint8Array): void {
    const certificate = certificateCodec.decode(value);
    if (!certificate.ok) return;
    progress.certified = Math.max(progress.certified, certificate.value.height) as Height;
    for (const checker of this.#checkers) checker.certified?.(node, certificate.value);
  }

  #newView(node: SimulatedNode, value: Uint8Array): void {
    const newView = signedNewViewCodec.decode(value);
    if (!newView.ok) return;
    for (const checker of this.#checkers) checker.entered?.(node, newView.value);
  }
}

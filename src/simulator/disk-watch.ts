/** What becomes durable on the disks of honest nodes, for the checkers: blocks, certificates and views. */
import { signedNewViewCodec } from '../consensus/messages.ts';
import { blockHash, blockRecordCodec } from '../ledger/block.ts';
import { certificateCodec } from '../ledger/vote.ts';
import type { StoreOperation } from '../driver/ports.ts';
import type { Checker } from './checker.ts';
import type { SimulatedNode } from './node.ts';

export class DiskWatch {
  readonly #checkers: readonly Checker[];

  constructor(checkers: readonly Checker[]) {
    this.#checkers = checkers;
  }

  written(node: SimulatedNode, batch: readonly StoreOperation[]): void {
    for (const operation of batch) {
      if (operation.kind !== 'put') continue;
      if (operation.key.startsWith('block/')) this.#block(node, operation.value);
      else if (operation.key.startsWith('certificate/')) this.#certificate(node, operation.value);
      else if (operation.key.endsWith('/new-view')) this.#newView(node, operation.value);
    }
  }

  #block(node: SimulatedNode, value: Uint8Array): void {
    const record = blockRecordCodec.decode(value);
    if (!record.ok) return;
    const hash = blockHash(record.value.header);
    for (const checker of this.#checkers) checker.executed?.(node, record.value, hash);
  }

  #certificate(node: SimulatedNode, value: Uint8Array): void {
    const certificate = certificateCodec.decode(value);
    if (!certificate.ok) return;
    for (const checker of this.#checkers) checker.certified?.(node, certificate.value);
  }

  #newView(node: SimulatedNode, value: Uint8Array): void {
    const newView = signedNewViewCodec.decode(value);
    if (!newView.ok) return;
    for (const checker of this.#checkers) checker.entered?.(node, newView.value);
  }
}

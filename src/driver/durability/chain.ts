/** The ledger's side of the driver: executes ordered bodies, writes blocks, and says when they are final. */
import type { Hash, Height } from '../../base/brand.ts';
import { invariant, present } from '../../base/invariant.ts';
import {
  type BlockRecord,
  type Body,
  blockRecordCodec,
  type FullBody,
  fullBodyCodec,
  SKIPPED_BYTES,
} from '../../ledger/block.ts';
import { type ExecutedBlock, execute } from '../../ledger/execute.ts';
import { handOverCodec, handOverTo } from '../../ledger/hand-over.ts';
import type { Offence } from '../../ledger/offence.ts';
import { advance, chainStateCodec, chainStateOf, type LedgerState } from '../../ledger/state/ledger-state.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { type Certificate, certificateCodec } from '../../ledger/vote.ts';
import type { Batch } from '../stored/batch.ts';
import type { FinalizedBlock, Observer } from '../ports.ts';
import type { ResidentState } from '../state/resident-state.ts';
import { stateWrites } from '../state/state-writes.ts';
import { KEYS, transactionPlaceCodec } from '../stored/records.ts';
import { RecordedOffences } from './recorded-offences.ts';

/** A block that is executed, and not yet final. It is durable when its turn is. */
export interface PendingBlock {
  readonly hash: Hash;
  readonly record: BlockRecord;
  readonly body: FullBody;
}

export class Chain {
  readonly state: LedgerState & { readonly source: ResidentState };
  readonly offences: RecordedOffences;
  readonly #batch: Batch;
  readonly #observer: Observer;
  /** Executed blocks above the newest final one, ascending. */
  readonly #pending: PendingBlock[];
  #certified: Certificate | null;
  #final: Height;
  /** The newest block that was told to the observer, so that whoever reads finds it. */
  #told: { readonly height: Height; readonly hash: Hash };

  constructor(
    recovered: {
      readonly state: LedgerState & { readonly source: ResidentState };
      readonly offences: readonly Offence[];
      readonly pending: readonly PendingBlock[];
      readonly certified: Certificate | null;
    },
    batch: Batch,
    observer: Observer,
  ) {
    this.state = recovered.state;
    this.offences = new RecordedOffences(recovered.offences);
    this.#pending = [...recovered.pending];
    this.#certified = recovered.certified;
    this.#final = (recovered.state.head.header.height - recovered.pending.length) as Height;
    this.#told = { height: this.#final, hash: this.#finalHash };
    this.#batch = batch;
    this.#observer = observer;
  }

  get executedHeight(): Height {
    return this.state.head.header.height;
  }

  /** Newest height whose block is executed here and final. */
  get finalHeight(): Height {
    return this.#final;
  }

  /** Hash of the body executed at this height, where the block is not final yet. */
  pendingBody(height: Height): Hash | undefined {
    return this.#pending.find(({ record }) => record.header.height === height)?.record.header.bodyHash;
  }

  /** The newest finality certificate, which may be ahead of what is executed here. */
  get certified(): Certificate | null {
    return this.#certified;
  }

  /** The newest final block that is durable: the observer was told of it. A turn may know of newer ones. */
  get told(): { readonly height: Height; readonly hash: Hash } {
    return this.#told;
  }

  get #finalHash(): Hash {
    const next = this.#pending[0];
    return next === undefined ? this.state.head.hash : next.record.header.parentHash;
  }

  /** Executes the next body. The block, its index entries and what it changes of the state go into the turn's one batch. */
  execute(body: Body, transactions: readonly (IdentifiedTransaction | null)[], bodyIsStored: boolean): ExecutedBlock {
    const block = execute(this.state, body, transactions);
    const { height } = block.header;
    const fullBody = { body, transactions: transactions.map((each) => each?.bytes ?? SKIPPED_BYTES) };
    if (!bodyIsStored) this.#batch.put(KEYS.body(height, block.header.bodyHash), fullBodyCodec.encode(fullBody));
    this.#batch.put(KEYS.block(height), blockRecordCodec.encode(block.record));
    for (const [index, { transactionId }] of block.record.receipts.entries())
      this.#batch.put(KEYS.transaction(transactionId), transactionPlaceCodec.encode({ height, index }));
    const { historyHeights } = present(this.state.epochs.at(height), 'the epoch of a block').parameters.ledger;
    for (const operation of stateWrites(block.delta, historyHeights > 0)) this.#batch.write(operation);
    if (block.nextEpoch !== undefined)
      this.#batch.put(KEYS.handOver(block.nextEpoch.epoch), handOverCodec.encode(handOverTo(block.nextEpoch)));
    this.#batch.put(KEYS.chainState, chainStateCodec.encode(chainStateOf(block)));
    advance(this.state, block);
    this.offences.add(block.offences);
    this.#pending.push({ hash: block.hash, record: block.record, body: fullBody });
    this.#finalize();
    return block;
  }

  /** A newer certificate. */
  certify(certificate: Certificate): void {
    invariant(certificate.height > (this.#certified?.height ?? 0), 'certificates come by growing height');
    this.#certified = certificate;
    this.keepCertificate(certificate);
    this.#batch.put(KEYS.certified, certificateCodec.encode(certificate));
    this.#finalize();
  }

  /** Stores a certificate of any height. */
  keepCertificate(certificate: Certificate): void {
    this.#batch.put(KEYS.certificate(certificate.height), certificateCodec.encode(certificate));
  }

  /** Keeps of a final block's transactions only those that were executed. What execution skipped paid nothing, and a
   *  primary could fill each body with it. Its bytes are needed by nobody: the body still has all ids, and the header's
   *  root proves which of them were executed. */
  #forgetSkipped({ record: { header, executed }, body: { body, transactions } }: PendingBlock): void {
    const isExecuted = new Set(executed);
    const kept = transactions.map((bytes, position) => (isExecuted.has(position) ? bytes : SKIPPED_BYTES));
    if (kept.every((bytes, position) => bytes === transactions[position])) return;
    this.#batch.put(KEYS.body(header.height, header.bodyHash), fullBodyCodec.encode({ body, transactions: kept }));
  }

  /** Tells of each block that has a certificate at or above it, once the turn is durable. */
  #finalize(): void {
    const certified = this.#certified;
    if (certified === null) return;
    for (;;) {
      const next = this.#pending[0];
      if (next === undefined || next.record.header.height > certified.height) return;
      const own = next.record.header.height === certified.height;
      invariant(!own || certified.blockHash === next.hash, 'our block is the certified one', {
        height: certified.height,
        ours: next.hash,
        certified: certified.blockHash,
      });
      this.#pending.shift();
      this.#forgetSkipped(next);
      this.#final = next.record.header.height;
      const block: FinalizedBlock = { ...next, certificate: own ? certified : null };
      this.#batch.after(() => {
        this.#told = { height: block.record.header.height, hash: block.hash };
        this.#observer.finalized(block);
      });
    }
  }
}

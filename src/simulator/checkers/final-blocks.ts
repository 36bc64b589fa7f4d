/** The final blocks of a simulation, each once and in the order of heights, with all that clients know of their transactions. */
import type { Hash, Height } from '../../base/brand.ts';
import { KEYS } from '../../driver/stored/records.ts';
import { type Body, type BlockRecord, blockHash, blockRecordCodec, fullBodyCodec } from '../../ledger/block.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import type { Checker } from '../world/checker.ts';
import type { Submitted } from '../world/clients.ts';
import type { SimulatedDisk } from '../world/disk.ts';

export interface FinalBlock {
  readonly hash: Hash;
  readonly record: BlockRecord;
  readonly body: Body;
  /** Those of the body, in its order; null where no client submitted it, and so nobody may execute it. */
  readonly transactions: readonly (IdentifiedTransaction | null)[];
}

/** `take` is told of them, until it answers with what is wrong with one. */
export function finalBlocks(
  submitted: ReadonlyMap<Hash, Submitted>,
  take: (block: FinalBlock) => string | undefined,
  violate: (message: string) => void,
): Required<Pick<Checker, 'finalized'>> {
  let next = 1 as Height;
  let isWrong = false;
  const judge = (record: BlockRecord, body: Body, hash: Hash): void => {
    next = (record.header.height + 1) as Height;
    const transactions = body.transactionIds.map((id) => submitted.get(id) ?? null);
    const wrong = take({ hash, record, body, transactions });
    if (wrong === undefined) return;
    isWrong = true;
    violate(`height ${record.header.height}: ${wrong}`);
  };
  return {
    finalized({ disk }, { hash, record, body }) {
      if (isWrong) return;
      const { height } = record.header;
      // Of what became final in the batch of a crash nobody was told: the disk has it.
      while (next < height) {
        const missed = storedBlock(disk, next);
        if (missed === undefined) return;
        judge(missed.record, missed.body, blockHash(missed.record.header));
        if (isWrong) return;
      }
      if (next === height) judge(record, body.body, hash);
    },
  };
}

function storedBlock(disk: SimulatedDisk, height: Height): Pick<FinalBlock, 'record' | 'body'> | undefined {
  const record = blockRecordCodec.decode(disk.get(KEYS.block(height)) ?? new Uint8Array());
  if (!record.ok) return undefined;
  const body = fullBodyCodec.decode(disk.get(KEYS.body(height, record.value.header.bodyHash)) ?? new Uint8Array());
  return body.ok ? { record: record.value, body: body.value.body } : undefined;
}

/**
 * What a new folder is given before anything else: whose chain it holds, and the state that its genesis begins with. A state of many
 * accounts is more than one batch: until the last of them a mark stands there, and whoever finds it begins again.
 */
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { fromHex } from '../../codec/hex.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { chainStateCodec, chainStateOf, genesisBlock } from '../../ledger/state/ledger-state.ts';
import { FOUNDING_BYTES } from '../limits.ts';
import type { Store, StoreOperation } from '../ports.ts';
import { stateWrites } from '../state/state-writes.ts';
import { KEYS } from '../stored/records.ts';
import { type Sealed, Seals } from './seals.ts';

/** Writes the first batches, of about so many bytes each, after those that are sealed. `done` when they are durable, with what is sealed then. Error: STORE_BROKEN,
 *  the disk did not take them. */
export function found(
  store: Store,
  genesis: Genesis,
  sealed: Sealed | undefined,
  done: (result: Result<Sealed, Coded<'STORE_BROKEN'>>) => void,
  batchBytes: number = FOUNDING_BYTES,
): void {
  const seals = new Seals(sealed);
  const batches = inBatches(firstWrites(genesis), batchBytes);
  const next = (): void => {
    const batch = batches.next();
    if (batch.done === true) return done(ok(seals.sealed));
    store.write(seals.seal(batch.value), (error) => {
      if (error === undefined) return next();
      done(fail('STORE_BROKEN', `the chain cannot be begun: ${error.message}`));
    });
  };
  next();
}

function* firstWrites(genesis: Genesis): Generator<StoreOperation> {
  const { header, history, delta } = genesisBlock(genesis);
  yield { kind: 'put', key: KEYS.chainId, value: fromHex(genesis.chainId) };
  yield { kind: 'put', key: KEYS.founding, value: new Uint8Array(0) };
  yield* stateWrites(delta, false);
  yield { kind: 'put', key: KEYS.chainState, value: chainStateCodec.encode(chainStateOf({ header, history })) };
  yield { kind: 'delete', key: KEYS.founding };
}

function* inBatches(operations: Iterable<StoreOperation>, batchBytes: number): Generator<StoreOperation[]> {
  let batch: StoreOperation[] = [];
  let bytes = 0;
  for (const operation of operations) {
    batch.push(operation);
    bytes += operation.key.length + (operation.kind === 'put' ? operation.value.length : 0);
    if (bytes < batchBytes) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

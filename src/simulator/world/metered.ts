/** The ports of a node as its driver sees them in a simulation: what it asks of them takes time of its processor. */
import { COSTS, kibBeyondFirst } from '../../driver/fairness/costs.ts';
import type { Signer, Store, StoreOperation, Verifier } from '../../driver/ports.ts';
import type { Processor } from './processor.ts';

const KIB = 1024;
/** Signatures that a node checks at once, on its main thread: the way to a helper and back costs as much. */
const AT_ONCE_MAX = 2;
/** Milliseconds of the way to a helper and back. */
const HELPER_MS = 0.1;

/** Reads, scans and writes, beside what the disk takes. */
export function meteredStore(processor: Processor, store: Store): Store {
  const found = (values: readonly (Uint8Array | undefined)[]): void => {
    let us = values.length * COSTS.read;
    for (const value of values) us += ((value?.length ?? 0) / KIB) * COSTS.readKiB;
    processor.spend(COSTS.answer + us);
  };
  return {
    write(batch, done) {
      processor.spend(COSTS.batch + sum(batch));
      store.write(batch, done);
    },
    read: (keys, done) =>
      store.read(keys, (values, error) => {
        found(values);
        done(values, error);
      }),
    scan: (range, done) =>
      store.scan(range, (entries, error) => {
        found(entries.map(([, value]) => value));
        done(entries, error);
      }),
  };
}

function sum(batch: readonly StoreOperation[]): number {
  let us = batch.length * COSTS.write;
  for (const operation of batch) if (operation.kind === 'put') us += (operation.value.length / KIB) * COSTS.writeKiB;
  return us;
}

/** Votes on the main thread, transactions with the help of others. */
export function meteredVerifier(
  processor: Processor,
  check: Verifier['check'],
  later: (delayMs: number, run: () => void) => void,
): Verifier {
  return {
    check(of) {
      processor.spend(COSTS.verify);
      return check(of);
    },
    checkBatch(checks, done) {
      const few = checks.length <= AT_ONCE_MAX;
      processor.spend(checks.length * (few ? COSTS.verify : COSTS.verifyElsewhere));
      const longKiB = checks.reduce((sum, { message }) => sum + kibBeyondFirst(message.length), 0);
      const helpMs = few ? 0 : processor.helpMs(checks.length, longKiB);
      later(HELPER_MS + helpMs, () => done(checks.map(check)));
    },
  };
}

export function meteredSigner(processor: Processor, signer: Signer): Signer {
  return {
    sign(message) {
      processor.spend(COSTS.sign);
      return signer.sign(message);
    },
  };
}

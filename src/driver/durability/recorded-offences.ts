/** Offences on record that evidence may still be found of: what accusations ask all the time, without waiting for the state. */
import type { Epoch } from '../../base/brand.ts';
import { type Offence, offenceKey } from '../../ledger/offence.ts';
import { EVIDENCE_EPOCHS_MAX } from '../../ledger/limits.ts';

export class RecordedOffences {
  readonly #byKey = new Map<string, Offence>();

  constructor(recovered: readonly Offence[] = []) {
    this.add(recovered);
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  add(offences: readonly Offence[]): void {
    for (const offence of offences) this.#byKey.set(offenceKey(offence), offence);
  }

  /** This epoch runs: forgets those of which no body may hold evidence any more. */
  enter(epoch: Epoch): void {
    for (const [key, offence] of this.#byKey) if (offence.epoch <= epoch - EVIDENCE_EPOCHS_MAX) this.#byKey.delete(key);
  }
}

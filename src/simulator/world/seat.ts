/** Which validator a node is: known from the start, or found by its key once an epoch has it as a member. */
import type { Epoch, ValidatorIndex } from '../../base/brand.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import { validatorOfKey } from '../../ledger/validators.ts';

export class Seat {
  readonly #publicKey: Uint8Array | null;
  #index: ValidatorIndex | null;
  /** The first epoch in which its key was not looked for. */
  #next = 0 as Epoch;

  constructor({ validator, publicKey }: { validator: ValidatorIndex | null; publicKey: Uint8Array | null }) {
    this.#index = validator;
    this.#publicKey = publicKey;
  }

  /** `epochs`: as far as the node knows them. */
  index(epochs: Epochs | null): ValidatorIndex | null {
    if (this.#index !== null || this.#publicKey === null) return this.#index;
    for (let known = epochs?.of(this.#next); known !== undefined; known = epochs?.of(this.#next)) {
      this.#next = (this.#next + 1) as Epoch;
      this.#index = validatorOfKey(known.validators, this.#publicKey)?.index ?? null;
      if (this.#index !== null) break;
    }
    return this.#index;
  }
}

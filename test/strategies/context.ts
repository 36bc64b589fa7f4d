/** A liar of a network that never changes. */
import type { ValidatorIndex } from '../../src/base/brand.ts';
import type { Signer } from '../../src/driver/ports.ts';
import type { StrategyContext } from '../../src/driver/wire/strategy.ts';
import { epochsOf } from '../../src/ledger/epoch.ts';
import type { Genesis } from '../../src/ledger/genesis.ts';

export const contextOf = (genesis: Genesis, self: ValidatorIndex, signer: Signer): StrategyContext => ({
  genesis,
  epochs: epochsOf(genesis),
  validators: () => genesis.validators,
  self,
  signer,
});

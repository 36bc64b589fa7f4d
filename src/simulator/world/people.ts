/** Who takes part in a simulation: validators, second nodes with the key of one, observers, and nodes that may become validators. */
import { present } from '../../base/invariant.ts';
import type { StrategyFactory } from '../../driver/wire/strategy.ts';
import type { SimulatedKeys } from './keys.ts';
import type { NodeSetup } from './node.ts';

export type Person = Pick<NodeSetup, 'validator' | 'peerId' | 'publicKey' | 'secret' | 'strategy'>;

interface Cast {
  /** By validator; the first observer counts as the one after the last. */
  readonly liars: ReadonlyMap<number, StrategyFactory>;
  readonly twins?: readonly number[];
  readonly observers?: number;
}

/** In the order of their slots. */
export function peopleOf({ genesis, validatorSecrets, spares }: SimulatedKeys, cast: Cast): readonly Person[] {
  const { members: validators } = genesis.validators;
  const twins = (cast.twins ?? []).map((index) => present(validators[index], 'validator'));
  return [
    ...[...validators, ...twins].map((validator) => ({
      validator: validator.index,
      peerId: validator.peerId,
      publicKey: validator.publicKey,
      secret: present(validatorSecrets[validator.index], 'secret'),
      strategy: twins.includes(validator) ? honestTwin : (cast.liars.get(validator.index) ?? null),
    })),
    ...Array.from({ length: cast.observers ?? 0 }, (_, position) => ({
      validator: null,
      peerId: `observer-${position}`,
      publicKey: null,
      secret: null,
      strategy: cast.liars.get(validators.length + position) ?? null,
    })),
    ...spares.map((spare) => ({ ...spare, validator: null, strategy: null })),
  ];
}

/** Two honest replicas with one key are a liar together. */
const honestTwin: StrategyFactory = () => ({ name: 'twin', outgoing: (message) => [message] });

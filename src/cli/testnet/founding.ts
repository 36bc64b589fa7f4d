/** The genesis and the keys of a testnet, which follow from what its folder says of it. */
import { type DevelopmentNetwork, developmentNetwork } from '../../node/development.ts';
import type { Network } from './layout.ts';

/** How a testnet differs from the usual one. */
export type FoundingRules = Pick<Network, 'stakes' | 'epochLength'>;

/** `foundedMs`: the time of its genesis. */
export const foundingOf = (
  size: number,
  foundedMs: number,
  { stakes, epochLength }: FoundingRules,
): DevelopmentNetwork => developmentNetwork(size, foundedMs, { stakes: stakes?.map(BigInt), epochLength });

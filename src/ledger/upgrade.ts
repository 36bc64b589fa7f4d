/**
 * Changes of the rules that a chain decides ahead of time. A node knows the rules up to some version: at the height from which a later
 * one counts it stops, since it would execute blocks otherwise than those who know it.
 */
import type { Height } from '../base/brand.ts';
import type { Epochs, KnownEpoch } from './epoch.ts';
import type { Upgrade } from './membership/observer.ts';

/** Of the rules that this software executes by. */
export const RULES_VERSION = 1;

/** What is decided and not known here; null where this software goes on. */
export const unknownUpgrade = ({ upgrade }: Pick<KnownEpoch, 'upgrade'>): Upgrade | null =>
  upgrade !== null && upgrade.version > RULES_VERSION ? upgrade : null;

/** The upgrade without which nobody executes this height; null where there is none. */
export function upgradeBefore(epochs: Epochs, height: Height): Upgrade | null {
  const epoch = epochs.at(height);
  const upgrade = epoch === undefined ? null : unknownUpgrade(epoch);
  return upgrade !== null && height >= upgrade.height ? upgrade : null;
}

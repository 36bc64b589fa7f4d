/** Quorums as the checkers count them: by other means than the code that they judge, whose mistakes they would share. */
import type { ValidatorIndex } from '../../base/brand.ts';
import type { KnownEpoch } from '../../ledger/epoch.ts';

/** Whether those that count have more than two thirds of the epoch's power. */
export function isQuorumOf({ validators }: KnownEpoch, counts: (validator: ValidatorIndex) => boolean): boolean {
  let [inFavour, total] = [0n, 0n];
  for (const { index, power } of validators.members) {
    total += power;
    if (counts(index)) inFavour += power;
  }
  return 3n * inFavour > 2n * total;
}

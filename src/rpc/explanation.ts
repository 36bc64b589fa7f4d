/** What the status of a validator means, and what follows from it, as a sentence or two for people. */
import { unreachable } from '../base/invariant.ts';
import type { KnownEpoch } from '../ledger/epoch.ts';
import { VALIDATORS_MIN } from '../ledger/limits.ts';
import type { Mode } from '../ledger/membership/seats.ts';
import type { ValidatorRecord } from '../ledger/membership/validator-record.ts';
import type { Offence } from '../ledger/offence.ts';
import { validatorAt } from '../ledger/validators.ts';

/** `running`: the epoch of the next block. `offences`: what it was caught at, as far as it is known here. */
export function explain(
  record: ValidatorRecord,
  running: KnownEpoch,
  mode: Mode,
  offences: readonly Offence[] = [],
): string {
  const newest = offences.at(-1);
  const parts = [...(newest === undefined ? [] : [offenceText(newest)]), statusText(record, running, mode)];
  if (record.slashed > 0n) parts.push(`Penalties took ${record.slashed} of its stake in all; ${record.stake} is left.`);
  if (running.kept.includes(record.index))
    parts.push(
      `It keeps its seat all the same: without it fewer than ${VALIDATORS_MIN} would be left, of whom nobody may fail. ` +
        'Admit others, and it goes at the end of that epoch.',
    );
  return parts.join(' ');
}

function offenceText({ kind, height, view, epoch }: Offence): string {
  const what = kind === 'amnesia' ? 'a VIEW-CHANGE that hides its own COMMIT' : `two different ${kind} messages`;
  return `It signed ${what} at height ${height}, view ${view} of epoch ${epoch}, which no honest validator does.`;
}

function statusText(record: ValidatorRecord, running: KnownEpoch, mode: Mode): string {
  const { status, since } = record;
  const { epoch, lastHeight, parameters, validators } = running;
  const hasSeat = validatorAt(validators, record.index) !== undefined;
  const untilEnd = hasSeat ? ` Its votes count up to height ${lastHeight}, the last of epoch ${epoch}.` : '';
  switch (status) {
    case 'candidate':
      return `It has less than the least stake of a validator, ${parameters.membership.minStake}.`;
    case 'pending':
      return `It waits for a seat, from height ${lastHeight + 1} on if there is room for it.`;
    case 'active':
      return `It has been validating since height ${since}.`;
    case 'exiting':
      return `It is leaving with all of its stake.${untilEnd}`;
    case 'unbonded':
      return `It left at height ${since}. What it took out can be withdrawn ${parameters.membership.unbondingEpochs + 1} epochs later.`;
    case 'jailed':
      return `No certificate named it for too long, up to height ${since}: it may ask to come back from epoch ${record.jailedUntil} on.${untilEnd}`;
    case 'tombstoned': {
      const price = mode === 'stake' ? 'That cost it stake, and its key' : 'Its key';
      const end = running.kept.includes(record.index) ? '' : untilEnd;
      return `The block of height ${since} put on record that it broke the protocol. ${price} is never trusted again.${end}`;
    }
    case 'removed':
      return `It was voted out at height ${since}.`;
    default:
      return unreachable(status);
  }
}

/** What the state remembers of evidence: who broke the protocol, where. What that costs is said in `membership/penalties.ts`. */
import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import type { Epoch, Height, ValidatorIndex, View } from '../base/brand.ts';
import { codec } from '../codec/codec.ts';
import { nameOf, uint16, uint64 } from '../codec/types.ts';
import type { KnownEpoch } from './epoch.ts';
import { EntryKind } from './state/entry-kind.ts';
import type { Entries } from './state/overlay.ts';
import type { Evidence } from './evidence.ts';
import { VOTE_KINDS } from './vote.ts';

/** What was signed twice, or amnesia. */
export const OFFENCE_KINDS = [...VOTE_KINDS, 'amnesia'] as const;

const OffenceType = new ContainerType({
  kind: nameOf(OFFENCE_KINDS),
  epoch: uint64<Epoch>(),
  view: uint64<View>(),
  height: uint64<Height>(),
  validator: uint16<ValidatorIndex>(),
});

/** Where a validator broke the protocol. Of amnesia, view and height are those of the COMMIT. */
export type Offence = Readonly<ValueOf<typeof OffenceType>>;
export const offenceCodec = codec('Offence', OffenceType, 27);

export function offenceOf(evidence: Evidence): Offence {
  if (evidence.kind === 'amnesia') {
    const { vote, voter } = evidence.commit;
    return { kind: 'amnesia', epoch: vote.epoch, view: vote.view, height: vote.height, validator: voter };
  }
  const { vote, voter } = evidence.first;
  return { kind: vote.kind, epoch: vote.epoch, view: vote.view, height: vote.height, validator: voter };
}

/** Equal for offences that count once: a validator is guilty once in an epoch, however often it lies. A proposer could
 *  else fill the state with proofs of its own guilt. */
export const offenceKey = ({ epoch, validator }: Pick<Offence, 'epoch' | 'validator'>): string =>
  `${epoch}/${validator}`;

/** Whether a body of the epoch `at` may hold evidence of the epoch `of`: for as long as the stake that was there then can be cut. */
export const isRecordable = (of: Epoch, { epoch: at, parameters }: Pick<KnownEpoch, 'epoch' | 'parameters'>): boolean =>
  of <= at && at - of < parameters.membership.unbondingEpochs;

/** Names what was proved: where two messages contradict each other. */
export const placeKey = ({ kind, epoch, view, height, validator }: Offence): string =>
  `${epoch}/${validator}/${kind}/${view}/${height}`;

/** Offences on record, under epoch and validator; of an epoch they stand together. */
export const OFFENCES = new EntryKind<Pick<Offence, 'epoch' | 'validator'>, Offence>(
  'offence',
  offenceCodec,
  ({ epoch, validator }) => `${epoch.toString().padStart(16, '0')}/${validator.toString().padStart(5, '0')}`,
);

/** Puts on record what the evidence of a body proves. Returns what was not there before, in the body's order. */
export function recordOffences(entries: Entries, evidence: readonly Evidence[]): readonly Offence[] {
  const fresh: Offence[] = [];
  for (const offence of evidence.map(offenceOf)) {
    const key = OFFENCES.key(offence);
    if (entries.get(key) !== undefined) continue;
    entries.set(key, offence);
    fresh.push(offence);
  }
  return fresh;
}

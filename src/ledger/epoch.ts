/**
 * What an epoch is: its number, its heights, its validators, and who is primary in its views. Nobody else computes with the
 * length of epochs, or knows where a set of validators comes from.
 */
import type { Epoch, Height, ValidatorIndex, View } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { EVIDENCE_EPOCHS_MAX } from './limits.ts';
import type { ListedObserver, Upgrade } from './membership/observer.ts';
import type { ConsensusParameters, Parameters } from './membership/parameters.ts';
import { scheduled, type ValidatorSet } from './validators.ts';

/** The heights of an epoch, and who votes on them: all that the protocol asks of it. */
export interface EpochSet {
  /** Its number, from 0. */
  readonly epoch: Epoch;
  /** The first and the last height of the epoch. */
  readonly firstHeight: Height;
  readonly lastHeight: Height;
  readonly validators: ValidatorSet;
}

/** An epoch whose validators and rules are known. All of it is fixed before the epoch begins, and never changes. */
export interface KnownEpoch extends EpochSet {
  /** Those who would have left, and stay because the set would be too small without them. */
  readonly kept: readonly ValidatorIndex[];
  /** Nodes without a vote that the network admits. */
  readonly observers: readonly ListedObserver[];
  /** Nodes of validators without a seat, which the network admits all the same: they follow, to have all blocks when they vote. */
  readonly followers: readonly ListedObserver[];
  readonly parameters: Parameters;
  /** The next change of the rules that is decided. */
  readonly upgrade: Upgrade | null;
}

/**
 * The epochs that are known here. What belongs to an epoch (votes, certificates, evidence, the choice of a primary) is judged
 * by the set of that epoch, not by the set of today: whoever has an epoch's number or a height asks here.
 */
export interface Epochs {
  /** Undefined while the epoch is not known: its set follows from the state at the end of the epoch before. */
  of(epoch: Epoch): KnownEpoch | undefined;
  /** The epoch that a height lies in. Genesis, height 0, counts as epoch 0. Undefined as in `of`. */
  at(height: Height): KnownEpoch | undefined;
}

/** What the genesis says of the first epoch. */
interface FirstRules extends Pick<KnownEpoch, 'observers' | 'validators'>, Pick<Parameters, 'ledger' | 'membership'> {
  readonly consensus: ConsensusParameters;
}

/** The first epoch of a chain. */
export const firstEpoch = ({ consensus, ledger, membership, observers, validators }: FirstRules): KnownEpoch => {
  const { epochLength, baseTimeoutTicks, timeoutCapTicks } = consensus;
  return {
    epoch: 0 as Epoch,
    firstHeight: 1 as Height,
    lastHeight: epochLength as Height,
    validators,
    kept: [],
    observers,
    followers: [],
    parameters: { consensus: { epochLength, baseTimeoutTicks, timeoutCapTicks }, ledger, membership },
    upgrade: null,
  };
};

/** Epochs that grow with the state. */
export interface GrowingEpochs extends Epochs {
  /** The next one is known. */
  add(next: KnownEpoch): void;
}

/** The epochs that a state knows: the one that runs, those before it of which evidence counts, and after its last block the next. */
export class EpochLog implements GrowingEpochs {
  /** By growing number, without a gap. */
  readonly #known: KnownEpoch[];

  /** By growing number, without a gap; at least one. */
  constructor(known: readonly KnownEpoch[]) {
    invariant(known.length > 0, 'a state knows an epoch');
    for (const [i, each] of known.entries()) if (i > 0) checkHandOver(present(known[i - 1], 'epoch'), each);
    this.#known = [...known];
  }

  get newest(): KnownEpoch {
    return present(this.#known.at(-1), 'an epoch');
  }

  of(epoch: Epoch): KnownEpoch | undefined {
    return this.#known[epoch - present(this.#known[0], 'an epoch').epoch];
  }

  at(height: Height): KnownEpoch | undefined {
    // The newest come first: nearly all that is asked for lies in them.
    for (let i = this.#known.length - 1; i >= 0; i--) {
      const known = this.#known[i] as KnownEpoch;
      if (height > known.lastHeight) return undefined;
      if (height >= known.firstHeight || (known.epoch === 0 && height === 0)) return known;
    }
    return undefined;
  }

  add(next: KnownEpoch): void {
    checkHandOver(this.newest, next);
    this.#known.push(next);
    while (next.epoch - present(this.#known[0], 'an epoch').epoch > EVIDENCE_EPOCHS_MAX) this.#known.shift();
  }
}

const checkHandOver = (before: KnownEpoch, after: KnownEpoch): void =>
  invariant(
    after.epoch === before.epoch + 1 && after.firstHeight === before.lastHeight + 1,
    'epochs follow each other',
  );

/** The epochs of a chain as though nothing ever changed: for whoever reads the first of them, or plays with one set. */
export function epochsOf(genesis: FirstRules): Epochs {
  const first = firstEpoch(genesis);
  const { epochLength } = first.parameters.consensus;
  const of = (epoch: Epoch): KnownEpoch => ({
    ...first,
    epoch,
    firstHeight: (epoch * epochLength + 1) as Height,
    lastHeight: ((epoch + 1) * epochLength) as Height,
  });
  return { of, at: (height) => of(Math.floor(Math.max(0, height - 1) / epochLength) as Epoch) };
}

/** Whether the height lies in the epoch. */
export const isWithin = ({ firstHeight, lastHeight }: EpochSet, height: Height): boolean =>
  height >= firstHeight && height <= lastHeight;

/** The primary of a view: leadership moves with every epoch and every view (Castro & Liskov 1999, 4.1: `v mod n`. Differs: as
 *  often as its power says, and counted from the epoch's number on). It is asked for several times for each message. */
export function primaryOf({ validators, epoch }: EpochSet, view: View): ValidatorIndex {
  const last = lastAsked.get(validators);
  if (last !== undefined && last.epoch === epoch && last.view === view) return last.primary;
  const primary = scheduled(validators, BigInt(epoch) + BigInt(view));
  lastAsked.set(validators, { epoch, view, primary });
  return primary;
}

interface Asked {
  readonly epoch: Epoch;
  readonly view: View;
  readonly primary: ValidatorIndex;
}

/** Of each set the last turn that was asked for. */
const lastAsked = new WeakMap<ValidatorSet, Asked>();

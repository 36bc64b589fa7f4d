/**
 * What an epoch is: its number, its heights, its validators, and who is primary in its views. Nobody else computes with the
 * length of epochs, or knows where a set of validators comes from.
 */
import type { Epoch, Height, ValidatorIndex, View } from '../base/brand.ts';
import type { Genesis } from './genesis.ts';
import { scheduled, type ValidatorSet } from './validators.ts';

/** An epoch whose validators are known. All of it is fixed before the epoch begins, and never changes. */
export interface KnownEpoch {
  /** Its number, from 0. */
  readonly epoch: Epoch;
  /** The first and the last height of the epoch. */
  readonly firstHeight: Height;
  readonly lastHeight: Height;
  readonly validators: ValidatorSet;
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

/** The epochs of a chain. Until a block can change the set of validators, every epoch has that of the genesis. */
export function epochsOf({ consensus, validators }: Pick<Genesis, 'consensus' | 'validators'>): Epochs {
  const { epochLength } = consensus;
  const of = (epoch: Epoch): KnownEpoch => ({
    epoch,
    firstHeight: (epoch * epochLength + 1) as Height,
    lastHeight: ((epoch + 1) * epochLength) as Height,
    validators,
  });
  return { of, at: (height) => of(Math.floor(Math.max(0, height - 1) / epochLength) as Epoch) };
}

/** Whether the height lies in the epoch. */
export const isWithin = ({ firstHeight, lastHeight }: KnownEpoch, height: Height): boolean =>
  height >= firstHeight && height <= lastHeight;

/** The primary of a view: leadership moves with every epoch and every view (Castro & Liskov 1999, 4.1: `v mod n`. Differs: as
 *  often as its power says, and counted from the epoch's number on). It is asked for several times for each message. */
export function primaryOf({ validators, epoch }: KnownEpoch, view: View): ValidatorIndex {
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

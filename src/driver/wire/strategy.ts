/**
 * Where a validator may be made to lie: what the honest replica wants to send passes through a strategy. Honest nodes
 * have none. The strategies themselves are in src/strategies, and a node loads one only on a development chain.
 */
import type { ValidatorIndex } from '../../base/brand.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { ValidatorSet } from '../../ledger/validators.ts';
import type { Signer } from '../ports.ts';
import type { PeerMessage } from './wire.ts';

/** A message on its way to one peer: as the wire has it, or bytes that no honest node would send. */
export interface Outgoing {
  /** Which validator; an observer counts as the one after the last. */
  readonly to: ValidatorIndex;
  readonly message: PeerMessage | { readonly kind: 'bytes'; readonly bytes: Uint8Array };
}

export interface StrategyContext {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
  /** Of the epoch that runs here. */
  readonly validators: () => ValidatorSet;
  /** Which validator it was when it started. An observer counts as the validator after the last. What it signs is worth nothing. */
  readonly self: ValidatorIndex;
  readonly signer: Signer;
}

export interface Strategy {
  readonly name: string;
  /** What is sent in the place of one message that the honest replica sends. */
  outgoing(message: Outgoing): readonly Outgoing[];
  /** A message of another validator, of which nothing is checked yet. The honest replica gets it too. */
  incoming?(from: ValidatorIndex, message: PeerMessage): void;
  /** What is sent at each tick of the driver, whatever the honest replica does: floods, and lies at a chosen moment. */
  tick?(): readonly Outgoing[];
}

export type StrategyFactory = (context: StrategyContext) => Strategy;

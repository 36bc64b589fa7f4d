/**
 * What tests of the core share: networks of any powers with stand-in signatures, every message signed or forged at will,
 * and effects as short lines, so that a test can state the exact list of them.
 */
import {
  type Epoch,
  type Hash,
  type Height,
  hash,
  type Power,
  type ValidatorIndex,
  type View,
} from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import { equalBytes } from '../../src/codec/codec.ts';
import { type Authority, authenticate } from '../../src/consensus/authenticate.ts';
import {
  type Message,
  newViewSigningBytes,
  type PreparedCertificate,
  type SignedNewView,
  type SignedViewChange,
  type Status,
  viewChangeSigningBytes,
} from '../../src/consensus/messages.ts';
import { reproposals } from '../../src/consensus/new-view.ts';
import type { PromiseRecord } from '../../src/consensus/promises.ts';
import { nothingRecovered, type Recovered, recoverReplica } from '../../src/consensus/recovery.ts';
import type { Instance, Replica } from '../../src/consensus/replica.ts';
import { step } from '../../src/consensus/step.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import type { Effect, Input } from '../../src/consensus/transition.ts';
import { NULL_BODY_HASH } from '../../src/ledger/block.ts';
import { type EpochSet, primaryOf } from '../../src/ledger/epoch.ts';
import { type ValidatorSet, validatorSet } from '../../src/ledger/validators.ts';
import {
  type Certificate,
  type Signers,
  type SignedVote,
  type Vote,
  type VoteKind,
  voteSigningBytes,
} from '../../src/ledger/vote.ts';
import { standInSignature } from './stand-in.ts';

export const CHAIN = hash('c'.repeat(64));
/** A hash that prints as its letter. */
export const H = (letter: string): Hash => hash(letter.repeat(64));

/** Fields that tests vary; plain numbers for brands. */
export interface Terms {
  readonly powers?: readonly number[];
  readonly self?: number | null;
  readonly window?: number;
  readonly firstHeight?: number;
  readonly lastHeight?: number;
  readonly epoch?: number;
  readonly baseTimeoutTicks?: number;
  readonly timeoutCapTicks?: number;
}

const FOUR = [1, 1, 1, 1];

const setOf = (powers: readonly number[] = FOUR): ValidatorSet =>
  validatorSet(
    powers.map((power, index) => ({
      index: index as ValidatorIndex,
      name: `validator-${index}`,
      publicKey: new Uint8Array(32).fill(index + 1),
      peerId: `peer-${index}`,
      power: BigInt(power) as Power,
    })),
  );

export function instanceOf(terms: Terms = {}): Instance {
  const { self = 1, window = 4, firstHeight = 1, lastHeight = 100, epoch = 0 } = terms;
  const validators = setOf(terms.powers);
  return {
    chainId: CHAIN,
    epoch: epoch as Epoch,
    validators,
    self: self as ValidatorIndex | null,
    firstHeight: firstHeight as Height,
    lastHeight: lastHeight as Height,
    window,
    baseTimeoutTicks: terms.baseTimeoutTicks ?? 8,
    timeoutCapTicks: terms.timeoutCapTicks ?? 32,
    sign: (bytes) => signatureOf(validators, self ?? 0, bytes),
  };
}

const signatureOf = (set: ValidatorSet, signer: number, bytes: Uint8Array): Uint8Array =>
  standInSignature(present(set.members[signer], 'signer').publicKey, bytes);

export const authorityOf = (instance: Instance): Authority => ({
  ...instance,
  verify: (publicKey, message, signature) => equalBytes(signature, standInSignature(publicKey, message)),
});

/** Makes signed things of one network. */
export class Pens {
  readonly set: ValidatorSet;
  readonly epoch: Epoch;
  readonly firstHeight: Height;
  readonly #known: EpochSet;

  constructor(instance: Instance) {
    this.#known = instance;
    this.set = instance.validators;
    this.epoch = instance.epoch;
    this.firstHeight = instance.firstHeight;
  }

  vote(voter: number, kind: VoteKind, view: number, height: number, bodyHash: Hash): SignedVote {
    const vote: Vote = { kind, epoch: this.epoch, view: view as View, height: height as Height, hash: bodyHash };
    const signature = signatureOf(this.set, voter, voteSigningBytes(CHAIN, vote));
    return { vote, voter: voter as ValidatorIndex, signature };
  }

  primary(view: number): ValidatorIndex {
    return primaryOf(this.#known, view as View);
  }

  prePrepare(view: number, height: number, bodyHash: Hash): SignedVote {
    return this.vote(this.primary(view), 'pre-prepare', view, height, bodyHash);
  }

  certificate(height: number, blockHash: Hash, voters: readonly number[]): Certificate {
    const votes = voters.map((voter) => this.vote(voter, 'checkpoint', 0, height, blockHash));
    return { epoch: this.epoch, height: height as Height, blockHash, ...this.#signatures(votes) };
  }

  /** Of the view's primary and these backups. */
  prepared(view: number, height: number, bodyHash: Hash, backups: readonly number[]): PreparedCertificate {
    const { signers, signatures } = this.#signatures(
      backups.map((voter) => this.vote(voter, 'prepare', view, height, bodyHash)),
    );
    return {
      epoch: this.epoch,
      view: view as View,
      height: height as Height,
      bodyHash,
      primary: this.primary(view),
      prePrepareSignature: this.prePrepare(view, height, bodyHash).signature,
      prepares: signers,
      prepareSignatures: signatures,
    };
  }

  #signatures(votes: readonly SignedVote[]): { signers: Signers; signatures: Uint8Array[] } {
    return { signers: signersOf(votes.map(({ voter }) => voter)), signatures: votes.map(({ signature }) => signature) };
  }

  viewChange(
    voter: number,
    view: number,
    { stable = null, prepared = [] }: { stable?: Certificate | null; prepared?: PreparedCertificate[] } = {},
  ): SignedViewChange {
    const viewChange = { epoch: this.epoch, view: view as View, voter: voter as ValidatorIndex, stable, prepared };
    return { viewChange, signature: signatureOf(this.set, voter, viewChangeSigningBytes(CHAIN, viewChange)) };
  }

  /** What an honest primary makes of these VIEW-CHANGEs, with changes. */
  newView(
    view: number,
    viewChanges: SignedViewChange[],
    changes: { voter?: number; prePrepares?: SignedVote[] } = {},
  ): SignedNewView {
    const voter = changes.voter ?? this.primary(view);
    const prePrepares =
      changes.prePrepares ??
      reproposals(this.firstHeight, viewChanges).map(({ height, bodyHash }) =>
        this.vote(voter, 'pre-prepare', view, height, bodyHash),
      );
    const newView = {
      epoch: this.epoch,
      view: view as View,
      voter: voter as ValidatorIndex,
      viewChanges,
      prePrepares,
    };
    return { newView, signature: signatureOf(this.set, voter, newViewSigningBytes(CHAIN, newView)) };
  }
}

/** One replica under test. Inputs go in, effects come out as lines; all that it sends must pass its peers' checks. */
export class Bench {
  readonly instance: Instance;
  readonly authority: Authority;
  readonly pens: Pens;
  readonly replica: Replica;
  /** With which effects it began. */
  readonly beginning: readonly string[];
  /** All that it was made to keep, in order. */
  readonly records: PromiseRecord[] = [];

  constructor(terms: Terms = {}, recovered: Partial<Recovered> = {}) {
    this.instance = instanceOf(terms);
    this.authority = authorityOf(this.instance);
    this.pens = new Pens(this.instance);
    const begun = recoverReplica(this.instance, { ...nothingRecovered(this.instance), ...recovered });
    this.replica = begun.replica;
    this.beginning = this.#look(begun.effects);
  }

  give(input: Input): readonly string[] {
    return this.#look(step(this.replica, input));
  }

  /** A message of another replica, which `authenticate` must let in. */
  receive(from: number, message: Message): readonly string[] {
    const checked = authenticate(this.authority, message);
    if (!checked.ok) throw new Error(`${checked.error.code}: ${checked.error.message}`);
    return this.give({ kind: 'message', from: from as ValidatorIndex, message: checked.value });
  }

  vote(voter: number, kind: VoteKind, view: number, height: number, bodyHash: Hash): readonly string[] {
    return this.receive(voter, { kind: 'vote', vote: this.pens.vote(voter, kind, view, height, bodyHash) });
  }

  status(from: number, fields: Partial<Record<keyof Status, unknown>> = {}): readonly string[] {
    const status = {
      epoch: this.instance.epoch,
      view: 0,
      active: true,
      stableHeight: this.instance.firstHeight - 1,
      executedHeight: this.instance.firstHeight - 1,
      viewChanges: [],
      slots: [],
      ...fields,
    } as Status;
    return this.receive(from, { kind: 'status', status });
  }

  ticks(count: number): readonly string[] {
    const lines: string[] = [];
    for (let i = 0; i < count; i++) lines.push(...this.give({ kind: 'tick' }));
    return lines;
  }

  bodyChecked(view: number, height: number, bodyHash: Hash, valid = true): readonly string[] {
    return this.give({ kind: 'body-checked', view: view as View, height: height as Height, bodyHash, valid });
  }

  executed(height: number, blockHash: Hash): readonly string[] {
    return this.give({ kind: 'block-executed', height: height as Height, blockHash });
  }

  propose(view: number, height: number, bodyHash: Hash): readonly string[] {
    return this.give({ kind: 'propose', view: view as View, height: height as Height, bodyHash });
  }

  /** The normal case of one height, up to its certificate. */
  commitHeight(height: number, bodyHash: Hash, blockHash: Hash, others: readonly number[]): void {
    const { view } = this.replica;
    if (this.pens.primary(view) === this.instance.self) this.propose(view, height, bodyHash);
    else {
      this.receive(this.pens.primary(view), { kind: 'vote', vote: this.pens.prePrepare(view, height, bodyHash) });
      this.bodyChecked(view, height, bodyHash);
    }
    for (const kind of ['prepare', 'commit'] as const)
      for (const voter of others) this.vote(voter, kind, view, height, bodyHash);
    this.executed(height, blockHash);
    for (const voter of others) this.vote(voter, 'checkpoint', 0, height, blockHash);
  }

  #look(effects: readonly Effect[]): readonly string[] {
    for (const effect of effects) {
      if (effect.kind === 'persist') this.records.push(effect.record);
      if (effect.kind !== 'send') continue;
      const checked = authenticate(this.authority, effect.message);
      invariant(checked.ok, 'what it sends passes the checks of its peers', { effect: line(effect) });
    }
    return effects.map(line);
  }
}

const name = (bodyHash: Hash): string => (bodyHash === NULL_BODY_HASH ? 'null' : (bodyHash[0] ?? ''));
const bits = (signers: Signers): string => signers.getTrueBitIndexes().join();

const voteLine = ({ vote: { kind, view, height, hash: of } }: SignedVote): string =>
  kind === 'checkpoint' ? `checkpoint h${height} ${name(of)}` : `${kind} v${view} h${height} ${name(of)}`;

const preparedLine = ({ view, height, bodyHash, primary, prepares }: PreparedCertificate): string =>
  `prepared v${view} h${height} ${name(bodyHash)} by ${primary}+${bits(prepares)}`;

const viewChangeLine = ({ viewChange: { view, stable, prepared } }: SignedViewChange): string =>
  [`view-change v${view}`, `stable ${stable?.height ?? '-'}`, ...prepared.map(preparedLine)].join(', ');

const newViewLine = ({ newView: { view, viewChanges, prePrepares } }: SignedNewView): string =>
  [
    `new-view v${view} of ${viewChanges.map(({ viewChange }) => viewChange.voter).join()}`,
    ...prePrepares.map(voteLine),
  ].join(', ');

function messageLine(message: Message): string {
  switch (message.kind) {
    case 'vote':
      return voteLine(message.vote);
    case 'view-change':
      return viewChangeLine(message.viewChange);
    case 'new-view':
      return newViewLine(message.newView);
    case 'certificate':
      return `certificate h${message.certificate.height} ${name(message.certificate.blockHash)}`;
    case 'status': {
      const { view, active, stableHeight, executedHeight } = message.status;
      return `status v${view}${active ? '' : ' inactive'} stable ${stableHeight} executed ${executedHeight}`;
    }
  }
}

function recordLine(record: PromiseRecord): string {
  switch (record.kind) {
    case 'vote':
      return voteLine(record.vote);
    case 'prepared':
      return preparedLine(record.prepared);
    case 'view-change':
      return viewChangeLine(record.viewChange);
    case 'new-view':
      return newViewLine(record.newView);
  }
}

function line(effect: Effect): string {
  switch (effect.kind) {
    case 'persist':
      return `persist ${recordLine(effect.record)}`;
    case 'send':
      return `send ${effect.to} ${messageLine(effect.message)}`;
    case 'check-body': {
      const { view, height, bodyHash, repeat } = effect;
      return `check-body v${view} h${height} ${name(bodyHash)}${repeat ? ' repeat' : ''}`;
    }
    case 'execute':
      return `execute h${effect.height} ${name(effect.bodyHash)}`;
    case 'certified':
    case 'certified-late': {
      const { height, blockHash, signers } = effect.certificate;
      return `${effect.kind} h${height} ${name(blockHash)} by ${bits(signers)}`;
    }
    case 'behind':
      return `behind h${effect.height}${effect.peer === null ? '' : ` says ${effect.peer}`}`;
    case 'evidence': {
      if (effect.evidence.kind === 'amnesia') {
        const { commit, viewChange } = effect.evidence;
        return `amnesia ${commit.voter} ${voteLine(commit)} | view-change v${viewChange.claims.view}`;
      }
      const { first, second } = effect.evidence;
      return `evidence ${first.voter} ${voteLine(first)} | ${voteLine(second)}`;
    }
    case 'view-change-started':
      return `view-change-started v${effect.view} ${effect.reason}`;
    case 'view-entered':
      return `view-entered v${effect.view} primary ${effect.primary}`;
  }
}

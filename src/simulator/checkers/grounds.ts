/**
 * Nobody honest says more than it can prove: behind each vote stand the votes and the records that the protocol asks for.
 * Liars count as having said everything.
 */
import type { Epoch, Hash, Height, ValidatorIndex } from '../../base/brand.ts';
import type { PromiseRecord } from '../../consensus/promises.ts';
import type { PeerMessage } from '../../driver/wire/wire.ts';
import { decodePromise, KEYS } from '../../driver/stored/records.ts';
import { blockRecordCodec, NULL_BODY_HASH } from '../../ledger/block.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import { certificateCodec, type SignedVote, type Vote } from '../../ledger/vote.ts';
import type { Checker, Violate } from '../world/checker.ts';
import { isQuorumOf } from './quorum.ts';
import type { SimulatedDisk } from '../world/disk.ts';
import type { SimulatedNode } from '../world/node.ts';

const placeOf = ({ epoch, view, height, hash }: Vote): string => `${epoch}/${view}/${height}/${hash}`;

/** A COMMIT stands on a quorum of PREPAREs, a CHECKPOINT on a quorum of COMMITs, a certificate on one of CHECKPOINTs,
 *  and what a VIEW-CHANGE says of PREPAREs is true. */
export function grounds(epochs: Epochs, nodes: () => readonly SimulatedNode[], violate: Violate): Checker {
  const [prepares, commits, checkpoints] = [0, 1, 2].map(() => new Map<string, Set<number>>()) as [Tally, Tally, Tally];
  /** Places in which somebody committed a body. */
  const views = new Map<string, Set<string>>();
  const isQuorum = (of: Epoch, voters: ReadonlySet<number> | undefined, self: number | null): boolean => {
    const counts = (index: number): boolean =>
      index === self ||
      voters?.has(index) === true ||
      nodes().some((node) => node.validator === index && !node.isHonest);
    const epoch = epochs.of(of);
    return epoch !== undefined && isQuorumOf(epoch, counts);
  };
  const onVote = (node: SimulatedNode, { vote, voter }: SignedVote): void => {
    const { kind, epoch, height, hash } = vote;
    const place = placeOf(vote);
    switch (kind) {
      case 'pre-prepare':
      case 'prepare':
        return add(prepares, place, voter);
      case 'commit':
        if (node.isHonest && !isQuorum(epoch, prepares.get(place), voter))
          violate(`node ${node.slot} sent COMMIT at height ${height} without a quorum of PREPAREs`);
        add(commits, place, voter);
        return void views.set(`${height}/${hash}`, (views.get(`${height}/${hash}`) ?? new Set()).add(place));
      case 'checkpoint': {
        const places = [...(views.get(`${height}/${bodyOnDisk(node, height)}`) ?? [])];
        if (node.isHonest && !places.some((each) => isQuorum(epoch, commits.get(each), voter)))
          violate(`node ${node.slot} sent CHECKPOINT at height ${height} without a quorum of COMMITs`);
        return add(checkpoints, place, voter);
      }
    }
  };
  /** A vote may leave its node inside a certificate alone: cast before a crash, counted and passed on after it. */
  const addFromDisks = (tally: Tally, vote: Vote): void => {
    for (const { disk, validator } of nodes())
      if (validator !== null && hasCast(disk, validator, vote)) add(tally, placeOf(vote), validator);
  };
  return {
    name: 'grounds',
    sent(node, message) {
      for (const signed of ownVotes(node, message)) onVote(node, signed);
    },
    entered(node, { newView }) {
      for (const { viewChange } of newView.viewChanges)
        for (const { epoch, view, height, bodyHash: hash, primary, prepares: voters } of viewChange.prepared) {
          const vote: Vote = { kind: 'prepare', epoch, view, height, hash };
          // Its own vote may be in the certificate alone, and the view is over in which it would be repeated.
          if (primary === viewChange.voter || voters.get(viewChange.voter))
            add(prepares, placeOf(vote), viewChange.voter);
          for (const kind of ['prepare', 'pre-prepare'] as const) addFromDisks(prepares, { ...vote, kind });
          if (!isQuorum(epoch, prepares.get(placeOf(vote)), node.validator))
            violate(`node ${node.slot} believes that height ${height} was prepared in view ${view}, which it was not`);
        }
    },
    certified(node, { epoch, height, blockHash }) {
      const vote: Vote = { kind: 'checkpoint', epoch, view: 0 as Vote['view'], height, hash: blockHash };
      addFromDisks(checkpoints, vote);
      if (node.isHonest && !isQuorum(epoch, checkpoints.get(placeOf(vote)), node.validator))
        violate(`node ${node.slot} has a certificate of height ${height} without a quorum of CHECKPOINTs`);
    },
  };
}

type Tally = Map<string, Set<number>>;

/** Whether the disk holds the validator's vote: as a promise, or, a CHECKPOINT whose epoch has ended, inside a certificate. */
function hasCast(disk: SimulatedDisk, voter: ValidatorIndex, vote: Vote): boolean {
  const key = KEYS.promisedVote(vote);
  if (promisedHash(disk.get(key), key) === vote.hash) return true;
  if (vote.kind !== 'checkpoint') return false;
  const certificate = certificateCodec.decode(disk.get(KEYS.certificate(vote.height)) ?? NOTHING);
  return certificate.ok && certificate.value.blockHash === vote.hash && certificate.value.signers.get(voter);
}

const NOTHING = new Uint8Array();

/** What is on disk is looked at again and again, for each node that relies on it: what was read of the very bytes. */
function readOnce<T>(read: (bytes: Uint8Array, key: string) => T): (bytes: Uint8Array | undefined, key: string) => T {
  const known = new WeakMap<Uint8Array, T>();
  return (bytes = NOTHING, key) => {
    const found = known.get(bytes);
    if (found !== undefined) return found;
    const value = read(bytes, key);
    known.set(bytes, value);
    return value;
  };
}

/** What a vote is for. */
const promisedHash = readOnce((bytes, key) => {
  const promise = decodePromise(key, bytes);
  return promise.ok && promise.value.kind === 'vote' ? promise.value.vote.vote.hash : null;
});

const bodyOf = readOnce((bytes) => {
  const record = blockRecordCodec.decode(bytes);
  return record.ok ? record.value.header.bodyHash : null;
});

/** The body of the node's block of this height. */
function bodyOnDisk(node: SimulatedNode, height: Height): Hash | null {
  const key = KEYS.block(height);
  return bodyOf(node.disk.get(key), key);
}

const add = (tally: Tally, place: string, voter: number): void =>
  void tally.set(place, (tally.get(place) ?? new Set()).add(voter));

/** Votes in a message of the node's own hand. */
function ownVotes(node: SimulatedNode, message: PeerMessage): readonly SignedVote[] {
  const votes =
    message.kind === 'vote' || message.kind === 'pre-prepare'
      ? [message.vote]
      : message.kind === 'new-view'
        ? message.newView.newView.prePrepares
        : [];
  return votes.filter(({ voter }) => voter === node.validator);
}

/** What an honest node says is on its disk already: its vote, the body it prepares, the block of a CHECKPOINT, the view. */
export function onDisk(epochs: Epochs, violate: Violate): Checker {
  const settled = new Map<number, number>();
  return {
    name: 'on disk',
    certified: ({ slot }, { height }) => void settled.set(slot, Math.max(settled.get(slot) ?? 0, height)),
    sent(node, message) {
      if (!node.isHonest) return;
      const low = settled.get(node.slot) ?? 0;
      const lacks = (what: string): void => violate(`node ${node.slot} sent ${what} that was not on its disk`);
      for (const signed of ownVotes(node, message)) if (signed.vote.height > low) onVote(node, signed, lacks);
      if (message.kind !== 'view-change' && message.kind !== 'new-view') return;
      const { epoch, view, voter } =
        message.kind === 'view-change' ? message.viewChange.viewChange : message.newView.newView;
      // What it passes on is somebody else's promise.
      if (voter !== node.validator) return;
      const ended = low >= (epochs.of(epoch)?.lastHeight ?? Number.POSITIVE_INFINITY);
      if (!ended && storedView(node, KEYS.promisedView(epoch, message.kind)) < view)
        lacks(`a ${message.kind.toUpperCase()} of view ${view}`);
    },
  };
}

const VIEW_RECORDS = ['view-change', 'new-view'] as const;

function onVote(node: SimulatedNode, signed: SignedVote, lacks: (what: string) => void): void {
  const { kind, epoch, view, height, hash } = signed.vote;
  const has = (key: string): boolean => node.disk.get(key) !== undefined;
  // That its view is left forbids more than the vote did, which may be forgotten then.
  const reached = Math.max(...VIEW_RECORDS.map((record) => storedView(node, KEYS.promisedView(epoch, record))));
  if ((kind === 'checkpoint' || reached <= view) && !has(KEYS.promisedVote(signed.vote)))
    lacks(`a ${kind} of height ${height}`);
  if (kind === 'checkpoint') {
    if (!has(KEYS.block(height))) lacks(`the block of its CHECKPOINT of height ${height}`);
    return;
  }
  if (view > 0 && storedView(node, KEYS.promisedView(epoch, 'new-view')) < view)
    lacks(`the NEW-VIEW of its ${kind} in view ${view}`);
  // Once the height is executed a body that lost is gone.
  const isOpen = (node.driver?.status().executedHeight ?? 0) < height;
  if (kind !== 'pre-prepare' && isOpen && hash !== NULL_BODY_HASH && !has(KEYS.body(height, hash)))
    lacks(`the body of its ${kind} of height ${height}`);
}

/** The view of the VIEW-CHANGE or NEW-VIEW on disk; 0 where there is none. */
const storedView = (node: SimulatedNode, key: string): number => viewOnDisk(node.disk.get(key), key);

const viewOnDisk = readOnce((bytes, key) => {
  const record = decodePromise(key, bytes);
  return record.ok ? viewOf(record.value) : 0;
});

function viewOf(record: PromiseRecord): number {
  if (record.kind === 'view-change') return record.viewChange.viewChange.view;
  return record.kind === 'new-view' ? record.newView.newView.view : 0;
}

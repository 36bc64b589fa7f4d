/** Persist before send, and bounds on what waits. */
import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { Driver } from '../../src/driver/driver.ts';
import type { SubmitOutcome } from '../../src/driver/transactions/fate.ts';
import { INPUTS_MAX, PEER_INPUT_BYTES_MAX } from '../../src/driver/limits.ts';
import type { AccountView, DriverNote, PeerId, StoreOperation } from '../../src/driver/ports.ts';
import { recover } from '../../src/driver/durability/recovery.ts';
import { Seals } from '../../src/driver/durability/seals.ts';
import { STATE_CACHE } from '../../src/driver/state/limits.ts';
import { ResidentState } from '../../src/driver/state/resident-state.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { EMPTY_TREE_ROOT } from '../../src/ledger/tree/hashing.ts';
import { standInSignature } from '../consensus/stand-in.ts';
import { makeGenesis, stranger } from '../ledger/network.ts';

/** One driver whose disk and clock do nothing by themselves. */
function alone(self = 0) {
  const genesis = makeGenesis();
  const writes: { batch: readonly StoreOperation[]; done: (error?: Error) => void }[] = [];
  const sent: { to: PeerId; message: Uint8Array }[] = [];
  const notes: DriverNote[] = [];
  const halted: Error[] = [];
  const turns: (() => void)[] = [];
  /** Questions to the store that are not answered. */
  const reads: (() => void)[] = [];
  const { publicKey } = genesis.validators.members[self]!;
  const driver = new Driver({
    genesis,
    publicKey,
    clock: { nowMs: () => 1_800_000_000_000, soon: (turn) => turns.push(turn) },
    transport: { send: (to, _lane, message) => sent.push({ to, message }), punish: () => {} },
    store: {
      write: (batch, done) => writes.push({ batch, done }),
      read: (keys, done) => reads.push(() => done(keys.map(() => undefined))),
      scan: (_range, done) => done([]),
    },
    verifier: { check: () => true, checkBatch: (checks, done) => done(checks.map(() => true)) },
    signer: { sign: (message) => standInSignature(publicKey, message) },
    observer: {
      finalized: () => {},
      rejected: () => {},
      offence: () => {},
      note: (note) => notes.push(note),
      halted: (error) => halted.push(error),
    },
    recovered: {
      state: genesisState(genesis, new ResidentState({ version: 0 as Height, root: EMPTY_TREE_ROOT }, STATE_CACHE)),
      offences: [],
      prunedTo: 0 as Height,
      certified: null,
      pending: [],
      blocks: [],
      bodies: [],
      promises: [],
      evidence: [],
      sealed: new Seals().sealed,
    },
  });
  const turn = () => {
    while (turns.length > 0) turns.shift()?.();
  };
  const peers = genesis.validators.members.map(({ peerId }) => peerId);
  return { driver, writes, sent, notes, halted, turn, peers, reads };
}

describe('a disk that never answers', () => {
  test('lets nothing out: not the vote that is being written, nor anything after it', () => {
    const { driver, writes, sent, turn, peers } = alone();
    for (const peer of peers.slice(1)) driver.peerConnected(peer);
    turn();
    expect(writes).toHaveLength(1);
    expect(writes[0]?.batch.some(({ key }) => key.includes('/vote/pre-prepare/'))).toBe(true);
    for (let i = 0; i < 100; i++) driver.tick();
    turn();
    expect(sent).toEqual([]);
    expect(writes).toHaveLength(1);
  });

  test('lets it out when it answers, in order', () => {
    const { driver, writes, sent, turn, peers } = alone();
    driver.peerConnected(peers[1]!);
    turn();
    writes[0]?.done();
    expect(sent.map(({ to, message }) => [to === peers[1], message[0]])).toEqual([
      [true, 4],
      [true, 1],
    ]);
  });

  test('that is broken stops the driver, and nothing leaves', () => {
    const { driver, writes, sent, turn, halted, peers } = alone();
    driver.peerConnected(peers[1]!);
    turn();
    writes[0]?.done(new Error('disk full'));
    driver.tick();
    turn();
    expect(halted.map(({ message }) => message)).toEqual(['disk full']);
    expect(sent).toEqual([]);
    expect(driver.status().halted).toBe(true);
  });

  test('leaves no client waiting for an answer', () => {
    const { driver, writes, turn } = alone();
    turn();
    const answers: SubmitOutcome[] = [];
    driver.submit(new Uint8Array(3), (outcome) => answers.push(outcome));
    writes[0]?.done(new Error('disk full'));
    driver.submit(new Uint8Array(3), (outcome) => answers.push(outcome));
    expect(answers).toMatchObject([{ code: 'NODE_HALTED' }, { code: 'NODE_HALTED' }]);
  });

  test('is waited for when the driver stops', () => {
    const { driver, writes, turn, peers } = alone();
    driver.peerConnected(peers[1]!);
    turn();
    let stopped = false;
    driver.stop(() => (stopped = true));
    expect(stopped).toBe(false);
    writes[0]?.done();
    expect(stopped).toBe(true);
  });
});

describe('while a disk is slow', () => {
  test('one peer’s messages fill no more than its own share', () => {
    const { driver, writes, notes, turn, peers } = alone();
    for (const peer of peers.slice(1)) driver.peerConnected(peer);
    turn();
    const garbage = new Uint8Array(1024 * 1024).fill(255);
    for (let i = 0; i < 100; i++) driver.receive(peers[1]!, garbage);
    for (let i = 0; i < 60_000; i++) driver.receive(peers[2]!, new Uint8Array([255]));
    driver.receive(peers[3]!, new Uint8Array([255]));
    writes[0]?.done();
    turn();
    const handled = (peer: PeerId) => notes.filter((note) => note.kind === 'misbehaviour' && note.peer === peer).length;
    expect(handled(peers[1]!) * garbage.length).toBeLessThanOrEqual(PEER_INPUT_BYTES_MAX + garbage.length);
    expect(handled(peers[1]!)).toBeGreaterThan(1);
    expect(handled(peers[2]!)).toBeLessThan(20_000);
    expect(handled(peers[3]!)).toBe(1);
    // What was handled makes room again.
    driver.receive(peers[1]!, garbage);
    turn();
    expect(handled(peers[1]!) * garbage.length).toBeGreaterThan(PEER_INPUT_BYTES_MAX - garbage.length);
  });
});

test('a new folder is written to before anything is answered', () => {
  const written = new Map<string, Uint8Array>();
  const writes: (() => void)[] = [];
  const opened: boolean[] = [];
  recover(
    {
      write: (batch, done) =>
        writes.push(() => {
          for (const operation of batch) if (operation.kind === 'put') written.set(operation.key, operation.value);
          done();
        }),
      read: (keys, done) => done(keys.map((key) => written.get(key))),
      scan: (_range, done) => done([]),
    },
    makeGenesis(),
    () => true,
    ({ ok }) => opened.push(ok),
  );
  expect(writes).toHaveLength(1);
  expect(opened).toEqual([]);
  writes[0]?.();
  expect(opened).toEqual([true]);
});

describe('who asks for an account', () => {
  test('hears that there is no answer where the driver ends before the store says anything, or has ended', () => {
    const { driver, turn, reads, writes } = alone();
    const answers: (AccountView | undefined)[] = [];
    driver.fetchAccount(stranger(1), (account) => answers.push(account));
    turn();
    driver.fetchAccount(stranger(2), (account) => answers.push(account));
    expect([reads.length, answers]).toEqual([1, []]);
    driver.stop(() => {});
    writes[0]?.done();
    reads[0]?.();
    driver.fetchAccount(stranger(3), (account) => answers.push(account));
    expect(answers).toEqual([undefined, undefined, undefined]);
  });

  test('is not let in where as many wait as there is room for, be it for one account', () => {
    const { driver, turn, reads } = alone();
    let refused = 0;
    const ask = (): void => driver.fetchAccount(stranger(1), () => (refused += 1));
    for (let asked = 0; asked < INPUTS_MAX; asked++) ask();
    turn();
    ask();
    expect([reads.length, refused]).toEqual([1, 1]);
  });
});

/** A validator with stake lies on a running network: it is punished, everybody is told, and the network goes on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { genesisFile } from '../../src/cli/testnet/layout.ts';
import { Client } from '../../src/client/client.ts';
import type { ValidatorTold } from '../../src/client/membership-values.ts';
import { fromHex } from '../../src/codec/hex.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { type SignedVote, voteSigningBytes } from '../../src/ledger/vote.ts';
import { LAUNCHER, TestnetFolder, trefoil, type Up } from './trefoil.ts';

const EPOCH_LENGTH = 8;
const LIAR = 3;
const pay = [
  'tx',
  'transfer',
  '--from',
  'alice',
  '--to',
  'bob',
  '--amount',
  '5',
  '--wait',
  '--timeout',
  '60s',
] as const;

describe('a validator with stake that equivocates', () => {
  const folder = new TestnetFolder();
  let child: ChildProcess;
  let exited: Promise<unknown>;
  let screen = '';
  let client: Client;
  let up: Up;

  beforeAll(async () => {
    const options = ['--stake', '40,30,20,10', '--epoch-length', String(EPOCH_LENGTH), '--byzantine', '3=equivocate'];
    child = spawn(process.execPath, [LAUNCHER, 'testnet', 'up', '--json', ...options, '--dir', folder.dir], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    exited = new Promise((resolve) => child.once('exit', resolve));
    child.stderr?.on('data', (chunk) => (screen += String(chunk)));
    let stdout = '';
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => {
        stdout += String(chunk);
        if (stdout.endsWith('\n')) resolve();
      });
    });
    up = JSON.parse(stdout) as Up;
    client = new Client({ urls: [present(up.nodes[0], 'a node').http] });
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  /** Waits until the node tells it so; a payment makes the next block. */
  async function until(wanted: (told: ValidatorTold) => boolean): Promise<ValidatorTold> {
    for (let blocks = 0; blocks < 10 * EPOCH_LENGTH; blocks++) {
      const told = await client.membership.validator(LIAR);
      if (wanted(told)) return told;
      await folder.json(...pay);
    }
    throw new Error('never seen');
  }

  it('begins with the power of its stake', () => {
    expect(up.nodes.map(({ power }) => power)).toEqual(['40', '30', '20', '10']);
  });

  it('loses stake at once, and its record says why, with the proof', async () => {
    const told = await until(({ offences }) => offences > 0);
    expect(told).toMatchObject({ status: 'tombstoned', index: LIAR });
    expect(told.slashed).toBeGreaterThan(0n);
    expect(told.stake + told.slashed).toBe(10n);
    expect(told.explanation).toMatch(/^It signed two different [a-z-]+ messages at height \d+/);
    const { evidence } = present(told.evidence[0], 'evidence');
    const { chainId } = await client.status();
    if (evidence.kind !== 'equivocation') throw new Error(`evidence of ${evidence.kind}`);
    const votes = [evidence.first, evidence.second];
    expect(new Set(votes.map(({ vote }) => vote.hash)).size).toBe(2);
    for (const { vote, voter, signature } of votes) {
      const bytes = voteSigningBytes(chainId, vote as SignedVote['vote']);
      expect(voter).toBe(LIAR);
      expect(nobleEd25519.verify(fromHex(told.publicKey), bytes, fromHex(signature))).toBe(true);
    }
  });

  it('is convicted by a file that anybody can check who has the genesis', async () => {
    const file = join(folder.dir, '..', 'evidence.json');
    await folder.json('validator', 'show', String(LIAR), '--evidence', file);
    const genesis = genesisFile(folder.dir);
    const { exitCode, stdout } = await trefoil('forensics', 'verify', file, '--genesis', genesis, '--json');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([
      0,
      { valid: true, culprits: [LIAR], power: '10', total: '100' },
    ]);
  });

  it('has no power of its own any more when the next epoch begins, and the network goes on', async () => {
    const told = await until(({ epoch }) => epoch >= 1);
    // Three would be left, so it keeps its seat, with less: an alarm.
    expect(told).toMatchObject({ status: 'tombstoned', kept: true });
    expect(told.power).toBeLessThan(10n);
    expect(await folder.json(...pay)).toMatchObject({ status: 'committed', receipt: { code: 'OK' } });
    expect((await folder.status()).agreed).toBe(true);
    // What was burnt and what the treasury got is what it lost.
    const { validators } = await client.membership.validators();
    expect(validators.filter(({ slashed }) => slashed > 0n).map(({ index }) => index)).toEqual([LIAR]);
  });

  it('is told of on the screen: who, what for, how much, and where the proof is', async () => {
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(screen).toMatch(
      /Validator 3 is punished, and tombstoned\. It lost 1 of 10\. It signed two different .* Download the proof, for `trefoil forensics verify`: http:\/\/127\.0\.0\.1:\d+\/v1\/validators\/3\/evidence\n/,
    );
    expect(screen).toMatch(/Epoch 1 has other members\. Their powers: 0: 40, 1: 30, 2: 20, 3: 9 \(kept\)\./);
  });
});

/** `trefoil forensics`, from files and from data folders, with real signatures. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { toHex } from '../../src/codec/hex.ts';
import { commitCertificateOf } from '../../src/consensus/tally.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { keepCommits } from '../../src/driver/durability/hearsay.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import { type SignedVote, type Vote, type VoteKind, voteSigningBytes } from '../../src/ledger/vote.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { openLevelStore } from '../../src/storage/level-store.ts';
import { H } from '../consensus/kit.ts';
import { run } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'trefoil-forensics-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const write = (name: string, json: unknown): string => {
  writeFileSync(at(name), JSON.stringify(json));
  return at(name);
};

const { genesisText, validators } = developmentNetwork(4);
const parsed = parseGenesis(genesisText);
if (!parsed.ok) throw new Error(parsed.error.message);
const genesis = parsed.value;
writeFileSync(at('genesis.json'), genesisText);
const WITH_GENESIS = ['--genesis', at('genesis.json'), '--json'];

function votesOf(kind: VoteKind, height: number, letter: string, voters: readonly number[]): SignedVote[] {
  const vote = { kind, epoch: 0, view: 0, height, hash: H(letter) } as unknown as Vote;
  return voters.map((voter) => {
    const secret = present(validators[voter], 'a validator').validatorSecret;
    return {
      vote,
      voter: voter as never,
      signature: nobleEd25519.sign(secret, voteSigningBytes(genesis.chainId, vote)),
    };
  });
}

/** As the HTTP interface shows it. */
const block = (letter: string, voters: readonly number[]) => ({
  certificate: {
    epoch: 0,
    height: 7,
    blockHash: H(letter),
    signers: voters,
    signatures: votesOf('checkpoint', 7, letter, voters).map(({ signature }) => toHex(signature)),
  },
});

async function storeWith(name: string, letter: string, voters: readonly number[]): Promise<string> {
  const votes = votesOf('commit', 7, letter, voters);
  const batch = new Batch();
  keepCommits(batch, commitCertificateOf(new Map(votes.map((vote) => [vote.voter, vote])), H(letter)));
  const store = await openLevelStore(at(name));
  await new Promise<void>((resolve) => store.write(batch.take().operations, () => resolve()));
  await store.close();
  return at(name);
}

describe('two blocks of one height', () => {
  const files = [write('a.json', block('a', [0, 1, 2])), write('b.json', block('b', [1, 2, 3]))];
  const report = at('report.json');
  let printed: unknown;

  beforeAll(async () => {
    const ran = await run(['forensics', ...files, '--out', report, ...WITH_GENESIS]);
    printed = { exitCode: ran.exitCode, ...JSON.parse(ran.stdout) };
  });

  it('name those who signed both', () => {
    expect(printed).toMatchObject({
      exitCode: 0,
      culprits: [
        { index: 1, power: '1', evidence: { kind: 'equivocation' } },
        { index: 2, power: '1', evidence: { kind: 'equivocation' } },
      ],
      power: '2',
      total: '4',
      fork: { height: 7, kind: 'checkpoint' },
    });
    expect({ exitCode: 0, ...JSON.parse(readFileSync(report, 'utf8')) }).toEqual(printed);
  });

  it('make a report that anybody can verify', async () => {
    const { exitCode, stdout } = await run(['forensics', 'verify', report, ...WITH_GENESIS]);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([
      0,
      { valid: true, culprits: [1, 2], power: '2', total: '4' },
    ]);
  });

  it('make one in which nothing can be changed: exit code 4, and what does not hold', async () => {
    const text = readFileSync(report, 'utf8');
    const forged = at('forged.json');
    writeFileSync(forged, text.replaceAll(/"index": 2,\n(\s*)"power": "1"/g, '"index": 3,\n$1"power": "1"'));
    const { exitCode, stdout } = await run(['forensics', 'verify', forged, ...WITH_GENESIS]);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([4, { valid: false, code: 'ANOTHER_CULPRIT' }]);
  });
});

describe('two data folders', () => {
  let folders: string[];
  beforeAll(async () => {
    folders = [await storeWith('one', 'a', [0, 1, 2]), await storeWith('two', 'b', [1, 2, 3])];
  });

  it('name those who committed to two bodies', async () => {
    const dirs = folders.flatMap((dir) => ['--dir', dir]);
    const { exitCode, stdout } = await run(['forensics', ...dirs, ...WITH_GENESIS]);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([
      0,
      { culprits: [{ index: 1 }, { index: 2 }], power: '2', fork: { kind: 'commit' } },
    ]);
  });

  it('are extracted into files that do the same', async () => {
    const files: string[] = [];
    for (const [position, dir] of folders.entries()) {
      const { stdout } = await run(['forensics', 'extract', dir, ...WITH_GENESIS]);
      files.push(write(`extracted-${position}.json`, JSON.parse(stdout)));
    }
    const { stdout } = await run(['forensics', ...files, ...WITH_GENESIS]);
    expect(JSON.parse(stdout)).toMatchObject({ culprits: [{ index: 1 }, { index: 2 }], power: '2' });
  });

  it('of which one says nothing name nobody, and the text says so', async () => {
    const { exitCode, stdout } = await run(['forensics', '--dir', folders[0]!, '--genesis', at('genesis.json')]);
    expect([exitCode, stdout]).toEqual([0, 'no fork in epoch 0\nnobody is proved to have lied\n']);
  });
});

it.each([
  ['nothing', [], 'NOTHING_TO_COMPARE', 2],
  ['a file that is not there', [at('nowhere.json')], 'FILE_UNREADABLE', 1],
  ['a file that is none of them', [at('genesis.json')], 'MALFORMED', 1],
])('given %s it says what is wrong', async (_, files, code, exitCode) => {
  const ran = await run(['forensics', ...files, ...WITH_GENESIS]);
  expect(ran.exitCode).toBe(exitCode);
  expect(ran.stdout + ran.stderr).toContain(code);
});

/** Epochs and powers have one owner each: who asks them follows a set that changes, and who computes again does not. */
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

interface Rule {
  readonly what: string;
  readonly pattern: RegExp;
  /** Where it is right, and why. */
  readonly owners: Readonly<Record<string, string>>;
  /** What the pattern must find, so that it cannot rot. */
  readonly examples: readonly string[];
}

const RULES: readonly Rule[] = [
  {
    what: 'computes with the length of epochs',
    pattern: /\bepochLength\b/,
    owners: {
      'src/ledger/epoch.ts': 'it makes epochs of it',
      'src/ledger/genesis.ts': 'a field of the genesis',
      'src/ledger/membership/parameters.ts': 'a parameter of an epoch',
      'src/ledger/membership/boundary.ts': 'begins the next epoch',
      'src/ledger/parameter-ranges.ts': 'says what a genesis or a proposal may make of it',
      'src/ledger/genesis-schema.ts': 'a field of the genesis file',
      'src/node/development.ts': 'makes a genesis',
      'src/api/membership.ts': 'tells it',
      'src/cli/testnet/command.ts': 'asks what a genesis is made of',
      'src/cli/testnet/network.ts': 'asks what a genesis is made of',
      'src/cli/testnet/founding.ts': 'makes a genesis',
      'src/cli/testnet/layout.ts': 'keeps what a genesis was made of',
      'src/simulator/world/keys.ts': 'makes a genesis',
      'src/simulator/search/scenario.ts': 'draws what a genesis is made of',
      'src/simulator/world/owners.ts': 'proposes another one',
      'src/simulator/story/story.ts': 'tells what the genesis says',
    },
    examples: ['const end = (epoch + 1) * genesis.consensus.epochLength;', 'const { epochLength } = consensus;'],
  },
  {
    what: 'reads the validators of the genesis',
    pattern:
      /\bgenesis(?:\.value)?\.validators\b|\bvalidators\b[^{}=;]*\}(?:: \w+)? = (?:[\w#]+\.)*genesis;|\{ genesis: \{ validators\b/,
    owners: {
      'src/ledger/membership/founding.ts': 'puts them into the first state',
      'src/ledger/state/ledger-state.ts': 'the header of the genesis commits to them',
      'src/cli/testnet/network.ts': 'lists whom the genesis of a test network names',
      'src/simulator/world/people.ts': 'gives those whom the genesis names their keys',
      'src/simulator/story/story.ts': 'tells what the genesis says',
    },
    examples: [
      'primaryOf(genesis.validators, epoch, view)',
      'const { validators } = genesis;',
      'const { validators, total } = this.#context.genesis;',
      'const whisper = ({ genesis: { validators }, self }) => {',
    ],
  },
  {
    what: 'sums powers',
    pattern:
      /\b(?:sum|power|total)\s*(?:\+=?)\s*[\w.?()[\]]*[pP]ower\b|\.power \?\? 0n|\+= power\b|\bsum \+ (?:own|power)\b/,
    owners: {
      'src/ledger/validators.ts': 'the owner',
      'src/simulator/checkers/quorum.ts': 'a judge that asked the judged would share its mistakes',
      'src/simulator/checkers/members-model.ts': 'a judge that asked the judged would share its mistakes',
      'src/simulator/search/scenario.ts': 'draws powers before there is a set',
    },
    examples: [
      'power += validators.members[voter]?.power ?? 0n;',
      'validators.reduce((sum, { power }) => sum + power, 0n)',
      'total += validator.power;',
      'total += power;',
    ],
  },
  {
    what: 'computes two thirds, or a third, of a power',
    pattern: /\b[23]n \*(?!\*)|\/ 3n\b/,
    owners: {
      'src/ledger/validators.ts': 'the owner',
      'src/simulator/checkers/quorum.ts': 'a judge that asked the judged would share its mistakes',
      'src/simulator/search/scenario.ts': 'draws liars before there is a set',
    },
    examples: ['if (3n * power > 2n * set.total) return;', 'const required = (2n * total) / 3n + 1n;'],
  },
];

const sources = globSync('src/**/*.ts', { cwd: ROOT })
  .map((path) => path.split(sep).join('/'))
  .toSorted();

/** Comments say what they like. */
const codeOf = (path: string): string =>
  readFileSync(join(ROOT, path), 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|\s)\/\/.*$/gm, '');

describe.each(RULES)('nobody but its owners $what', ({ pattern, owners, examples }) => {
  test('is told of when it does', () => {
    for (const example of examples) expect(example).toMatch(pattern);
  });

  test('holds', () => {
    expect(sources.length).toBeGreaterThan(100);
    const found = sources.filter((path) => pattern.test(codeOf(path)));
    expect(found.filter((path) => !(path in owners))).toEqual([]);
  });

  test('excuses nobody who no longer does', () => {
    expect(Object.keys(owners).filter((path) => !pattern.test(codeOf(path)))).toEqual([]);
  });
});

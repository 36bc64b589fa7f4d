import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { Laboratory } from './laboratory.ts';
import { edit, type Mutant, misfits } from './mutant.ts';
import { mutants } from './mutants.ts';

const SOURCES = join(import.meta.dirname, '..', '..', 'src');
const BUDGET_MS = 20_000;

const laboratory = new Laboratory();
afterAll(() => laboratory.close());

const named = (name: string): Mutant =>
  present(
    mutants.find((mutant) => mutant.name === name),
    name,
  );

/** Changes nothing that can be observed. */
const harmless: Mutant = {
  name: 'harmless',
  clause: 'N1',
  breaks: 'breaks nothing',
  edits: [
    edit('consensus/tally.ts', 'const voters: ValidatorIndex[] = [];', 'const voters: ValidatorIndex[] = [].slice();'),
  ],
};

describe('seeded bugs', () => {
  test('are many, each of its own name', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(30);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s has its place in the sources', (_, mutant) => {
    expect(misfits(SOURCES, mutant)).toEqual([]);
  });

  test('that have no place in the sources are told', () => {
    const lost = { ...harmless, edits: [edit('consensus/tally.ts', 'no such text', '')] };
    expect(misfits(SOURCES, lost)).toEqual([expect.stringContaining('stands 0 times')]);
  });

  test.each([
    ['low-water-mark-ignored', 'health'],
    ['prepares-without-body', 'on disk'],
    ['invalid-body-accepted', 'authorship'],
    ['raft-older-term-by-count', 'leader completeness'],
    ['raft-vote-not-durable', 'election safety'],
    ['raft-log-not-compared', 'leader completeness'],
    ['raft-match-of-next', 'leader completeness'],
    ['raft-leader-not-asked-for', 'quiet return'],
    ['version-of-the-block-alone', 'execution'],
    ['lease-not-checked', 'tests'],
    ['raft-turn-lost', 'all final'],
    ['raft-next-not-given', 'promptness'],
    ['undo-forgets-nodes', 'tests'],
    ['restored-root-not-checked', 'tests'],
  ])('%s is caught by the checker of %s', async (name, checker) => {
    const { caught, disputed } = await laboratory.examine(named(name), BUDGET_MS);
    expect(caught?.checker).toBe(checker);
    expect(disputed).toEqual([]);
  });

  test('survive when they change nothing', async () => {
    const { caught, trials } = await laboratory.examine(harmless, 1);
    expect(caught).toBeNull();
    expect(trials).toBe(1);
  });

  test('survive a file of tests, which is run once, when they change nothing', async () => {
    const directed = { tests: 'test/ledger/state/entry-map.test.ts' };
    const { caught, trials } = await laboratory.examine({ ...harmless, directed }, BUDGET_MS);
    expect(caught).toBeNull();
    expect(trials).toBe(1);
  });

  test('are not examined by tests that are not there', async () => {
    const directed = { tests: 'test/ledger/no-such.test.ts' };
    await expect(laboratory.examine({ ...harmless, directed }, BUDGET_MS)).rejects.toThrow('no-such.test.ts');
  });
});

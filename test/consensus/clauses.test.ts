/** SPEC.md and the code name the same clauses, and every one of them is exercised. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import type { Height, View } from '../../src/base/brand.ts';
import { CLAUSES, type Clause, listenToMarks } from '../../src/consensus/marks.ts';
import { reproposals } from '../../src/consensus/new-view.ts';
import { newViewFor, statusOf } from '../../src/consensus/status.ts';
import { playTranscript } from '../../src/simulator/transcripts/play.ts';
import { parseTranscript } from '../../src/simulator/transcripts/transcript.ts';
import { runScenario } from '../../src/simulator/search/run.ts';
import { pinned } from '../simulator/pinned.ts';
import { Bench, H } from './kit.ts';

const SRC = join(import.meta.dirname, '..', '..', 'src');
const CONCEALED = join(import.meta.dirname, '..', 'simulator', 'scenarios', 'evidence-concealed.txt');
const SPEC = readFileSync(join(SRC, 'consensus', 'SPEC.md'), 'utf8');

/** Runs that pass all marks that simulated networks pass; found by looking at many. */
const RUNS = [
  '--seed 24 --nodes 4 --byzantine 3=invalid-body --faults delay,loss',
  '--seed 52 --nodes 4 --byzantine 0=silent --faults pause',
  '--seed 43 --nodes 4 --byzantine 0=stale-prepared --faults amnesia,bit-flip,clog,delay',
  '--seed 18 --nodes 4 --byzantine 2=slow --faults bit-flip',
  '--seed 47 --nodes 4 --byzantine 2=corrupt --faults skew,slow',
  '--seed 15 --nodes 4 --byzantine 0=double-checkpoint --faults amnesia,clog,one-way,partition',
  '--seed 12 --nodes 6 --byzantine 5=stale-prepared --faults clog',
  '--seed 19 --nodes 7 --byzantine 5=usurp --byzantine 2=replay --faults bit-flip,loss',
  '--seed 2 --nodes 5 --byzantine 0=skip --faults bit-flip,clog,crash,pause',
  '--seed 69 --nodes 4 --byzantine 1=return --faults amnesia,partition,pause,skew',
  '--seed 106 --nodes 10 --byzantine 8=return --byzantine 6=return --faults crash',
  '--seed 143 --powers 5,3,5,2 --byzantine 3=stray --faults amnesia,crash,loss,one-way',
  '--seed 149 --nodes 4 --faults crash,duplication,loss,reorder',
];

const seen = new Set<Clause>();
const byName = (a: string | undefined, b: string | undefined): number => (a ?? '').localeCompare(b ?? '');

beforeAll(() => listenToMarks((clause) => seen.add(clause)));
afterAll(() => listenToMarks(null));

test('SPEC.md has each clause once, and no other', () => {
  const written = [...SPEC.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(([, name]) => name);
  expect(written.toSorted(byName)).toEqual([...CLAUSES].toSorted(byName));
});

test('SPEC.md links to functions and types that stand where it says', () => {
  const links = [...SPEC.matchAll(/\[`(\w+)`\]\(([\w./-]+\.ts)\)/g)];
  expect(links.length).toBeGreaterThan(40);
  const astray = links.filter(([, name, file]) => {
    const source = readFileSync(join(SRC, 'consensus', present(file, 'a file')), 'utf8');
    return !new RegExp(`^(?:export )?(?:function|const|class|interface|type) ${name}\\b`, 'm').test(source);
  });
  expect(astray.map(([link]) => link)).toEqual([]);
});

test('SPEC.md explains the words of the paper', () => {
  const glossary = present(
    SPEC.split('\n## ').find((part) => part.startsWith('Glossary')),
    'a glossary',
  ).toLowerCase();
  const words = [
    'prepared predicate',
    'prepared certificate',
    'committed-local',
    'low-water mark',
    'high-water mark',
    'stable checkpoint',
    'garbage collection',
    'state transfer',
    'null request',
    'doubling of the timeout',
    'f + 1 join',
    'primary selection',
    'authentication',
  ];
  expect(words.filter((word) => !glossary.includes(word))).toEqual([]);
});

test('the code marks each clause', () => {
  const files = globSync('{consensus,driver}/**/*.ts', { cwd: SRC });
  const marked = new Set(
    files.flatMap((file) =>
      [...readFileSync(join(SRC, file), 'utf8').matchAll(/mark\(([^;]*)\);/g)].flatMap(([, argument]) =>
        [...present(argument, 'the argument').matchAll(/'([A-Z]\d+)'/g)].map(([, name]) => name),
      ),
    ),
  );
  expect([...marked].toSorted(byName)).toEqual([...CLAUSES].toSorted(byName));
});

describe('exercised', () => {
  test('by simulated networks under faults and liars', () => {
    for (const options of RUNS)
      expect({
        options,
        violations: runScenario({ ...pinned(options), operations: 'transfers', durationMs: 8000 }).violations,
      }).toEqual({
        options,
        violations: [],
      });
  });

  test('V9: a height that nobody prepared, below one that somebody did', () => {
    const { pens } = new Bench();
    const viewChanges = [0, 1, 2].map((voter) =>
      pens.viewChange(voter, 1, { prepared: voter === 1 ? [pens.prepared(0, 2, H('a'), [1, 2])] : [] }),
    );
    expect(reproposals(1 as Height, viewChanges)).toHaveLength(2);
  });

  test('V13: a primary that censors', () => {
    const bench = new Bench();
    bench.give({ kind: 'censored', view: bench.replica.view });
    expect(bench.replica.view).toBe(1);
  });

  test('A3: a primary that leaves evidence out', () => {
    const transcript = parseTranscript(readFileSync(CONCEALED, 'utf8'));
    expect(transcript.ok && playTranscript(transcript.value).violations).toEqual([]);
  });

  test('V16, R9: a replica alone in a higher view', () => {
    const bench = new Bench();
    bench.receive(3, { kind: 'view-change', viewChange: bench.pens.viewChange(3, 1) });
    bench.ticks(bench.instance.baseTimeoutTicks);
    bench.status(0, {});
    bench.ticks(3 * bench.instance.baseTimeoutTicks);
    expect(bench.replica.view).toBe(1);
  });

  test('R11: an observer in a lower view', () => {
    const bench = new Bench({ self: 2 });
    const viewChanges = [1, 2, 3].map((other) => bench.pens.viewChange(other, 1));
    bench.receive(1, { kind: 'new-view', newView: bench.pens.newView(1, viewChanges) });
    expect(newViewFor(bench.replica, { ...statusOf(bench.replica), view: 0 as View }, 0)).not.toBeNull();
  });

  test('P2, P3: a vote of before the crash stands where another would', () => {
    const { pens } = new Bench();
    const records = [{ kind: 'vote', vote: pens.vote(1, 'checkpoint', 0, 1, H('a')) } as const];
    for (const blockHash of [H('a'), H('b')])
      new Bench({}, { records }).give({ kind: 'block-executed', height: 1 as Height, blockHash });
  });

  test('P4: a view that was moved to before the crash', () => {
    const { pens } = new Bench();
    const bench = new Bench({}, { records: [{ kind: 'view-change', viewChange: pens.viewChange(1, 3) }] });
    expect(bench.replica.view).toBe(3);
  });

  test('P6: a block that is durable without our CHECKPOINT', () => {
    const blocks = [{ height: 1 as Height, hash: H('a') }];
    expect(new Bench({}, { blocks, executedHeight: 1 as Height }).beginning.join('\n')).toContain('checkpoint');
  });

  test('N6: an invalid body', () => {
    const bench = new Bench();
    bench.vote(0, 'pre-prepare', 0, 1, H('a'));
    expect(bench.bodyChecked(0, 1, H('a'), false)[0]).toBe('view-change-started v1 invalid-body');
  });

  // Last: it looks at what the tests above have seen.
  test('all of them', () => {
    expect(CLAUSES.filter((clause) => !seen.has(clause))).toEqual([]);
  });
});

/** Runs the simulator of one copy of the sources, or a file of tests on it, until a checker or a test fails or time is up. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { invariant, present, unreachable } from '../../src/base/invariant.ts';
import type { Single } from '../../src/compare/protocol.ts';
import { failedTest } from './test-run.ts';
import { type Answer, type Play, type Question, trialsFrom } from './trials.ts';

type ComparedRunModule = typeof import('../../src/compare/run.ts');
type ComparedScenarioModule = typeof import('../../src/compare/scenario.ts');
type FiguresModule = typeof import('../../src/compare/raft/figures.ts');
type RaftNetworkModule = typeof import('../../src/compare/raft-network.ts');
type SeedsModule = typeof import('../../src/compare/raft/seeds.ts');
type Sha256Module = typeof import('../../src/crypto/node-sha256.ts');
type PlayModule = typeof import('../../src/simulator/transcripts/play.ts');
type RunModule = typeof import('../../src/simulator/search/run.ts');
type ScenarioModule = typeof import('../../src/simulator/search/scenario.ts');
type TranscriptModule = typeof import('../../src/simulator/transcripts/transcript.ts');

const say = (answer: Answer): void => void process.send?.(answer);

async function work({ copy, task, untilMs }: Question): Promise<Answer> {
  const load = async <T>(path: string): Promise<T> => (await import(pathToFileURL(join(copy, path)).href)) as T;
  const { installNodeSha256 } = await load<Sha256Module>('crypto/node-sha256.ts');
  const { runScenario } = await load<RunModule>('simulator/search/run.ts');
  const { commandOf, scenarioOf } = await load<ScenarioModule>('simulator/search/scenario.ts');
  const { parseTranscript } = await load<TranscriptModule>('simulator/transcripts/transcript.ts');
  const { playTranscript } = await load<PlayModule>('simulator/transcripts/play.ts');
  const { runRaftSeed } = await load<SeedsModule>('compare/raft/seeds.ts');
  const { raftFigures } = await load<FiguresModule>('compare/raft/figures.ts');
  const { runOnce } = await load<ComparedRunModule>('compare/run.ts');
  const { raft } = await load<RaftNetworkModule>('compare/raft-network.ts');
  const { scenarios } = await load<ComparedScenarioModule>('compare/scenario.ts');
  installNodeSha256();

  const failureOf = (play: Play): { checker: string; message: string } | undefined => {
    try {
      if (play.kind === 'scenario') return runScenario(play.scenario).violations[0];
      if (play.kind === 'tests') return failedTest(copy, play.file);
      if (play.kind === 'raft') return breach(runRaftSeed(play.seed).violations);
      if (play.kind === 'raft-compared') {
        const scenario = present(
          scenarios.find(({ name }) => name === play.scenario),
          play.scenario,
        );
        return unserved(runOnce(raft, scenario, play.seed), scenario.events.length === 0);
      }
      if (play.kind === 'raft-figure')
        return breach(present(raftFigures.get(play.figure), play.figure)().checker.violations);
      const transcript = parseTranscript(play.text);
      invariant(transcript.ok, 'transcripts can be read', transcript.ok ? {} : { error: transcript.error.message });
      return playTranscript(transcript.value).violations[0];
    } catch (error) {
      if (play.kind === 'tests') throw error;
      return { checker: 'exception', message: String(error) };
    }
  };

  const trials =
    task.kind === 'once' ? [{ number: 0, play: task.play }] : trialsFrom(task.first, task.directed, scenarioOf);
  for (const { number, play } of trials) {
    const command = commandFor(play, commandOf);
    say({ kind: 'trying', number, play, command });
    const failure = failureOf(play);
    if (failure !== undefined) {
      const { checker, message } = failure;
      return { kind: 'failed', number, play, command, checker, message };
    }
    if (Date.now() >= untilMs) break;
  }
  return { kind: 'held' };
}

const breach = ([violation]: readonly { readonly property: string; readonly message: string }[]) =>
  violation === undefined ? undefined : { checker: violation.property, message: violation.message };

/** Longer than all messages between continents that one transaction takes, and shorter than clients are patient. */
const PROMPT_MS = 1000;

/** What an honest cluster owes its clients: all that is asked for, and promptly where nothing is wrong. */
function unserved({ committed, submitted, finalityMs }: Single, isCalm: boolean): ReturnType<typeof breach> {
  if (committed < submitted) return breach([{ property: 'all final', message: `${submitted - committed} never are` }]);
  const ms = finalityMs.p99 ?? 0;
  if (!isCalm || ms <= PROMPT_MS) return undefined;
  return breach([{ property: 'promptness', message: `of 100 transactions one takes ${ms} ms` }]);
}

function commandFor(play: Play, commandOf: ScenarioModule['commandOf']): string {
  switch (play.kind) {
    case 'scenario':
      return commandOf(play.scenario);
    case 'transcript':
      return `npx trefoil simulate --scenario test/simulator/scenarios/${play.name}.txt`;
    case 'raft':
      return `npm run hunt -- --search raft --seed ${play.seed} --count 1`;
    case 'raft-compared':
      return `npx trefoil compare --only ${play.scenario} --runs 1 --seed ${play.seed}`;
    case 'raft-figure':
      return 'npx vitest run test/compare/raft/figures.test.ts';
    case 'tests':
      return `npx vitest run ${play.file}`;
    default:
      return unreachable(play);
  }
}

process.once('message', (question: Question) => {
  void work(question)
    .catch((error: unknown): Answer => ({ kind: 'unusable', message: String(error) }))
    .then((answer) => process.send?.(answer, () => process.disconnect()));
});

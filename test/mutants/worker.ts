/** Runs the simulator of one copy of the sources until a checker fails or time is up. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Scenario } from '../../src/simulator/scenario.ts';
import { type Answer, type Question, trialsFrom } from './trials.ts';

type Sha256Module = typeof import('../../src/crypto/node-sha256.ts');
type RunModule = typeof import('../../src/simulator/run.ts');
type ScenarioModule = typeof import('../../src/simulator/scenario.ts');

const say = (answer: Answer): void => void process.send?.(answer);

async function work({ copy, task, untilMs }: Question): Promise<Answer> {
  const load = async <T>(path: string): Promise<T> => (await import(pathToFileURL(join(copy, path)).href)) as T;
  const { installNodeSha256 } = await load<Sha256Module>('crypto/node-sha256.ts');
  const { runScenario } = await load<RunModule>('simulator/run.ts');
  const { commandOf, scenarioOf } = await load<ScenarioModule>('simulator/scenario.ts');
  installNodeSha256();

  const failureOf = (scenario: Scenario): { checker: string; message: string } | undefined => {
    try {
      const [violation] = runScenario(scenario).violations;
      return violation;
    } catch (error) {
      return { checker: 'exception', message: String(error) };
    }
  };

  const trials =
    task.kind === 'once' ? [{ number: 0, scenario: task.scenario }] : trialsFrom(task.first, task.directed, scenarioOf);
  for (const { number, scenario } of trials) {
    const command = commandOf(scenario);
    say({ kind: 'trying', number, scenario, command });
    const failure = failureOf(scenario);
    if (failure !== undefined) {
      const { checker, message } = failure;
      return { kind: 'failed', number, scenario, command, checker, message };
    }
    if (Date.now() >= untilMs) break;
  }
  return { kind: 'held' };
}

process.once('message', (question: Question) => {
  work(question)
    .catch((error: unknown): Answer => ({ kind: 'unusable', message: String(error) }))
    .then((answer) => process.send?.(answer, () => process.disconnect()));
});

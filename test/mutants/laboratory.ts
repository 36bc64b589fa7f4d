/** Copies of the sources, one for each mutant, and the processes that run them. */
import { type ChildProcess, fork } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { misfits, type Mutant, seed } from './mutant.ts';
import type { Answer, Play, Question } from './trials.ts';

export interface Caught {
  /** The checker that failed; `hang` and `exception` where the copy could not even be run to a verdict. */
  readonly checker: string;
  readonly message: string;
  /** Shows it again, on sources with the bug. */
  readonly command: string;
}

export interface Result {
  readonly mutant: Mutant;
  /** Null for a survivor. */
  readonly caught: Caught | null;
  /** Scenarios that were run. */
  readonly trials: number;
  readonly seconds: number;
  /** Commands that fail without the bug too: they prove nothing, and have to be looked at. */
  readonly disputed: readonly string[];
}

const ROOT = join(import.meta.dirname, '..', '..');
/** A scenario takes a second; one that takes this long never ends. */
const HANG_MS = 60_000;

type Final = Exclude<Answer, { kind: 'trying' }>;

export class Laboratory {
  /** Below the project, so that its packages are found; not below node_modules, where Node runs no TypeScript. */
  readonly #folder: string;
  readonly #children = new Set<ChildProcess>();

  /** Takes a copy of the sources: what is edited from now on does not count. */
  constructor() {
    mkdirSync(join(ROOT, '.trefoil'), { recursive: true });
    this.#folder = mkdtempSync(join(ROOT, '.trefoil', 'mutants-'));
    cpSync(join(ROOT, 'src'), join(this.#folder, 'original'), { recursive: true });
  }

  /** Edits that the copy has no place for. */
  misfits(mutants: readonly Mutant[]): readonly string[] {
    return mutants.flatMap((mutant) => misfits(join(this.#folder, 'original'), mutant));
  }

  /** Ends its processes, and removes all copies. */
  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs a mutant until a checker sees it that sees nothing without it, or the time is up. Throws when it does not load. */
  async examine(mutant: Mutant, budgetMs: number): Promise<Result> {
    const copy = join(this.#folder, mutant.name);
    cpSync(join(this.#folder, 'original'), copy, { recursive: true });
    seed(copy, mutant);
    const startedMs = Date.now();
    const untilMs = startedMs + budgetMs;
    const disputed: string[] = [];
    let trials = 0;
    let caught: Caught | null = null;
    while (caught === null) {
      const task = { kind: 'series', first: trials, directed: mutant.directed } as const;
      const answer = await this.#ask({ copy, task, untilMs }, (number) => {
        trials = number + 1;
      });
      if (answer.kind === 'unusable') throw new Error(`${mutant.name}: ${answer.message}`);
      if (answer.kind === 'held') break;
      if (await this.#holdsWithoutBug(answer.play)) caught = answer;
      else disputed.push(answer.command);
    }
    rmSync(copy, { recursive: true, force: true });
    return { mutant, caught, trials, seconds: (Date.now() - startedMs) / 1000, disputed };
  }

  async #holdsWithoutBug(play: Play): Promise<boolean> {
    const copy = join(this.#folder, 'original');
    const answer = await this.#ask({ copy, task: { kind: 'once', play }, untilMs: 0 }, () => undefined);
    return answer.kind === 'held';
  }

  #ask(question: Question, trying: (number: number) => void): Promise<Final> {
    return new Promise((resolve) => {
      const child = fork(join(import.meta.dirname, 'worker.ts'), { serialization: 'advanced', silent: true });
      this.#children.add(child);
      let last: (Answer & { kind: 'trying' }) | null = null;
      let watch: NodeJS.Timeout | undefined;
      const end = (answer: Final): void => {
        clearTimeout(watch);
        this.#children.delete(child);
        child.kill('SIGKILL');
        resolve(answer);
      };
      const lost = (checker: string, message: string): void =>
        end(last === null ? { kind: 'unusable', message } : { ...last, kind: 'failed', checker, message });
      child.on('message', (answer: Answer) => {
        clearTimeout(watch);
        if (answer.kind !== 'trying') return end(answer);
        last = answer;
        trying(answer.number);
        watch = setTimeout(() => lost('hang', `no verdict within ${HANG_MS / 1000} s`), HANG_MS);
      });
      child.on('exit', (code, signal) => lost('exception', `the process ended with ${signal ?? code}`));
      child.send(question);
    });
  }
}

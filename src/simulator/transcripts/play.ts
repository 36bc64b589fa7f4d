/** Plays a transcript, step by step, until one does not come true or a checker finds a broken promise. */
import { present, unreachable } from '../../base/invariant.ts';
import { healAll } from '../faults/faults.ts';
import type { SimulatedNode } from '../world/node.ts';
import { type Outcome, outcomeOf } from '../story/outcome.ts';
import { Rules } from './rules.ts';
import { Simulation } from '../simulation.ts';
import { Story } from '../story/story.ts';
import { coalitionOf } from '../../strategies/coalition.ts';
import { strategies } from '../../strategies/registry.ts';
import type { TraceSink } from '../world/trace.ts';
import type { Action, Condition, Nodes, Reading, Transcript } from './transcript.ts';

export interface Played extends Outcome {
  /** Of the file: where something failed; null when all came true, or a promise is broken only by the end. */
  readonly failedLine: number | null;
}

/** A step that does not come true counts as a violation of the checker `transcript`. */
export function playTranscript({ network, steps }: Transcript, sink?: TraceSink): Played {
  const { liars, plan, ...setup } = network;
  const story = new Story(liars);
  const simulation = new Simulation({
    ...setup,
    liars: new Map([...liars].map(([index, name]) => [index, present(strategies.get(name), name).factory])),
    trace: sink === undefined ? [story] : [story, sink],
  });
  if (plan.length > 0) coalitionOf(simulation).plan = plan;
  story.begin(simulation);
  const play = new Play(simulation);
  const { violations } = simulation;
  const failed = steps.find(({ line, text, action }) => {
    simulation.note('step', line, text);
    const unmet = play.act(action);
    // What a checker says is why the step did not come true.
    if (unmet !== null && violations.length === 0) simulation.violate('transcript', `line ${line}, ${text}: ${unmet}`);
    return violations.length > 0;
  });
  if (failed === undefined) {
    simulation.note('played');
    simulation.finish();
  }
  return { ...outcomeOf(simulation, story, ['transcript']), failedLine: failed?.line ?? null };
}

/** What makes nothing go wrong. */
const HARMLESS: ReadonlySet<Action['kind']> = new Set(['submit', 'load', 'run']);

class Play {
  readonly #simulation: Simulation;
  readonly #rules = new Rules();
  #account = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** Null, or why it did not come true. */
  act(action: Action): string | null {
    if (action.kind === 'until') return this.#until(action.condition, action.withinMs);
    if (action.kind === 'expect') return this.#holds(action.reading) ? null : this.#standing();
    if (!HARMLESS.has(action.kind)) this.#simulation.troubles += 1;
    this.#happen(action);
    return null;
  }

  #happen(action: Exclude<Action, { kind: 'until' | 'expect' }>): void {
    switch (action.kind) {
      case 'start':
      case 'crash':
      case 'pause':
      case 'resume':
        for (const node of this.#nodes(action.nodes)) node[action.kind]();
        return;
      case 'submit':
        for (const node of this.#nodes(action.nodes)) this.#submit(node);
        return;
      case 'skew':
        this.#simulation.node(action.node).skewMs = action.ms;
        return;
      case 'load':
        return this.#simulation.clients.load(action.everyMs);
      case 'cut':
      case 'sever':
        return this.#cut(action);
      case 'clog':
        for (const [a, b] of this.#pairs(action)) this.#simulation.links.between(a.slot, b.slot).clogged = true;
        return;
      case 'rule':
        this.#simulation.filter = this.#rules.filterFor(this.#simulation);
        return this.#rules.add(action.rule);
      case 'pass':
        return this.#pass();
      case 'heal':
        this.#pass();
        return healAll(this.#simulation);
      case 'run':
        return this.#simulation.run(action.ms);
      default:
        return unreachable(action);
    }
  }

  #pass(): void {
    this.#simulation.filter = null;
    this.#rules.clear();
  }

  #nodes(nodes: Nodes): readonly SimulatedNode[] {
    if (nodes === 'all') return this.#simulation.nodes;
    if (nodes === 'honest') return this.#simulation.honest;
    return nodes.map((slot) => this.#simulation.node(slot));
  }

  #pairs({ from, to }: { from: Nodes; to: Nodes }): readonly (readonly [SimulatedNode, SimulatedNode])[] {
    return this.#nodes(from).flatMap((a) => this.#nodes(to).map((b) => [a, b] as const));
  }

  #cut(action: Extract<Action, { kind: 'cut' | 'sever' }>): void {
    const { links, connections } = this.#simulation;
    for (const [a, b] of this.#pairs(action)) {
      links.between(a.slot, b.slot).blocked = true;
      if (action.bothWays) links.between(b.slot, a.slot).blocked = true;
      if (action.kind === 'sever') connections.sever(a, b, true);
    }
  }

  #submit(node: SimulatedNode): ReturnType<Simulation['clients']['submit']> {
    const { clients } = this.#simulation;
    return clients.submit(this.#account++ % clients.accounts.length, node);
  }

  #until(condition: Condition, withinMs: number): string | null {
    const isMet = condition.kind === 'commits' ? this.#commits(condition.nodes) : () => this.#holds(condition);
    this.#simulation.until(isMet, withinMs);
    return isMet() ? null : `not reached: ${this.#standing()}`;
  }

  /** Each of the nodes gets a new transaction, and commits all of them. */
  #commits(on: Nodes): () => boolean {
    const nodes = this.#nodes(on);
    const { clients } = this.#simulation;
    this.#simulation.until(() => nodes.every(({ state }) => state === 'running'), 1000);
    const submitted = nodes.map((node) => this.#submit(node));
    // A crash may have taken earlier transactions of the same accounts with it.
    for (const node of nodes) clients.retry(node);
    return () => {
      const needed = Math.max(...submitted.map(({ height }) => height ?? Number.POSITIVE_INFINITY));
      return nodes.every((node) => (node.driver?.status().finalHeight ?? 0) >= needed);
    };
  }

  #holds({ gauge, value, isMost, nodes }: Reading): boolean {
    const read = (node: SimulatedNode): number => {
      const status = node.driver?.status();
      if (status === undefined) return -1;
      switch (gauge) {
        case 'height':
          return status.finalHeight;
        case 'view':
          return status.active || isMost ? status.view : -1;
        case 'epoch':
          return status.epoch;
        case 'pending':
          return status.mempool.size;
        case 'recorded':
          return node.disk.count('state/offence/');
        default:
          return unreachable(gauge);
      }
    };
    return this.#nodes(nodes).every((node) => (isMost ? read(node) <= value : read(node) >= value));
  }

  #standing(): string {
    return this.#simulation.nodes
      .map(({ slot, driver, state }) => {
        const status = driver?.status();
        if (status === undefined) return `node ${slot} ${state}`;
        const { epoch, view, active, finalHeight, executedHeight } = status;
        return `node ${slot} epoch ${epoch} view ${view}${active ? '' : '?'} final ${finalHeight} executed ${executedHeight}`;
      })
      .join('; ');
  }
}

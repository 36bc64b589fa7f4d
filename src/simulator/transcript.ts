/**
 * Scenarios as text: what happens, line by line, and what must come of it. Everything that the seed would decide is
 * written down, so that a bug found once stays found. The language is described in TRANSCRIPTS.md.
 */
import { present } from '../base/invariant.ts';
import { healAll } from './faults.ts';
import { CONSENSUS_DEFAULTS, type ConsensusSettings } from './keys.ts';
import type { SimulatedNode } from './node.ts';
import { parseRule, Rules } from './rules.ts';
import { Simulation } from './simulation.ts';
import { strategies } from './strategies/registry.ts';

/** A line that cannot be read, or that did not come true. */
class TranscriptError extends Error {
  override readonly name = 'TranscriptError';
}

interface Setup {
  powers: readonly bigint[];
  readonly liars: Map<number, string>;
  readonly twins: number[];
  readonly consensus: Partial<Record<keyof ConsensusSettings, number>>;
  seed: number;
  latencyMs: number;
}

class Play {
  readonly #setup: Setup = {
    powers: [1n, 1n, 1n, 1n],
    liars: new Map(),
    twins: [],
    consensus: {},
    seed: 1,
    latencyMs: 1,
  };
  readonly #rules = new Rules();
  #simulation: Simulation | null = null;
  #account = 0;

  get simulation(): Simulation {
    if (this.#simulation !== null) return this.#simulation;
    const { liars, ...setup } = this.#setup;
    const factories = new Map([...liars].map(([index, name]) => [index, present(strategies.get(name), name).factory]));
    const simulation = new Simulation({ ...setup, liars: factories });
    simulation.filter = this.#rules.filterFor(simulation);
    this.#simulation = simulation;
    return simulation;
  }

  get violations(): Simulation['violations'] {
    return this.#simulation?.violations ?? [];
  }

  /** Lines before `start` say what the network is, lines after it what happens. */
  line([verb, ...words]: readonly string[]): void {
    switch (verb ?? '') {
      case 'nodes':
        this.#setup.powers = Array.from({ length: whole(words[0]) }, () => 1n);
        return;
      case 'powers':
        this.#setup.powers = words.map(BigInt);
        return;
      case 'seed':
        this.#setup.seed = whole(words[0]);
        return;
      case 'latency':
        this.#setup.latencyMs = this.#duration(words);
        return;
      case 'set':
        return this.#set(words[0], whole(words[1]));
      case 'liar':
        if (!strategies.has(words[1] ?? '')) throw new TranscriptError(`no liar '${words[1]}'`);
        this.#setup.liars.set(whole(words[0]), present(words[1], 'strategy'));
        return;
      case 'twin':
        this.#setup.twins.push(whole(words[0]));
        return;
      default:
        return this.#happen(verb ?? '', words);
    }
  }

  #happen(verb: string, words: readonly string[]): void {
    switch (verb) {
      case 'start':
        for (const node of this.#nodes(words)) node.start();
        return;
      case 'crash':
        for (const node of this.#nodes(words)) node.crash();
        return;
      case 'pause':
        for (const node of this.#nodes(words)) node.pause();
        return;
      case 'resume':
        for (const node of this.#nodes(words)) node.resume();
        return;
      case 'skew':
        this.simulation.node(whole(words[0])).skewMs = this.#duration(words.slice(1));
        return;
      case 'submit':
        for (const node of this.#nodes(words)) this.#submit(node);
        return;
      case 'load':
        return this.simulation.clients.load(words[0] === 'off' ? 0 : this.#duration(words));
      case 'cut':
      case 'sever':
        return this.#cut(words, verb === 'sever');
      case 'clog':
        return this.#clog(words);
      case 'heal':
        this.#rules.clear();
        return healAll(this.simulation);
      case 'drop':
      case 'hold':
        return this.#rules.add(parseRule(verb === 'hold', words));
      case 'pass':
        return this.#rules.clear();
      case 'run':
        return this.simulation.run(this.#duration(words));
      case 'until':
        return this.#until(words);
      case 'expect':
        return this.#expect(words);
      default:
        throw new TranscriptError(`what is '${verb}'?`);
    }
  }

  #set(name: string | undefined, value: number): void {
    if (name === undefined || !(name in CONSENSUS_DEFAULTS)) throw new TranscriptError(`no setting '${name}'`);
    this.#setup.consensus[name as keyof ConsensusSettings] = value;
  }

  #nodes(words: readonly string[]): readonly SimulatedNode[] {
    if (words.length === 0 || words[0] === 'all') return this.simulation.nodes;
    if (words[0] === 'honest') return this.simulation.honest;
    return words.map((word) => this.simulation.node(whole(word)));
  }

  #submit(node: SimulatedNode): ReturnType<Simulation['clients']['submit']> {
    const { clients } = this.simulation;
    return clients.submit(this.#account++ % clients.accounts.length, node);
  }

  #cut(words: readonly string[], severed: boolean): void {
    const { links, connections } = this.simulation;
    const at = words.findIndex((word) => word === '|' || word === '>');
    for (const a of this.#nodes(words.slice(0, at)))
      for (const b of this.#nodes(words.slice(at + 1))) {
        links.between(a.slot, b.slot).blocked = true;
        if (words[at] === '|') links.between(b.slot, a.slot).blocked = true;
        if (severed) connections.sever(a, b, true);
      }
  }

  #clog(words: readonly string[]): void {
    const at = words.indexOf('>');
    for (const a of this.#nodes(words.slice(0, at)))
      for (const b of this.#nodes(words.slice(at + 1))) this.simulation.links.between(a.slot, b.slot).clogged = true;
  }

  /** `height 5 on all within 10s`, `view 1 on 0 1 within 2 timeouts`, `commits on all within 2 timeouts`. */
  #until(words: readonly string[]): void {
    const within = words.indexOf('within');
    if (within < 0) throw new TranscriptError('until … within how long?');
    const condition =
      words[0] === 'commits' ? this.#commits(words.slice(1, within)) : this.#condition(words.slice(0, within));
    const reached = this.simulation.until(condition, this.#duration(words.slice(within + 1)));
    if (!reached || !condition()) throw new TranscriptError(`not reached: ${this.#standing()}`);
  }

  /** Each of the nodes gets a new transaction, and commits all of them. */
  #commits(words: readonly string[]): () => boolean {
    const nodes = this.#nodes(words.slice(words[0] === 'on' ? 1 : 0));
    const { simulation } = this;
    simulation.until(() => nodes.every(({ state }) => state === 'running'), 1000);
    const submitted = nodes.map((node) => this.#submit(node));
    // A crash may have taken earlier transactions of the same accounts with it.
    for (const node of nodes) simulation.clients.retry(node);
    return () => {
      const needed = Math.max(...submitted.map(({ height }) => height ?? Number.POSITIVE_INFINITY));
      return nodes.every((node) => (node.driver?.status().finalHeight ?? 0) >= needed);
    };
  }

  #expect(words: readonly string[]): void {
    if (!this.#condition(words)()) throw new TranscriptError(`expected ${words.join(' ')}: ${this.#standing()}`);
  }

  /** `height 5 on all`, `height at most 5 on 0`, `view 1 on 2`, `epoch 1 on all`, `pending 0 on all`. */
  #condition(words: readonly string[]): () => boolean {
    const on = words.indexOf('on');
    const [what, ...rest] = words.slice(0, on < 0 ? undefined : on);
    const most = rest[0] === 'at' && rest[1] === 'most';
    const value = whole(rest[most ? 2 : 0]);
    const nodes = on < 0 ? this.simulation.honest : this.#nodes(words.slice(on + 1));
    const read = (node: SimulatedNode): number => {
      const status = node.driver?.status();
      if (status === undefined) return -1;
      if (what === 'height') return status.finalHeight;
      if (what === 'view') return status.active || most ? status.view : -1;
      if (what === 'epoch') return status.epoch;
      if (what === 'pending') return status.mempool.size;
      throw new TranscriptError(`no condition '${what}'`);
    };
    return () => nodes.every((node) => (most ? read(node) <= value : read(node) >= value));
  }

  /** `500ms`, `10s`, `2h`, `2 timeouts` (base timeouts of a view). */
  #duration([amount, unit]: readonly string[]): number {
    const { tickMs, baseTimeoutTicks } = { ...CONSENSUS_DEFAULTS, ...this.#setup.consensus };
    if (unit === 'timeouts' || unit === 'timeout') return Number(amount) * tickMs * baseTimeoutTicks;
    const match = /^(-?[0-9.]+)(ms|s|m|h)$/.exec(amount ?? '');
    if (match === null) throw new TranscriptError(`no duration '${amount}'`);
    return Number(match[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'h'];
  }

  #standing(): string {
    return this.simulation.nodes
      .map(({ slot, driver, state }) => {
        const status = driver?.status();
        if (status === undefined) return `node ${slot} ${state}`;
        const { epoch, view, active, finalHeight, executedHeight } = status;
        return `node ${slot} epoch ${epoch} view ${view}${active ? '' : '?'} final ${finalHeight} executed ${executedHeight}`;
      })
      .join('; ');
  }
}

function whole(word: string | undefined): number {
  if (word === undefined || !/^[0-9]+$/.test(word)) throw new TranscriptError(`'${word}' is no whole number`);
  return Number(word);
}

/** Plays a transcript to its end. Throws TranscriptError with the line that failed, also when a checker does. */
export function playTranscript(text: string): Simulation {
  const play = new Play();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    try {
      play.line(line.split(/\s+/));
    } catch (error) {
      if (error instanceof TranscriptError) throw new TranscriptError(`line ${index + 1}, ${line}: ${error.message}`);
      throw error;
    }
    const [violation] = play.violations;
    if (violation !== undefined)
      throw new TranscriptError(`line ${index + 1}, ${line}: ${violation.checker} is broken, ${violation.message}`);
  }
  play.simulation.finish();
  const [violation] = play.simulation.violations;
  if (violation !== undefined)
    throw new TranscriptError(`at the end: ${violation.checker} is broken, ${violation.message}`);
  return play.simulation;
}

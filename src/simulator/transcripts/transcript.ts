/**
 * Scenarios as text: what happens, line by line, and what must come of it. Everything that the seed would decide is
 * written down, so that a bug found once stays found. The language is described in TRANSCRIPTS.md.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { OPERATIONS_USED, type OperationsUsed } from '../world/clients.ts';
import { CONSENSUS_DEFAULTS, type ConsensusSettings, simulatedKeys } from '../world/keys.ts';
import { type Move, MOVES_MAX, type Plan, readMove } from '../../strategies/plans/plan.ts';
import { parseRule, type Rule } from './rules.ts';
import { NODES_MAX } from '../search/scenario.ts';
import { standIn } from '../world/stand-in.ts';
import { strategies } from '../../strategies/registry.ts';
import { Unreadable, Words } from '../../base/words.ts';

/** Slots; all nodes, or those that are not liars. */
export type Nodes = 'all' | 'honest' | readonly number[];

const GAUGES = ['height', 'view', 'epoch', 'pending', 'recorded'] as const;

/** What each of the nodes shows at least, or at most. */
export interface Reading {
  readonly kind: 'reading';
  readonly gauge: (typeof GAUGES)[number];
  readonly value: number;
  readonly isMost: boolean;
  readonly nodes: Nodes;
}

/** `commits`: each of the nodes gets a new transaction, and all of them finalize all of these. */
export type Condition = Reading | { readonly kind: 'commits'; readonly nodes: Nodes };

export type Action =
  | { readonly kind: 'start' | 'crash' | 'pause' | 'resume' | 'submit'; readonly nodes: Nodes }
  | { readonly kind: 'skew'; readonly node: number; readonly ms: number }
  /** 0 ends it. */
  | { readonly kind: 'load'; readonly everyMs: number }
  | { readonly kind: 'cut' | 'sever'; readonly from: Nodes; readonly to: Nodes; readonly bothWays: boolean }
  | { readonly kind: 'clog'; readonly from: Nodes; readonly to: Nodes }
  | { readonly kind: 'rule'; readonly rule: Rule }
  | { readonly kind: 'pass' }
  | { readonly kind: 'heal' }
  | { readonly kind: 'run'; readonly ms: number }
  | { readonly kind: 'until'; readonly condition: Condition; readonly withinMs: number }
  | { readonly kind: 'expect'; readonly reading: Reading };

export interface Step {
  /** Of the file, from 1. */
  readonly line: number;
  readonly text: string;
  readonly action: Action;
}

export interface Network {
  readonly powers: readonly bigint[];
  /** Names of strategies by validator. */
  readonly liars: ReadonlyMap<number, string>;
  /** Of the liars with the strategy `plan`, move by move. */
  readonly plan: Plan;
  readonly twins: readonly number[];
  readonly consensus: Partial<ConsensusSettings>;
  readonly seed: number;
  readonly latencyMs: number;
  /** Whether the work of nodes takes time. */
  readonly costs: boolean;
  /** Which operations `load` uses. */
  readonly operations: OperationsUsed;
}

export interface Transcript {
  readonly network: Network;
  readonly steps: readonly Step[];
}

export interface TranscriptError {
  readonly code: 'MALFORMED_TRANSCRIPT';
  /** `line 3, nodes many: 'many' is no whole number`. */
  readonly message: string;
}

/** Ten times the longest that anybody would write by hand. */
export const TRANSCRIPT_BYTES_MAX = 65_536;
/** A longer wait can be written as two. */
const DURATION_MAX_MS = 24 * 60 * 60 * 1000;
/** More would be a test of the host's memory. */
const LOAD_MIN_MS = 1;
/** Printable, so that a message can repeat it on any terminal. */
const STEP = /^[\t -~]{1,200}$/;
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

const malformed = (message: string): Result<never, TranscriptError> => fail('MALFORMED_TRANSCRIPT', message);

/** Line by line; the error is that of the first line that cannot be read. */
export function parseTranscript(text: string): Result<Transcript, TranscriptError> {
  if (text.length > TRANSCRIPT_BYTES_MAX) return malformed(`longer than ${TRANSCRIPT_BYTES_MAX} characters`);
  const parser = new Parser();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    if (!STEP.test(line)) return malformed(`line ${index + 1}: a step has at most 200 characters, all of them ASCII`);
    try {
      parser.read(index + 1, line);
    } catch (error) {
      if (error instanceof Unreadable) return malformed(`line ${index + 1}, ${line}: ${error.message}`);
      throw error;
    }
  }
  if (parser.steps.length === 0) return malformed('nothing happens: at least `start` is missing');
  return ok({ network: parser.network, steps: parser.steps });
}

class Parser {
  readonly steps: Step[] = [];
  readonly #liars = new Map<number, string>();
  readonly #plan: Move[] = [];
  readonly #twins: number[] = [];
  #powers: readonly bigint[] = [1n, 1n, 1n, 1n];
  #consensus: Partial<ConsensusSettings> = {};
  #seed = 1;
  #latencyMs = 1;
  #costs = true;
  #operations: OperationsUsed = 'transfers';

  get network(): Network {
    return {
      powers: this.#powers,
      liars: this.#liars,
      plan: this.#plan,
      twins: this.#twins,
      consensus: this.#consensus,
      seed: this.#seed,
      latencyMs: this.#latencyMs,
      costs: this.#costs,
      operations: this.#operations,
    };
  }

  read(line: number, text: string): void {
    const words = new Words(text);
    const verb = words.take('a verb');
    if (this.#describe(verb, words)) {
      if (this.steps.length > 0) throw new Unreadable('what the network is stands before all that happens');
    } else {
      this.steps.push({ line, text, action: this.#action(verb, words) });
    }
    words.end();
  }

  /** What the network is; false when the verb is about something else. */
  #describe(verb: string, words: Words): boolean {
    switch (verb) {
      case 'nodes':
        this.#settle(Array.from({ length: Math.min(words.whole('how many'), NODES_MAX + 1) }, () => 1n));
        return true;
      case 'powers':
        this.#settle(words.numbers().map(BigInt));
        return true;
      case 'seed':
        this.#seed = words.whole('a number');
        return true;
      case 'latency':
        this.#latencyMs = this.#duration(words);
        return true;
      case 'costs':
        this.#costs = words.oneOf('on', 'off') === 'on';
        return true;
      case 'operations':
        this.#operations = words.oneOf(...OPERATIONS_USED);
        return true;
      case 'set':
        this.#set(words.take('a setting'), words);
        return true;
      case 'liar':
        this.#liar(this.#validator(words), words.take('a strategy'));
        return true;
      case 'move':
        if (this.#plan.push(readMove(words)) > MOVES_MAX) throw new Unreadable(`there are at most ${MOVES_MAX} moves`);
        return true;
      case 'twin':
        this.#twins.push(this.#validator(words));
        if (this.#nodeCount > NODES_MAX) throw new Unreadable(`there are at most ${NODES_MAX} nodes`);
        return true;
      default:
        return false;
    }
  }

  #settle(powers: readonly bigint[]): void {
    if (powers.length < 1 || powers.length > NODES_MAX) throw new Unreadable(`there are 1 to ${NODES_MAX} nodes`);
    if (this.#liars.size + this.#twins.length > 0) throw new Unreadable('it stands before liars and twins');
    this.#powers = powers;
    this.#check();
  }

  #set(name: string, words: Words): void {
    if (!Object.hasOwn(CONSENSUS_DEFAULTS, name))
      throw new Unreadable(`no setting '${name}'; there are ${Object.keys(CONSENSUS_DEFAULTS).join(', ')}`);
    this.#consensus = { ...this.#consensus, [name]: words.whole('a number') };
    this.#check();
  }

  #check(): void {
    const keys = simulatedKeys(standIn, this.#powers, this.#consensus);
    if (!keys.ok) throw new Unreadable(keys.error.message);
  }

  #liar(validator: number, strategy: string): void {
    if (!strategies.has(strategy)) throw new Unreadable(`no liar '${strategy}'`);
    this.#liars.set(validator, strategy);
  }

  get #nodeCount(): number {
    return this.#powers.length + this.#twins.length;
  }

  #validator(words: Words): number {
    const index = words.whole('a validator');
    if (index >= this.#powers.length) throw new Unreadable(`no validator ${index}`);
    return index;
  }

  #action(verb: string, words: Words): Action {
    switch (verb) {
      case 'start':
      case 'crash':
      case 'pause':
      case 'resume':
      case 'submit':
        return { kind: verb, nodes: words.next === undefined ? 'all' : this.#nodes(words) };
      case 'skew':
        return { kind: 'skew', node: this.#slot(words.whole('a node')), ms: this.#duration(words, -DURATION_MAX_MS) };
      case 'load':
        return { kind: 'load', everyMs: words.has('off') ? 0 : this.#duration(words, LOAD_MIN_MS) };
      case 'cut':
      case 'sever': {
        const from = this.#nodes(words);
        const bothWays = words.oneOf('|', '>') === '|';
        return { kind: verb, from, bothWays, to: this.#nodes(words) };
      }
      case 'clog': {
        const from = this.#nodes(words);
        words.oneOf('>');
        return { kind: 'clog', from, to: this.#nodes(words) };
      }
      case 'drop':
      case 'hold':
        return { kind: 'rule', rule: parseRule(verb === 'hold', words, () => this.#slots(words)) };
      case 'pass':
      case 'heal':
        return { kind: verb };
      case 'run':
        return { kind: 'run', ms: this.#duration(words) };
      case 'until': {
        const condition = this.#condition(words);
        words.oneOf('within');
        return { kind: 'until', condition, withinMs: this.#duration(words) };
      }
      case 'expect':
        return { kind: 'expect', reading: this.#reading(words) };
      default:
        throw new Unreadable(`what is '${verb}'?`);
    }
  }

  #nodes(words: Words): Nodes {
    if (words.has('all')) return 'all';
    if (words.has('honest')) return 'honest';
    return this.#slots(words);
  }

  #slots(words: Words): readonly number[] {
    const slots = words.numbers();
    if (slots.length > 0) return slots.map((slot) => this.#slot(slot));
    throw new Unreadable(words.next === undefined ? 'which nodes?' : `'${words.next}' is no node`);
  }

  #slot(slot: number): number {
    if (slot >= this.#nodeCount) throw new Unreadable(`no node ${slot}`);
    return slot;
  }

  #condition(words: Words): Condition {
    if (!words.has('commits')) return this.#reading(words);
    return { kind: 'commits', nodes: words.has('on') ? this.#nodes(words) : 'all' };
  }

  /** `height 5 on all`, `height at most 5 on 0`, `view 1 on 2`, `epoch 1`, `pending at most 0`. */
  #reading(words: Words): Reading {
    const gauge = words.oneOf(...GAUGES);
    const isMost = words.has('at');
    if (isMost) words.oneOf('most');
    const value = words.whole('a number');
    return { kind: 'reading', gauge, value, isMost, nodes: words.has('on') ? this.#nodes(words) : 'honest' };
  }

  /** `500ms`, `10s`, `2h`, `2 timeouts` (base timeouts of a view). */
  #duration(words: Words, minMs = 0): number {
    const word = words.take('how long');
    const match = /^(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)?$/.exec(word);
    if (match === null) throw new Unreadable(`no duration '${word}'`);
    const unit = match[2] as keyof typeof UNITS | undefined;
    if (unit === undefined) words.oneOf('timeouts', 'timeout');
    const { tickMs, baseTimeoutTicks } = { ...CONSENSUS_DEFAULTS, ...this.#consensus };
    const ms = Number(match[1]) * (unit === undefined ? tickMs * baseTimeoutTicks : UNITS[unit]);
    if (ms < minMs || ms > DURATION_MAX_MS) throw new Unreadable(`'${word}' is too short or too long`);
    return ms;
  }
}

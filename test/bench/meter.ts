/** What was committed and what it cost, between two readings. */
import { present } from '../../src/base/invariant.ts';
import { cpuMicrosOf } from './usage.ts';

interface Reading {
  readonly atMs: number;
  readonly blocks: number;
  readonly transactions: number;
  /** Of each validator, microseconds. */
  readonly cpuMicros: readonly number[];
  /** Of this process. */
  readonly ownCpuMicros: number;
}

export interface Measured extends Omit<Reading, 'atMs'> {
  readonly seconds: number;
}

export class Meter {
  readonly #pids: readonly number[];
  #blocks = 0;
  #transactions = 0;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
  }

  /** A block became final. */
  count(transactions: number): void {
    this.#blocks += 1;
    this.#transactions += transactions;
  }

  /** Transactions come in blocks, so a rate is right only between readings that are made when a block has just come. */
  read(): Reading {
    const { user, system } = process.cpuUsage();
    return {
      atMs: performance.now(),
      blocks: this.#blocks,
      transactions: this.#transactions,
      cpuMicros: this.#pids.map(cpuMicrosOf),
      ownCpuMicros: user + system,
    };
  }
}

export const between = (start: Reading, end: Reading): Measured => ({
  seconds: (end.atMs - start.atMs) / 1000,
  blocks: end.blocks - start.blocks,
  transactions: end.transactions - start.transactions,
  cpuMicros: end.cpuMicros.map((micros, i) => micros - present(start.cpuMicros[i], 'a reading of each validator')),
  ownCpuMicros: end.ownCpuMicros - start.ownCpuMicros,
});

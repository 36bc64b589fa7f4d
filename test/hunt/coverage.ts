/** What a hunt has been through: sizes and powers of networks, and which liars met which faults. */
import { faults } from '../../src/simulator/faults/faults.ts';
import type { Scenario } from '../../src/simulator/search/scenario.ts';
import { strategies } from '../../src/strategies/registry.ts';

/** Seeds run on networks of so many validators. */
export interface SizeCount {
  readonly validators: number;
  readonly equalPower: number;
  readonly skewedPower: number;
}

export class Coverage {
  readonly #sizes = new Map<number, { equalPower: number; skewedPower: number }>();
  /** Each pair in the order of the registries. */
  readonly #unmet: Set<string>;
  readonly pairs: number;

  constructor() {
    this.#unmet = new Set(
      [...strategies.keys()].flatMap((liar) => [...faults.keys()].map((fault) => nameOf(liar, fault))),
    );
    this.pairs = this.#unmet.size;
  }

  take({ powers, liars, faults: kinds }: Pick<Scenario, 'powers' | 'liars' | 'faults'>): void {
    const size = this.#sizes.get(powers.length) ?? { equalPower: 0, skewedPower: 0 };
    this.#sizes.set(powers.length, size);
    size[powers.every((power) => power === powers[0]) ? 'equalPower' : 'skewedPower'] += 1;
    for (const { strategy } of liars) for (const fault of kinds) this.#unmet.delete(nameOf(strategy, fault));
  }

  get sizes(): readonly SizeCount[] {
    return [...this.#sizes]
      .map(([validators, seeds]) => ({ validators, ...seeds }))
      .toSorted((a, b) => a.validators - b.validators);
  }

  /** Pairs of liar and fault that no seed had together. */
  get unmet(): readonly string[] {
    return [...this.#unmet];
  }
}

const nameOf = (liar: string, fault: string): string => `${liar} × ${fault}`;

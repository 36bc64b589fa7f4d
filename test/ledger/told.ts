/** A state of which only what was told before can be read. */
import { invariant } from '../../src/base/invariant.ts';
import { type StateKey, stateKeyText } from '../../src/ledger/state/entry-kind.ts';
import type { MemoryState } from '../../src/ledger/state/memory-state.ts';

/** The source, where only these keys can be read. */
export function only(source: MemoryState, keys: Iterable<StateKey>): MemoryState {
  const told = new Set([...keys].map(stateKeyText));
  return new Proxy(source, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        if (property === 'get')
          invariant(told.has(stateKeyText(given[0] as StateKey)), 'what is read was told before', { key: given[0] });
        return Reflect.apply(value, target, given) as unknown;
      };
    },
  });
}

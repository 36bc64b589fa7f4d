/** Gives a namespace to another owner. The one before may write only if it is among the writers. */
import { NAMESPACES, OWNER_CODES, ownNamespace } from '../data/namespace.ts';
import { DATA_WEIGHT } from '../limits.ts';
import { namespaceField } from './data-fields.ts';
import { addressField } from './fields.ts';
import { operationKind } from './kind.ts';

export const setOwner = operationKind({
  kind: 'set-owner',
  fields: { name: namespaceField, owner: addressField },
  event: { namespace: namespaceField, owner: addressField },
  codes: OWNER_CODES,
  weight: DATA_WEIGHT,
  keys: (_, { name }) => [NAMESPACES.key(name)],
  spends: () => 0n,
  execute(execution, { name, owner }) {
    const before = ownNamespace(execution, name);
    if (typeof before === 'string') return before;
    execution.state.set(NAMESPACES.key(name), { ...before, owner });
    return { kind: 'set-owner', namespace: name, owner };
  },
});

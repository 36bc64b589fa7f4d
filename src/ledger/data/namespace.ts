/** Namespaces: who owns one, and who may write in it. */
import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import type { Address } from '../../base/brand.ts';
import { codec } from '../../codec/codec.ts';
import { hex32, uint64Big } from '../../codec/types.ts';
import { NAMESPACE_WRITERS_MAX } from '../limits.ts';
import type { Execution } from '../operations/kind.ts';
import { EntryKind } from '../state/entry-kind.ts';

const NamespaceType = new ContainerType({
  /** May always write, and alone says who else may. */
  owner: hex32<Address>(),
  /** In the order in which the owner gave them; none stands twice. */
  writers: new ListCompositeType(hex32<Address>() as never, NAMESPACE_WRITERS_MAX),
  deposit: uint64Big(),
});

export type Namespace = Readonly<Omit<ValueOf<typeof NamespaceType>, 'writers'>> & {
  readonly writers: readonly Address[];
};

/** Namespaces under their names. */
export const NAMESPACES = new EntryKind<string, Namespace>(
  'namespace',
  codec<Namespace>('Namespace', NamespaceType, NamespaceType.maxSize),
  (name) => name,
);

/** Bytes of an account, of which a namespace has one for its owner and for each writer. */
const ACCOUNT_BYTES = 32;

/** Bytes of the value that its deposit is for. */
export const namespaceBytes = (writers: number): number => ACCOUNT_BYTES * (1 + writers);

/** Codes of whoever changes a namespace. */
export const OWNER_CODES = { NO_NAMESPACE: 9, NOT_OWNER: 10 } as const;

/** Codes of whoever writes in one. */
export const WRITER_CODES = { NO_NAMESPACE: 9, NOT_A_WRITER: 11 } as const;

/** The namespace, if the sender is its owner; or why it may not change it. */
export function ownNamespace(
  { sender, state }: Pick<Execution, 'sender' | 'state'>,
  name: string,
): Namespace | keyof typeof OWNER_CODES {
  const namespace = state.get(NAMESPACES.key(name));
  if (namespace === undefined) return 'NO_NAMESPACE';
  return namespace.owner === sender ? namespace : 'NOT_OWNER';
}

/** Whether this account may write in the namespace. */
export function mayWrite({ state }: Pick<Execution, 'state'>, name: string, account: Address): boolean {
  const namespace = state.get(NAMESPACES.key(name));
  return namespace !== undefined && (namespace.owner === account || namespace.writers.includes(account));
}

/** Why the sender may not write in the namespace; undefined where it may. */
export function writerRefusal(
  { sender, state }: Pick<Execution, 'sender' | 'state'>,
  name: string,
): keyof typeof WRITER_CODES | undefined {
  const namespace = state.get(NAMESPACES.key(name));
  if (namespace === undefined) return 'NO_NAMESPACE';
  return mayWrite({ state }, name, sender) ? undefined : 'NOT_A_WRITER';
}

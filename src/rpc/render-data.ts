/** What stands in namespaces, as the JSON of the interface. */
import type {
  CounterJson,
  EntriesJson,
  EntryJson,
  HistoryJson,
  MemberJson,
  MembersJson,
  NamespaceJson,
} from '../api/data.ts';
import { formatCursor } from '../api/cursors.ts';
import { present } from '../base/invariant.ts';
import { formatAddress } from '../crypto/address.ts';
import type { Counter } from '../ledger/data/counter.ts';
import type { DataKey, Entry } from '../ledger/data/entry.ts';
import type { Member, MemberKey } from '../ledger/data/member.ts';
import type { Namespace } from '../ledger/data/namespace.ts';
import { versionField } from '../ledger/operations/data-fields.ts';
import type { EntryPage, HistoryPage } from './readable-state.ts';

export const renderNamespace = (
  name: string,
  namespace: Namespace | undefined,
  prefix: string,
): Pick<NamespaceJson, 'name' | 'owner' | 'writers' | 'deposit'> => ({
  name,
  owner: namespace === undefined ? null : formatAddress(namespace.owner, prefix),
  writers: (namespace?.writers ?? []).map((writer) => formatAddress(writer, prefix)),
  deposit: depositOf(namespace),
});

/** An entry without its name, with its value, which stands apart. */
export function renderStored(
  { value: entry, apart }: { readonly value: Entry | undefined; readonly apart: Uint8Array | undefined },
  prefix: string,
): Pick<EntryJson, 'value' | 'version' | 'valueVersion' | 'lease' | 'deposit'> {
  if (entry === undefined) return { value: null, version: null, deposit: depositOf(entry) };
  const { lease } = entry;
  const value = present(apart, 'the value of an entry');
  const version = versionField.toJson(entry.version, prefix);
  const valueVersion = versionField.toJson(entry.value.version, prefix);
  return {
    value: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64'),
    version,
    ...(valueVersion !== version && { valueVersion }),
    ...(lease && { lease: { owner: formatAddress(lease.owner, prefix), until: lease.until } }),
    deposit: depositOf(entry),
  };
}

export const renderCounter = (
  { namespace, key }: DataKey,
  counter: Counter | undefined,
): Pick<CounterJson, 'namespace' | 'key' | 'value' | 'deposit'> => ({
  namespace,
  key,
  value: String(counter?.value ?? 0n),
  deposit: depositOf(counter),
});

export const renderMember = (
  { namespace, key, member: name }: MemberKey,
  member: Member | undefined,
): Pick<MemberJson, 'namespace' | 'key' | 'member' | 'present' | 'deposit'> => ({
  namespace,
  key,
  member: name,
  present: member !== undefined,
  deposit: depositOf(member),
});

/** The texts of the entries begin with that of their namespace and a slash. */
export const renderEntries = (namespace: string, page: EntryPage<Entry>, prefix: string): EntriesJson => ({
  namespace,
  height: page.height,
  entries: page.entries.map(({ text, ...stood }) => ({
    key: text.slice(namespace.length + 1),
    ...renderStored(stood, prefix),
  })),
  next: page.next === undefined ? null : formatCursor(page.next),
});

/** No key has a space, and a member stands after one. */
export const renderMembers = ({ namespace, key }: DataKey, page: EntryPage<Member>): MembersJson => ({
  namespace,
  key,
  height: page.height,
  members: page.entries.map(({ text }) => text.slice(text.indexOf(' ') + 1)),
  next: page.next === undefined ? null : formatCursor(page.next),
});

export const renderHistory = ({ namespace, key }: DataKey, page: HistoryPage<Entry>, prefix: string): HistoryJson => ({
  namespace,
  key,
  height: page.height,
  versions: page.versions.map(({ height, ...stood }) => ({
    ...renderStored(stood, prefix),
    // What stood there when the oldest state that is kept began is older than that.
    height: stood.value?.version.height ?? height,
  })),
  next: page.next === undefined ? null : formatCursor(page.next),
});

const depositOf = (kept: { readonly deposit: bigint } | undefined): string => String(kept?.deposit ?? 0n);

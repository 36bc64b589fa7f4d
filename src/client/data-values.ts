/** What stands in namespaces as a node tells of it, and whether it proves that. */
import type { CounterJson, EntryJson, MemberJson, NamespaceJson } from '../api/data.ts';
import type { Address, Height } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { parseBase64 } from '../codec/base64.ts';
import { parseAddress } from '../crypto/address.ts';
import { COUNTERS } from '../ledger/data/counter.ts';
import { type DataKey, ENTRIES, type Entry } from '../ledger/data/entry.ts';
import { type MemberKey, MEMBERS } from '../ledger/data/member.ts';
import { NAMESPACES } from '../ledger/data/namespace.ts';
import { versionField } from '../ledger/operations/data-fields.ts';
import type { StateKey } from '../ledger/state/entry-kind.ts';
import { referenceTo } from '../ledger/state/value-reference.ts';
import type { ProvedState, TrustedNetwork } from './state-proof.ts';
import { type Stood, type StoodProofError, verifyStood } from './state-reads.ts';

/** A namespace, as a node tells of it. */
export interface NamespaceTold extends Stood {
  readonly name: string;
  /** bech32m; null where there is no such namespace. */
  readonly owner: string | null;
  /** bech32m: who may write beside the owner. */
  readonly writers: readonly string[];
  /** In the smallest unit. */
  readonly deposit: bigint;
}

/** What stands under a key. */
export interface Stored {
  /** Null where nothing stands there. */
  readonly value: Uint8Array | null;
  /** `height:index` of the transaction that wrote the entry last: what a condition asks for, and the token of a lease. */
  readonly version: string | null;
  /** `height:index` of the transaction that wrote the value, where a lease that was taken or given up since kept it. */
  readonly valueVersion?: string;
  /** Up to and including the height `until` the owner (bech32m) alone may write it. It stands here when it has run out too. */
  readonly lease?: { readonly owner: string; readonly until: number };
  /** In the smallest unit. */
  readonly deposit: bigint;
}

export interface EntryTold extends Stored, Stood, DataKey {}

export interface CounterTold extends Stood, DataKey {
  readonly value: bigint;
  readonly deposit: bigint;
}

export interface MemberTold extends Stood, MemberKey {
  /** Whether it is in the set. */
  readonly present: boolean;
  readonly deposit: bigint;
}

export const namespaceFromJson = ({ deposit, ...rest }: NamespaceJson): NamespaceTold => ({
  name: rest.name,
  owner: rest.owner,
  writers: rest.writers,
  deposit: BigInt(deposit),
  ...stoodOf(rest),
});

/** Undefined where the value is no canonical base64. */
export function storedFromJson({
  value: text,
  version,
  valueVersion,
  lease,
  deposit,
}: Pick<EntryJson, 'value' | 'version' | 'valueVersion' | 'lease' | 'deposit'>): Stored | undefined {
  const value = text === null ? null : parseBase64(text);
  return value === undefined
    ? undefined
    : { value, version, ...(valueVersion && { valueVersion }), ...(lease && { lease }), deposit: BigInt(deposit) };
}

/** As storedFromJson. */
export function entryFromJson(json: EntryJson): EntryTold | undefined {
  const stored = storedFromJson(json);
  return stored && { namespace: json.namespace, key: json.key, ...stored, ...stoodOf(json) };
}

export const counterFromJson = ({ namespace, key, value, deposit, ...rest }: CounterJson): CounterTold => ({
  namespace,
  key,
  value: BigInt(value),
  deposit: BigInt(deposit),
  ...stoodOf(rest),
});

export const memberFromJson = ({ namespace, key, member, present, deposit, ...rest }: MemberJson): MemberTold => ({
  namespace,
  key,
  member,
  present,
  deposit: BigInt(deposit),
  ...stoodOf(rest),
});

const stoodOf = ({
  height,
  timestampMs,
  stateRoot,
  proof,
}: Pick<EntryJson, 'height' | 'timestampMs' | 'stateRoot' | 'proof'>) => ({
  height,
  timestampMs,
  stateRoot,
  ...(proof && { proof }),
});

/** MALFORMED: what was told cannot stand in any state. */
export type DataProofError = StoodProofError | Coded<'MALFORMED'>;
type Proved = Result<ProvedState, DataProofError>;

/** Whether the proof shows owner, writers and deposit, or that there is no such namespace. Errors: DataProofError. */
export function verifyNamespace(network: TrustedNetwork, told: NamespaceTold): Proved {
  const { name, owner: ownerText, deposit } = told;
  const key = NAMESPACES.key(name);
  if (ownerText === null)
    return told.writers.length === 0 ? verifyAbsent(network, key, told) : fail('MALFORMED', 'writers without an owner');
  const [owner, ...writers] = [ownerText, ...told.writers].map((text) => parseAddress(text, network.addressPrefix));
  if (owner?.ok !== true) return fail('MALFORMED', 'the owner has no address');
  const accounts: Address[] = [];
  for (const writer of writers) {
    if (!writer.ok) return fail('MALFORMED', `a writer has no address: ${writer.error.message}`);
    accounts.push(writer.value);
  }
  return verifyStood(network, key, { owner: owner.value, writers: accounts, deposit }, told);
}

/** Whether the proof shows value, versions, lease and deposit, or that nothing stands there. Errors: DataProofError. */
export function verifyEntry(network: TrustedNetwork, told: EntryTold): Proved {
  const entry = entryOf(told, network.addressPrefix);
  if (!entry.ok) return entry;
  const key = ENTRIES.key(told);
  return entry.value === undefined ? verifyAbsent(network, key, told) : verifyStood(network, key, entry.value, told);
}

/** The entry as it is in the state: that has the hash of the value which was told, and so the proof shows this value too. */
function entryOf(
  { value, version: text, valueVersion: valueText = text ?? '', lease: told, deposit }: Stored,
  prefix: string,
): Result<Entry | undefined, Coded<'MALFORMED'>> {
  if (value === null)
    return text === null && valueText === '' && told === undefined
      ? ok(undefined)
      : fail('MALFORMED', 'a version or a lease where nothing stands');
  const version = versionField.fromJson(text ?? '', 'version', prefix);
  if (!version.ok) return fail('MALFORMED', version.error.message);
  const valueVersion = versionField.fromJson(valueText, 'valueVersion', prefix);
  if (!valueVersion.ok) return fail('MALFORMED', valueVersion.error.message);
  const entry = { version: version.value, deposit, value: referenceTo(value, valueVersion.value) };
  if (told === undefined) return ok({ ...entry, lease: null });
  const owner = parseAddress(told.owner, prefix);
  if (!owner.ok) return fail('MALFORMED', `the lease has no owner: ${owner.error.message}`);
  return ok({ ...entry, lease: { owner: owner.value, until: told.until as Height } });
}

/** Whether the proof shows the value, zero where nothing stands there. Errors: DataProofError. */
export const verifyCounter = (network: TrustedNetwork, told: CounterTold): Proved =>
  told.value === 0n
    ? verifyAbsent(network, COUNTERS.key(told), told)
    : verifyStood(network, COUNTERS.key(told), told, told);

/** Whether the proof shows that it is in the set, or that it is not. Errors: DataProofError. */
export const verifyMember = (network: TrustedNetwork, told: MemberTold): Proved =>
  told.present ? verifyStood(network, MEMBERS.key(told), told, told) : verifyAbsent(network, MEMBERS.key(told), told);

/** Whether the proof shows that nothing stands there. It does not show a deposit, so none may be told. */
const verifyAbsent = <V>(
  network: TrustedNetwork,
  key: StateKey<V>,
  told: Stood & { readonly deposit: bigint },
): Proved =>
  told.deposit === 0n
    ? verifyStood(network, key, undefined, told)
    : fail('MALFORMED', 'a deposit where nothing stands');

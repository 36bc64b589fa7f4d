/** What the reading commands of `trefoil kv` do. */
import { PAGE_MAX } from '../../api/limits.ts';
import type { ListPage } from '../../client/data.ts';
import type { EntryTold, Stored } from '../../client/data-values.ts';
import { toBase64 } from '../../codec/base64.ts';
import type { DataKey } from '../../ledger/data/entry.ts';
import type { MemberKey } from '../../ledger/data/member.ts';
import { type Answer, CommandError, EXIT, type Output } from '../output.ts';
import { type PointOptions, pointOf, provers, type ReadPointOptions, readerOf } from '../read-point.ts';
import { table } from '../table.ts';
import { clientOf, type TargetOptions } from '../target.ts';
import { describeValue, valueText } from './value-text.ts';

export interface HistoryOptions extends TargetOptions {
  readonly limit: number;
}

export interface ListOptions extends PointOptions, HistoryOptions {
  readonly prefix?: string;
}

export async function get(key: DataKey, options: ReadPointOptions, output: Output): Promise<Answer> {
  const client = await readerOf(options);
  const entry = await client.data.entry(key.namespace, key.key, pointOf(options));
  if (!output.json) for (const line of aboutEntry(entry)) output.progress(line);
  const text = entry.value === null ? describeValue(null) : (valueText(entry.value) ?? describeValue(entry.value));
  return { json: toJson(entry), text, exitCode: entry.value === null ? EXIT.failed : EXIT.done };
}

/** What is known of an entry beside its value. It goes where it does not get into the value. */
function aboutEntry({ version, lease, height, proof }: EntryTold): readonly string[] {
  const lines = [`${version === null ? '' : `version ${version}, `}after block ${height}`];
  if (lease !== undefined)
    lines.push(`leased to ${lease.owner} up to height ${lease.until}${lease.until > height ? '' : ', which is over'}`);
  if (proof) lines.push(`proved ${provers(proof)}`);
  return lines;
}

export async function list(namespace: string, options: ListOptions, output: Output): Promise<Answer> {
  const { prefix, limit } = options;
  const pages = clientOf(options).data.entries(namespace, {
    ...pointOf(options),
    ...(prefix !== undefined && { prefix }),
    pageLimit: pageLimit(limit),
  });
  const { height, items, more } = await upTo(limit, pages);
  const rows = items.map(({ key, version, value }) => [key, version ?? '', describeValue(value)]);
  const text = rows.length === 0 ? 'no entries' : table(['key', 'version', 'value'], rows, output.colours);
  return {
    json: { namespace, height, entries: items.map(toJson), more },
    text: `${text}\n${closing(height, more)}`,
  };
}

export async function history({ namespace, key }: DataKey, options: HistoryOptions, output: Output): Promise<Answer> {
  const { limit } = options;
  const pages = clientOf(options).data.history(namespace, key, { pageLimit: pageLimit(limit) });
  const { height, items, more } = await upTo(limit, pages);
  const rows = items.map(({ height: from, version, value }) => [String(from), version ?? '', describeValue(value)]);
  const text =
    rows.length === 0 ? 'nothing stood there' : table(['from height', 'version', 'value'], rows, output.colours);
  return {
    json: { namespace, key, height, versions: items.map(toJson), more },
    text: `${text}\n${closing(height, more)}`,
  };
}

export async function counter({ namespace, key }: DataKey, options: ReadPointOptions): Promise<Answer> {
  const client = await readerOf(options);
  const told = await client.data.counter(namespace, key, pointOf(options));
  return { json: told, text: String(told.value) };
}

export async function member(asked: MemberKey, options: ReadPointOptions): Promise<Answer> {
  const client = await readerOf(options);
  const told = await client.data.member(asked, pointOf(options));
  const text = `${asked.member} is ${told.present ? '' : 'not '}there at height ${told.height}`;
  return { json: told, text, exitCode: told.present ? EXIT.done : EXIT.failed };
}

export async function listMembers(
  { namespace, key }: DataKey,
  options: ListOptions & ReadPointOptions,
): Promise<Answer> {
  const { prefix, limit, proof } = options;
  if (proof === true) throw new CommandError('USAGE', 'a list is not proved', 'Name a member: that is.', EXIT.usage);
  const pages = clientOf(options).data.members(namespace, key, {
    ...pointOf(options),
    ...(prefix !== undefined && { prefix }),
    pageLimit: pageLimit(limit),
  });
  const { height, items: members, more } = await upTo(limit, pages);
  const text = members.length === 0 ? 'no members' : members.join('\n');
  return { json: { namespace, key, height, members, more }, text: `${text}\n${closing(height, more)}` };
}

/** Values as base64. */
const toJson = <T extends Stored>(stored: T) => ({
  ...stored,
  value: stored.value === null ? null : toBase64(stored.value),
});

/** One more than is shown tells whether there are more. */
const pageLimit = (limit: number): number => Math.min(PAGE_MAX, limit + 1);

interface Listed<T> {
  readonly height: number;
  readonly items: readonly T[];
  /** Whether there are more than these. */
  readonly more: boolean;
}

/** So many of a list, from as many pages as that takes. */
async function upTo<T>(limit: number, pages: AsyncIterable<ListPage<T>>): Promise<Listed<T>> {
  const items: T[] = [];
  let height = 0;
  for await (const page of pages) {
    height = page.height;
    items.push(...page.items);
    if (items.length > limit) return { height, items: items.slice(0, limit), more: true };
  }
  return { height, items, more: false };
}

const closing = (height: number, more: boolean): string =>
  `after block ${height}${more ? '; there are more, see --limit' : ''}`;

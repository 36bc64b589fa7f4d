/** What the writing commands of `trefoil kv` do. */
import type { Height } from '../../base/brand.ts';
import type { DataKey } from '../../ledger/data/entry.ts';
import type { MemberKey } from '../../ledger/data/member.ts';
import { VALUE_BYTES_MAX } from '../../ledger/limits.ts';
import type { Condition, EntryVersion } from '../../ledger/operations/data-fields.ts';
import { readBoundedFile } from '../files.ts';
import { type Answer, CommandError, EXIT } from '../output.ts';
import { type SubmissionOptions, submit } from '../submission.ts';

export interface WriteOptions extends SubmissionOptions {
  readonly ifAbsent?: boolean;
  readonly ifVersion?: EntryVersion;
}

export interface PutOptions extends WriteOptions {
  readonly value?: string;
  readonly file?: string;
}

export interface LeaseOptions extends WriteOptions {
  readonly until?: number;
  readonly for?: number;
}

export async function put(key: DataKey, options: PutOptions): Promise<Answer> {
  const value = await valueOf(options);
  return submit(options, `${value.length} bytes under ${nameOf(key)}`, async () => [
    { kind: 'put', ...key, value, condition: conditionOf(options) },
  ]);
}

export const deleteEntry = (key: DataKey, options: WriteOptions): Promise<Answer> =>
  submit(options, `${nameOf(key)} away`, async () => [{ kind: 'delete', ...key, condition: conditionOf(options) }]);

export function lease(key: DataKey, options: LeaseOptions): Promise<Answer> {
  const { until, for: heights } = options;
  if (until === undefined && heights === undefined)
    throw usage('for how long?', 'Give the last height with --until, or a number of heights with --for.');
  return submit(options, `lease of ${nameOf(key)}`, async ({ network }) => [
    {
      kind: 'lease',
      ...key,
      until: (until ?? network.height + (heights ?? 0)) as Height,
      condition: conditionOf(options),
    },
  ]);
}

export const release = (key: DataKey, options: WriteOptions): Promise<Answer> =>
  submit(options, `release of ${nameOf(key)}`, async () => [
    { kind: 'release', ...key, condition: conditionOf(options) },
  ]);

export const add = (key: DataKey, delta: bigint, options: WriteOptions): Promise<Answer> =>
  submit(options, `${delta} to ${nameOf(key)}`, async () => [{ kind: 'add', ...key, delta }]);

export const insert = (member: MemberKey, options: WriteOptions): Promise<Answer> =>
  submit(options, `${member.member} into ${nameOf(member)}`, async () => [{ kind: 'insert', ...member }]);

export const remove = (member: MemberKey, options: WriteOptions): Promise<Answer> =>
  submit(options, `${member.member} out of ${nameOf(member)}`, async () => [{ kind: 'remove', ...member }]);

const nameOf = ({ namespace, key }: DataKey): string => `${namespace} ${key}`;

function conditionOf({ ifAbsent, ifVersion }: WriteOptions): Condition {
  if (ifVersion !== undefined) return { kind: 'version', ...ifVersion };
  return { kind: ifAbsent === true ? 'absent' : 'any' };
}

/** Throws CommandError: USAGE, VALUE_TOO_LARGE, FILE_UNREADABLE. */
async function valueOf({ value: text, file }: PutOptions): Promise<Uint8Array> {
  if (file !== undefined) return readBoundedFile(file, VALUE_BYTES_MAX, tooLarge);
  if (text === undefined) throw usage('which value?', 'Give it with --value, or name a file with --file.');
  const value = new TextEncoder().encode(text);
  if (value.length > VALUE_BYTES_MAX) throw tooLarge(`the value has ${value.length} bytes, at most ${VALUE_BYTES_MAX}`);
  return value;
}

const tooLarge = (what: string): CommandError =>
  new CommandError('VALUE_TOO_LARGE', what, 'Nothing was sent. Keep it elsewhere, and put its hash here.');

const usage = (what: string, hint: string): CommandError => new CommandError('USAGE', what, hint, EXIT.usage);

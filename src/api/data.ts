/** What stands in namespaces: entries with their history, counters and sets, as of a final block. */
import { z } from 'zod';
import {
  booleanField,
  deltaField,
  keyField,
  namespaceField,
  valueField,
  versionField,
} from '../ledger/operations/data-fields.ts';
import { NAMESPACE_WRITERS_MAX } from '../ledger/limits.ts';
import { PAGE_DEFAULT, PAGE_MAX } from './limits.ts';
import { addressText, amountText, natural } from './scalars.ts';
import { stateProofSchema, stateQuerySchema, stoodShape } from './state.ts';

const namespaceText = namespaceField.schema;
const keyText = keyField.schema;

const depositText = amountText.describe(
  'What was paid for its bytes and comes back when it goes, in the smallest unit',
);

/** The proof of something whose key in the state begins with this. */
const proofOf = (key: string, value: string) =>
  stateProofSchema.optional().describe(`Its key in the state is ${key}, its value in SSZ is ${value}`);

export const namespaceSchema = z.object({
  name: namespaceText,
  owner: addressText
    .nullable()
    .describe('May always write, and says who else may; null where there is no such namespace'),
  writers: z.array(addressText).max(NAMESPACE_WRITERS_MAX).describe('May write beside the owner'),
  deposit: depositText,
  ...stoodShape,
  proof: proofOf('namespace/NAME', 'Container(owner: Bytes32, writers: List[Bytes32, 16], deposit: uint64)'),
});
export type NamespaceJson = z.infer<typeof namespaceSchema>;

const leaseSchema = z.object({ owner: addressText, until: natural }).optional();

/** An entry without its name. */
const storedShape = {
  value: valueField.schema.nullable().describe('In base64; null where nothing stands there'),
  version: versionField.schema.nullable().describe('height:index of the transaction that wrote the entry last'),
  valueVersion: versionField.schema
    .optional()
    .describe(
      'height:index of the transaction that wrote the value, where a lease that was taken or given up since kept it',
    ),
  lease: leaseSchema.describe(
    'Up to and including the height "until" the owner alone may write it; it stands here when it has run out too',
  ),
  deposit: depositText,
};

export const entrySchema = z.object({
  namespace: namespaceText,
  key: keyText,
  ...storedShape,
  ...stoodShape,
  proof: proofOf(
    'entry/NAMESPACE/KEY',
    'Container(version: Container(height: uint64, index: uint16), lease: Optional[Container(owner: Bytes32, until: uint64)], ' +
      'deposit: uint64, value: Container(version: Container(height: uint64, index: uint16), length: uint64, hash: Bytes32)), where ' +
      'the value is named by valueVersion, or else version, its length in bytes and its SHA-256',
  ),
});
export type EntryJson = z.infer<typeof entrySchema>;

/** Where a list goes on. */
const nextText = z
  .string()
  .nullable()
  .describe('Where the list goes on: "after" of the next page; null at the end. It says the height too');
const pageHeight = natural.describe('Of the final block after which all pages of the list are');

export const entriesSchema = z.object({
  namespace: namespaceText,
  height: pageHeight,
  entries: z
    .array(z.object({ key: keyText, ...storedShape }))
    .describe('In the order of their keys. There may be few, or none, and more to come'),
  next: nextText,
});
export type EntriesJson = z.infer<typeof entriesSchema>;

export const historySchema = z.object({
  namespace: namespaceText,
  key: keyText,
  height: natural.describe('Of the newest final block, up to which the versions are told'),
  versions: z
    .array(z.object({ ...storedShape, height: natural.describe('Of the block that left it so') }))
    .describe(
      'The oldest first, as far back as the state is kept; what it was after each block that changed it. A value of null: it was deleted. ' +
        'The first may be older than the state that is kept',
    ),
  next: nextText,
});
export type HistoryJson = z.infer<typeof historySchema>;

export const counterSchema = z.object({
  namespace: namespaceText,
  key: keyText,
  value: deltaField.schema.describe('All counters are zero until something is added'),
  deposit: depositText,
  ...stoodShape,
  proof: proofOf('counter/NAMESPACE/KEY', 'Container(value: int64, deposit: uint64); one at zero is absent'),
});
export type CounterJson = z.infer<typeof counterSchema>;

export const memberSchema = z.object({
  namespace: namespaceText,
  key: keyText,
  member: keyText,
  present: booleanField.schema,
  deposit: depositText,
  ...stoodShape,
  proof: proofOf('member/NAMESPACE/KEY MEMBER, with a space before the member', 'Container(deposit: uint64)'),
});
export type MemberJson = z.infer<typeof memberSchema>;

export const membersSchema = z.object({
  namespace: namespaceText,
  key: keyText,
  height: pageHeight,
  members: z.array(keyText).describe('In their order'),
  next: nextText,
});
export type MembersJson = z.infer<typeof membersSchema>;

const limitText = z
  .string()
  .regex(/^[1-9][0-9]{0,3}$/)
  .refine((text) => Number(text) <= PAGE_MAX || !/^[0-9]+$/.test(text), `at most ${PAGE_MAX}`)
  .optional()
  .describe(`How many at most, up to ${PAGE_MAX} (default ${PAGE_DEFAULT})`);
const afterText = z.string().optional().describe('"next" of the page before, instead of a height or time');

/** Of a history. */
export const historyQuerySchema = z.strictObject({ after: afterText, limit: limitText });

/** Of a list. */
export const listQuerySchema = z.strictObject({
  prefix: z.string().optional().describe('Only what begins with this'),
  after: afterText,
  limit: limitText,
  height: stateQuerySchema.shape.height,
  time: stateQuerySchema.shape.time,
});

/** Of a set: a list of its members, or whether one is there. */
export const memberQuerySchema = z.strictObject({
  member: z.string().describe('Whether this is a member, instead of a list'),
  ...stateQuerySchema.shape,
});

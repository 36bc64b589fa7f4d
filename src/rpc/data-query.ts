/** What is asked of namespaces: names in the path, and which part of a list. */
import type { z } from 'zod';
import { parseHistoryCursor, parseListCursor } from '../api/cursors.ts';
import { historyQuerySchema, listQuerySchema, memberQuerySchema } from '../api/data.ts';
import { PAGE_DEFAULT } from '../api/limits.ts';
import { heightQuerySchema } from '../api/membership.ts';
import type { ProblemCode } from '../api/problems.ts';
import { parseStateQuery } from '../api/state.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { KEY_CHARACTERS_MAX } from '../ledger/limits.ts';
import type { DataKey } from '../ledger/data/entry.ts';
import { keyField, namespaceField } from '../ledger/operations/data-fields.ts';
import { describeIssue } from './issue.ts';
import type { HistoryCursor, ListCursor, StatePoint } from './readable-state.ts';

type Asked<T> = Result<T, Coded<ProblemCode>>;

/** The name in a path, and what the rest of the path is. */
export interface DataParams {
  readonly name: string;
  readonly '*'?: string;
}

/** Errors: BAD_NAMESPACE. */
export const namespaceOf = ({ name }: DataParams): Asked<string> =>
  namespaceField.schema.safeParse(name).success
    ? ok(name)
    : fail('BAD_NAMESPACE', 'the path has no name of a namespace');

/** Errors: BAD_NAMESPACE, BAD_KEY. */
export function dataKeyOf(params: DataParams): Asked<DataKey> {
  const namespace = namespaceOf(params);
  if (!namespace.ok) return namespace;
  const key = keyOf(params['*'] ?? '', 'the path has no key after it');
  return key.ok ? ok({ namespace: namespace.value, key: key.value }) : key;
}

const keyOf = (text: string, problem: string): Asked<string> =>
  keyField.schema.safeParse(text).success ? ok(text) : fail('BAD_KEY', problem);

/** What is asked for of one thing. */
interface PointQuery {
  readonly at: StatePoint;
  readonly proof: boolean;
}

/** Without a height or time that of the newest final block is meant. Errors: BAD_REQUEST, BAD_HEIGHT. */
export function parsePointQuery(query: unknown): Asked<PointQuery> {
  const parsed = parseStateQuery(query);
  if (!parsed.ok) return parsed;
  const { at = NEWEST, proof } = parsed.value;
  return ok({ at, proof });
}

/** As `parsePointQuery`, of what is never proved. */
export function parseUnprovedQuery(query: unknown): Asked<StatePoint> {
  const parsed = parse(heightQuerySchema, query);
  if (!parsed.ok) return parsed;
  const point = parsePointQuery(parsed.value);
  return point.ok ? ok(point.value.at) : point;
}

const NEWEST: StatePoint = { height: 'latest' };

/** Whether the query asks for one member of a set, rather than for a list of them. */
export const asksForMember = (query: unknown): boolean =>
  typeof query === 'object' && query !== null && 'member' in query;

/** Errors: BAD_KEY, BAD_REQUEST, BAD_HEIGHT. */
export function parseMemberQuery(query: unknown): Asked<PointQuery & { readonly member: string }> {
  const parsed = parse(memberQuerySchema, query);
  if (!parsed.ok) return parsed;
  const { member: text, ...rest } = parsed.value;
  const member = keyOf(text, 'member: not a member');
  if (!member.ok) return member;
  const point = parsePointQuery(rest);
  return point.ok ? ok({ ...point.value, member: member.value }) : point;
}

interface ListQuery {
  /** What the keys begin with. */
  readonly prefix: string;
  readonly at: StatePoint | ListCursor;
  readonly limit: number;
}

/** Errors: BAD_REQUEST, BAD_HEIGHT, BAD_KEY, BAD_CURSOR. */
export function parseListQuery(query: unknown): Asked<ListQuery> {
  const parsed = parse(listQuerySchema, query);
  if (!parsed.ok) return parsed;
  const { prefix = '', after, limit, ...point } = parsed.value;
  if (!PREFIX.test(prefix)) return fail('BAD_KEY', 'prefix: no key begins so');
  const asked = parsePointQuery(point);
  if (!asked.ok) return asked;
  if (after === undefined) return ok({ prefix, at: asked.value.at, limit: limitOf(limit) });
  if (Object.keys(point).length > 0)
    return fail('BAD_REQUEST', 'after: it says the height itself; neither a height nor a time stands beside it');
  const cursor = parseListCursor(after);
  return cursor.ok ? ok({ prefix, at: cursor.value, limit: limitOf(limit) }) : cursor;
}

const PREFIX = new RegExp(`^[\\x21-\\x7e]{0,${KEY_CHARACTERS_MAX}}$`);

interface HistoryQuery {
  readonly cursor: HistoryCursor | undefined;
  readonly limit: number;
}

/** Errors: BAD_REQUEST, BAD_CURSOR. */
export function parseHistoryQuery(query: unknown): Asked<HistoryQuery> {
  const parsed = parse(historyQuerySchema, query);
  if (!parsed.ok) return parsed;
  const { after, limit } = parsed.value;
  if (after === undefined) return ok({ cursor: undefined, limit: limitOf(limit) });
  const cursor = parseHistoryCursor(after);
  return cursor.ok ? ok({ cursor: cursor.value, limit: limitOf(limit) }) : cursor;
}

const limitOf = (text: string | undefined): number => (text === undefined ? PAGE_DEFAULT : Number(text));

function parse<S extends z.ZodType>(schema: S, query: unknown): Asked<z.infer<S>> {
  const parsed = schema.safeParse(query);
  return parsed.success ? ok(parsed.data) : fail('BAD_REQUEST', describeIssue(parsed.error));
}

/** Operations as people write them in a file: the JSON of the HTTP interface. */
import { z } from 'zod';
import { OPERATIONS_MAX } from '../ledger/limits.ts';
import { OPERATIONS } from '../ledger/operations/table.ts';
import type { Operation } from '../ledger/transaction.ts';
import { CommandError } from './output.ts';

const listSchema = z.array(OPERATIONS.schema).min(1).max(OPERATIONS_MAX);

/** `file`: what errors name. Throws CommandError: BAD_OPERATIONS. */
export function operationsFromJson(text: string, file: string, addressPrefix: string): readonly Operation[] {
  const parsed = listSchema.safeParse(parseJson(text, file));
  if (!parsed.success) throw badOperations(`${file}: ${describeIssue(parsed.error)}`);
  return parsed.data.map((json, index) => {
    const operation = OPERATIONS.fromJson(json, `[${index}]`, addressPrefix);
    if (!operation.ok) throw badOperations(`${file}: ${operation.error.message}`);
    return operation.value;
  });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badOperations(`${file}: ${error instanceof Error ? error.message : 'no JSON'}`);
  }
}

/** The first thing that is wrong, with its place: `[2].amount: Invalid …`. */
function describeIssue({ issues: [issue] }: z.ZodError): string {
  const path = (issue?.path ?? []).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return path === '' ? (issue?.message ?? 'not valid') : `${path}: ${issue?.message ?? 'not valid'}`;
}

export const badOperations = (problem: string): CommandError =>
  new CommandError(
    'BAD_OPERATIONS',
    problem,
    `It is a list of 1 to ${OPERATIONS_MAX} operations; \`trefoil tx submit --help\` has an example.`,
  );

/** Answers of nodes, as what the interface says they are. */
import type { Answer } from './endpoint.ts';
import { badResponse } from './errors.ts';

export interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
}

/** Throws ClientError BAD_RESPONSE. */
export function read<T>(schema: Schema<T>, { url, body }: Answer): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw badResponse(url, `the answer is not what the interface says: ${parsed.error.message}`);
  return parsed.data;
}

/** Throws ClientError BAD_RESPONSE. */
export function requireSame<T extends string | number>({ url }: Answer, what: string, got: T, asked: T): void {
  if (got !== asked) throw badResponse(url, `the answer is for another ${what}: ${got}`);
}

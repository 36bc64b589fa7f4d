/**
 * Our own bugs. A broken invariant is never answered to a peer or a client: it throws, and the node stops before it can
 * sign again. Wrong *input* is a Result, see result.ts.
 */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(`${message}${describe(details)}`);
    this.details = details;
  }
}

function describe(details: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(details).map(([key, value]) => `${key}=${String(value)}`);
  return entries.length === 0 ? '' : ` (${entries.join(', ')})`;
}

/** Throws InvariantViolation unless the condition holds. */
export function invariant(
  condition: boolean,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): asserts condition {
  if (!condition) throw new InvariantViolation(message, details);
}

/** The end of an exhaustive switch: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new InvariantViolation('unreachable case', { value: JSON.stringify(value) });
}

/** The value, which our own reasoning says is there. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new InvariantViolation(`${what} is missing`);
  return value;
}

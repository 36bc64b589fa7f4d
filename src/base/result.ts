/** Answer to foreign input: a value, or a coded error that the caller has to look at. */
export type Result<T, E extends Coded = Coded> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/** An error with a stable code and, for people, a sentence. */
export interface Coded<C extends string = string> {
  readonly code: C;
  readonly message: string;
}

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const fail = <C extends string>(code: C, message: string): { readonly ok: false; readonly error: Coded<C> } => ({
  ok: false,
  error: { code, message },
});

/** An operation or event as a whole, as its fields make it: in bytes, as JSON, and the way between. */
import { ContainerType, type Type } from '@chainsafe/ssz';
import { z } from 'zod';
import type { Address } from '../../base/brand.ts';
import { ok, type Result } from '../../base/result.ts';
import type { Field, FieldError, Fields, JsonValues, Values } from './fields.ts';

/** The forms of `{kind, ...fields}`. In bytes it is the container of the fields: the union that it stands in tells the kind. */
export class Form<N extends string, F extends Fields> {
  readonly kind: N;
  readonly type: ContainerType<Record<string, Type<unknown>>>;
  readonly schema: z.ZodObject;
  readonly #fields: readonly (readonly [name: string, field: Field<unknown, unknown>])[];

  constructor(kind: N, fields: F) {
    this.kind = kind;
    this.#fields = Object.entries(fields);
    this.type = new ContainerType(Object.fromEntries(this.#fields.map(([name, { type }]) => [name, type])));
    this.schema = z.object({
      kind: z.literal(kind),
      ...Object.fromEntries(this.#fields.map(([name, { schema }]) => [name, schema])),
    });
  }

  toJson(value: Values<F>, addressPrefix: string): { kind: N } & JsonValues<F> {
    const json: Record<string, unknown> = { kind: this.kind };
    for (const [name, field] of this.#fields) json[name] = field.toJson(value[name], addressPrefix);
    return json as { kind: N } & JsonValues<F>;
  }

  /** The accounts that its fields name. */
  accountsIn(value: Values<F>): readonly Address[] {
    return this.#fields.flatMap(([name, field]) => field.accountsIn?.(value[name]) ?? []);
  }

  /** Errors: those of the fields, the first of them. */
  fromJson(
    json: JsonValues<F>,
    path: string,
    addressPrefix: string,
  ): Result<{ readonly kind: N } & Values<F>, FieldError> {
    const value: Record<string, unknown> = { kind: this.kind };
    for (const [name, field] of this.#fields) {
      const read = field.fromJson(json[name], `${path}.${name}`, addressPrefix);
      if (!read.ok) return read;
      value[name] = read.value;
    }
    return ok(value as { readonly kind: N } & Values<F>);
  }
}

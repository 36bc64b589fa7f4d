/** From kinds of operations to what the rest of the ledger and the interface ask: types, codes, bounds, schemas, JSON. */
import { ContainerType, ListCompositeType, type Type } from '@chainsafe/ssz';
import { z } from 'zod';
import type { Address, Hash } from '../../base/brand.ts';
import { invariant, present } from '../../base/invariant.ts';
import type { Result } from '../../base/result.ts';
import { type Codec, codec } from '../../codec/codec.ts';
import { hex32, nameOf, uint64Big, unionByKind } from '../../codec/types.ts';
import { BYTES_PER_WEIGHT, RECEIPT_EVENTS_MAX } from '../limits.ts';
import type { GrowthCode } from './codes.ts';
import type { FieldError, Fields, JsonValues, Values } from './fields.ts';
import { Form } from './form.ts';
import type { OperationKind } from './kind.ts';

export type AnyKind = OperationKind<string, Fields, Fields, string, Fields | undefined>;
/** An operation or event of which only the table knows more. */
type OfSomeKind = { readonly kind: string };

/** The kinds of a table. */
export type KindOf<T> = T extends OperationTable<infer K> ? K : never;
/** An operation, an event or a code of one of the kinds `K`. */
export type OperationOf<K extends AnyKind> = K extends AnyKind
  ? { readonly kind: K['kind'] } & Values<K['fields']>
  : never;
type EventOf<K extends AnyKind> = K extends AnyKind ? { readonly kind: K['kind'] } & Values<K['event']> : never;
type CodeOf<K extends AnyKind> = 'OK' | GrowthCode | (K extends AnyKind ? Extract<keyof K['codes'], string> : never);
type OperationJsonOf<K extends AnyKind> = K extends AnyKind ? { kind: K['kind'] } & JsonValues<K['fields']> : never;
type EventJsonOf<K extends AnyKind> = K extends AnyKind ? { kind: K['kind'] } & JsonValues<K['event']> : never;
/** An event of a namespace, with what watchers are told beside it. */
type ChangeJsonOf<K extends AnyKind> = K extends AnyKind
  ? K['event'] extends { readonly namespace: unknown }
    ? { kind: K['kind'] } & JsonValues<K['event']> & ToldJson<NonNullable<K['told']>>
    : never
  : never;
type ToldJson<T> = [T] extends [never] ? unknown : T extends Fields ? JsonValues<T> : unknown;

/** Where something was changed: a key of a namespace; without one, the namespace itself. */
export interface ChangedPlace {
  readonly namespace: string;
  readonly key?: string;
}

/** What became of a transaction that stands in a block. */
export interface ReceiptOf<K extends AnyKind> {
  readonly transactionId: Hash;
  /** OK, or why it did not do what it says: the fee was paid, the nonce used, nothing else happened. */
  readonly code: CodeOf<K>;
  readonly feePaid: bigint;
  /** One for each operation, in order; none where it failed. */
  readonly events: readonly EventOf<K>[];
}

/** A kind with the forms that follow from it. */
interface Entry<K extends AnyKind> {
  readonly kind: K;
  readonly operation: Form<string, Fields>;
  readonly event: Form<string, Fields>;
  /** The event as watchers are told of it; undefined where it names no namespace. */
  readonly change: Form<string, Fields> | undefined;
}

/** Bytes of an operation in its list, beside its fields: its offset, and the number of its kind. */
const OPERATION_FRAME_BYTES = 5;

export class OperationTable<K extends AnyKind = AnyKind> {
  /** SSZ union of the operations. */
  readonly type: Type<OperationOf<K>>;
  readonly receiptType: Type<ReceiptOf<K>>;
  readonly receiptCodec: Codec<ReceiptOf<K>>;
  /** All codes of receipts, each at its number. */
  readonly codes: readonly CodeOf<K>[];
  /** JSON of an operation, and of an event. */
  readonly schema: z.ZodType<OperationJsonOf<K>>;
  readonly eventSchema: z.ZodType<EventJsonOf<K>>;
  /** JSON of what watchers are told of an event that names a namespace. */
  readonly changeSchema: z.ZodType<ChangeJsonOf<K>>;
  /** Weight of the lightest and of the heaviest operation; and of the heaviest of those that are as short as they can be. */
  readonly weightMin: number;
  readonly weightMax: number;
  readonly shortWeightMax: number;
  /** Bytes by which an operation makes a transaction longer: at least; and at most, for each unit of its weight. */
  readonly bytesMin: number;
  readonly bytesPerWeightMax: number;
  readonly #entries: ReadonlyMap<string, Entry<K>>;

  /** `common`: codes of failures that are no kind's. */
  constructor(kinds: readonly K[], common: Readonly<Record<string, number>> = {}) {
    const entries = kinds.map((kind) => ({
      kind,
      operation: new Form(kind.kind, kind.fields),
      event: new Form(kind.kind, kind.event),
      change: changeFormOf(kind),
    }));
    this.#entries = new Map(entries.map((entry) => [entry.kind.kind, entry]));
    invariant(this.#entries.size === kinds.length, 'a kind of operation stands in the table once');
    const operations = entries.map(({ operation }) => operation);
    const events = entries.map(({ event }) => event);
    this.type = unionOf(operations) as Type<OperationOf<K>>;
    this.codes = codesOf(kinds, common) as CodeOf<K>[];
    const receiptType = new ContainerType({
      transactionId: hex32<Hash>(),
      code: nameOf(this.codes),
      feePaid: uint64Big(),
      events: new ListCompositeType(unionOf(events) as never, RECEIPT_EVENTS_MAX),
    });
    this.receiptType = receiptType;
    this.receiptCodec = codec('Receipt', this.receiptType, receiptType.maxSize);
    this.schema = schemaOf(operations) as unknown as z.ZodType<OperationJsonOf<K>>;
    this.eventSchema = schemaOf(events) as unknown as z.ZodType<EventJsonOf<K>>;
    const changes = entries.flatMap(({ change }) => change ?? []);
    this.changeSchema = schemaOf(changes) as unknown as z.ZodType<ChangeJsonOf<K>>;
    this.weightMin = Math.min(...kinds.map(({ weight }) => weight));
    this.weightMax = Math.max(
      ...entries.map(({ kind, operation: { type } }) => kind.weight + unitsOf(type, type.maxSize)),
    );
    this.shortWeightMax = Math.max(...kinds.map(({ weight }) => weight));
    this.bytesMin = OPERATION_FRAME_BYTES + Math.min(...operations.map(({ type }) => type.minSize));
    this.bytesPerWeightMax = Math.ceil(Math.max(...entries.flatMap(bytesPerWeight)));
  }

  /** What is known of the operation. */
  kindOf(operation: OfSomeKind): K {
    return this.#entryOf(operation).kind;
  }

  /** Units that it adds to the weight of its transaction. */
  weightOf(operation: OfSomeKind): number {
    const { kind, operation: form } = this.#entryOf(operation);
    const { type } = form;
    return type.fixedSize === null ? kind.weight + unitsOf(type, type.value_serializedSize(operation)) : kind.weight;
  }

  toJson(operation: OfSomeKind, addressPrefix: string): OperationJsonOf<K> {
    return this.#entryOf(operation).operation.toJson(operation, addressPrefix) as OperationJsonOf<K>;
  }

  /** The operation that this JSON describes, which satisfies the schema. `path` is where it stands. Errors: those of fields. */
  fromJson(json: OfSomeKind, path: string, addressPrefix: string): Result<OperationOf<K>, FieldError> {
    return this.#entryOf(json).operation.fromJson(json, path, addressPrefix) as Result<OperationOf<K>, FieldError>;
  }

  eventToJson(event: OfSomeKind, addressPrefix: string): EventJsonOf<K> {
    return this.#entryOf(event).event.toJson(event, addressPrefix) as EventJsonOf<K>;
  }

  /** The accounts that an operation names, beside its sender. */
  accountsIn(operation: OfSomeKind): readonly Address[] {
    return this.#entryOf(operation).operation.accountsIn(operation);
  }

  /** Where the event tells of a change; undefined where it tells of none. */
  changedBy(event: OfSomeKind): ChangedPlace | undefined {
    const { kind, change } = this.#entryOf(event);
    if (change === undefined || kind.changes?.(event) === false) return undefined;
    return event as OfSomeKind & ChangedPlace;
  }

  /** What watchers are told of an event that tells of a change, and of the operation that it is of. */
  changeToJson(event: OfSomeKind, operation: OfSomeKind, addressPrefix: string): ChangeJsonOf<K> {
    const form = present(this.#entryOf(event).change, 'a change');
    return form.toJson({ ...operation, ...event }, addressPrefix) as ChangeJsonOf<K>;
  }

  /** Every operation was decoded, parsed or made by our own code, and each of these knows its kinds. */
  #entryOf({ kind }: OfSomeKind): Entry<K> {
    return present(this.#entries.get(kind), 'kind of operation');
  }
}

function changeFormOf({ kind, fields, event, told = {} }: AnyKind): Form<string, Fields> | undefined {
  if (!('namespace' in event)) return undefined;
  for (const [name, field] of Object.entries(told))
    invariant(fields[name] === field && !(name in event), 'what is told beside an event is said by the operation', {
      kind,
      name,
    });
  return new Form(kind, { ...event, ...told });
}

/** Units for what an operation of so many bytes carries beyond the shortest of its kind. */
const unitsOf = ({ minSize }: { readonly minSize: number }, bytes: number): number =>
  Math.ceil((bytes - minSize) / BYTES_PER_WEIGHT);

/** Bytes for each unit where that can be most: of the shortest operation, of the longest, and of the longest that fills its units. */
function bytesPerWeight({ kind, operation: { type } }: Entry<AnyKind>): readonly number[] {
  const { minSize, maxSize } = type;
  const full = minSize + BYTES_PER_WEIGHT * Math.floor((maxSize - minSize) / BYTES_PER_WEIGHT);
  return [minSize, full, maxSize].map(
    (bytes) => (OPERATION_FRAME_BYTES + bytes) / (kind.weight + unitsOf(type, bytes)),
  );
}

const unionOf = (forms: readonly Form<string, Fields>[]): Type<unknown> =>
  unionByKind(Object.fromEntries(forms.map(({ kind, type }) => [kind, type])));

const schemaOf = (forms: readonly Form<string, Fields>[]): z.ZodType =>
  z.discriminatedUnion('kind', forms.map(({ schema }) => schema) as never);

/** The codes at their numbers; 0 is OK. What a receipt holds is the number, so none may move or mean two things. */
function codesOf(kinds: readonly AnyKind[], common: Readonly<Record<string, number>>): string[] {
  const codes: string[] = ['OK'];
  for (const { kind, codes: own } of [{ kind: 'every kind', codes: common }, ...kinds]) {
    for (const [code, number] of Object.entries(own)) {
      const other = codes[number] ?? code;
      invariant(other === code, 'a number stands for one code', { kind, code, number, other });
      codes[number] = code;
    }
  }
  const names = Array.from(codes);
  invariant(new Set(names).size === names.length, 'a code has one number', { names });
  invariant(
    names.every((name: string | undefined) => name !== undefined),
    'numbers of codes have no gap',
    { names },
  );
  return names;
}

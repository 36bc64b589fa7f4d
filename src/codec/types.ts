/**
 * SSZ types that the library lacks: integers that stay exact, hashes and other text as text, names for numbers, unions by `kind`.
 * Spec: ethereum/consensus-specs, ssz/simple-serialize.md. The byte forms are plain SSZ; only the values differ.
 */
import {
  type BasicType,
  ByteListType,
  ByteVectorType,
  type Type,
  UintBigintType,
  UintNumberType,
  UnionType,
} from '@chainsafe/ssz';
import { invariant } from '../base/invariant.ts';
import { toHex, writeHex } from './hex.ts';

type DataView_ = Parameters<UintNumberType['value_deserializeFromBytes']>[0];
type Output = Parameters<UintNumberType['value_serializeToBytes']>[0];

/** uint64 as a number; refuses values beyond 2^53 - 1, which the library would round. */
class SafeUint64Type extends UintNumberType {
  constructor() {
    super(8);
  }

  override value_serializeToBytes(output: Output, offset: number, value: number): number {
    invariant(
      Number.isSafeInteger(value) && value >= 0,
      'a uint64 here is a whole number that JavaScript holds exactly',
      { value },
    );
    return super.value_serializeToBytes(output, offset, value);
  }

  override value_deserializeFromBytes(data: DataView_, start: number, end: number): number {
    const value = super.value_deserializeFromBytes(data, start, end);
    if (!Number.isSafeInteger(value)) throw new Error('uint64 beyond 2^53 - 1');
    return value;
  }
}

/** 32 bytes whose value is lower-case hexadecimal text. */
class HexBytes32Type extends ByteVectorType {
  constructor() {
    super(32);
  }

  override value_serializeToBytes(output: Output, offset: number, value: Uint8Array): number {
    const text = value as unknown as string;
    invariant(text.length === 64, '32 bytes are 64 hexadecimal digits', { text });
    writeHex(text, output.uint8Array, offset);
    return offset + 32;
  }

  override value_deserializeFromBytes(data: DataView_, start: number, end: number): Uint8Array {
    this.assertValidSize(end - start);
    return toHex(data.uint8Array.subarray(start, end)) as unknown as Uint8Array;
  }
}

/** uint64 whose value is the signed integer with these bits, in two's complement. */
class Int64BigType extends UintBigintType {
  constructor() {
    super(8);
  }

  override value_serializeToBytes(output: Output, offset: number, value: bigint): number {
    invariant(BigInt.asIntN(64, value) === value, 'a signed integer has 64 bits', { value });
    return super.value_serializeToBytes(output, offset, BigInt.asUintN(64, value));
  }

  override value_deserializeFromBytes(data: DataView_, start: number, end: number): bigint {
    return BigInt.asIntN(64, super.value_deserializeFromBytes(data, start, end));
  }
}

/** Byte list whose value is text of visible ASCII characters, which matches a pattern. Other bytes are no value of it. */
class AsciiType extends ByteListType {
  readonly pattern: RegExp;

  constructor(pattern: RegExp, charactersMax: number) {
    super(charactersMax);
    this.pattern = pattern;
  }

  override value_serializeToBytes(output: Output, offset: number, value: Uint8Array): number {
    const text = value as unknown as string;
    invariant(this.pattern.test(text) && text.length <= this.limitBytes, 'text is of its type', { text });
    for (let i = 0; i < text.length; i++) output.uint8Array[offset + i] = text.charCodeAt(i);
    return offset + text.length;
  }

  override value_deserializeFromBytes(data: DataView_, start: number, end: number): Uint8Array {
    this.assertValidSize(end - start);
    const text = String.fromCharCode(...data.uint8Array.subarray(start, end));
    if (!this.pattern.test(text)) throw new Error(`expected text like ${this.pattern.source}`);
    return text as unknown as Uint8Array;
  }
}

/** Member of a union that says no more than its kind: no bytes. */
class NothingType extends ByteListType {
  override readonly maxSize = 0;

  constructor() {
    super(1);
  }

  override value_serializedSize(): number {
    return 0;
  }

  override value_serializeToBytes(_output: Output, offset: number): number {
    return offset;
  }

  override value_deserializeFromBytes(_data: DataView_, start: number, end: number): Uint8Array {
    if (start !== end) throw new Error(`expected nothing, got ${end - start} bytes`);
    return {} as unknown as Uint8Array;
  }
}

/** uint8 whose value is one of a fixed list of names; the number is the position in the list. */
class NameType extends UintNumberType {
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    super(1);
    this.names = names;
  }

  override value_serializeToBytes(output: Output, offset: number, value: number): number {
    const position = this.names.indexOf(value as unknown as string);
    invariant(position >= 0, 'a name is one of its type', { value });
    return super.value_serializeToBytes(output, offset, position);
  }

  override value_deserializeFromBytes(data: DataView_, start: number, end: number): number {
    const name = this.names[super.value_deserializeFromBytes(data, start, end)];
    if (name === undefined) throw new Error(`expected one of ${this.names.join(', ')}`);
    return name as unknown as number;
  }
}

/** SSZ union whose value is `{kind, ...fields}`; the selector is the position of the kind. */
class KindUnionType extends UnionType<Type<unknown>[]> {
  readonly kinds: readonly string[];

  constructor(kinds: readonly string[], types: Type<unknown>[]) {
    super(types);
    this.kinds = kinds;
  }

  #tagged(value: { readonly kind?: string }): { readonly selector: number; readonly value: unknown } {
    const selector = this.kinds.indexOf(value.kind ?? '');
    invariant(selector >= 0, 'a kind is one of its union', { kind: value.kind });
    return { selector, value };
  }

  override value_serializedSize(value: never): number {
    return super.value_serializedSize(this.#tagged(value));
  }

  override value_serializeToBytes(output: Output, offset: number, value: never): number {
    return super.value_serializeToBytes(output, offset, this.#tagged(value));
  }

  override value_deserializeFromBytes(data: DataView_, start: number, end: number): never {
    const { selector, value } = super.value_deserializeFromBytes(data, start, end);
    return { kind: this.kinds[selector], ...(value as object) } as never;
  }
}

/** Exact uint64 as a branded number. */
export const uint64 = <T extends number = number>(): BasicType<T> => new SafeUint64Type() as unknown as BasicType<T>;

/** uint64 as bigint: amounts and powers. */
export const uint64Big = <T extends bigint = bigint>(): BasicType<T> =>
  new UintBigintType(8) as unknown as BasicType<T>;

/** int64 as bigint: differences of amounts. */
export const int64Big = (): BasicType<bigint> => new Int64BigType();

/** Text of at most so many visible ASCII characters, as bytes. What does not match the pattern is refused in decoding, so that
 *  nobody has to look again. */
export const ascii = (pattern: RegExp, charactersMax: number): Type<string> =>
  new AsciiType(pattern, charactersMax) as unknown as Type<string>;

/** What a member of a union carries that says no more than its kind. */
export const nothing = (): Type<object> => new NothingType();

/** uint16 as a branded number. */
export const uint16 = <T extends number = number>(): BasicType<T> => new UintNumberType(2) as unknown as BasicType<T>;

/** 32 bytes as a Hash or Address. */
export const hex32 = <T extends string>(): Type<T> => new HexBytes32Type() as unknown as Type<T>;

/** One of a fixed list of names, in one byte. */
export const nameOf = <const Names extends readonly string[]>(names: Names): BasicType<Names[number]> =>
  new NameType(names) as unknown as BasicType<Names[number]>;

/** Union of containers told apart by `kind`. The order of the kinds is part of the encoding. */
export const unionByKind = <const Members extends Readonly<Record<string, Type<unknown>>>>(
  members: Members,
): Type<
  {
    [K in keyof Members]: { kind: K } & (Members[K] extends Type<infer V> ? V : never);
  }[keyof Members]
> => new KindUnionType(Object.keys(members), Object.values<Type<unknown>>(members)) as never;

/** Kinds of entries of the state. A new kind is a name, the text of a key and the codec of a value, and a line in `kinds.ts`. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { invariant } from '../../base/invariant.ts';
import type { Codec } from '../../codec/codec.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { ValueReference } from './value-reference.ts';

/** `K`: what names an entry of the kind; `V`: what stands there. */
export class EntryKind<K, V> {
  /** Before the slash in the text of a key: lower-case letters. */
  readonly name: string;
  readonly codec: Codec<V>;
  readonly #referenceIn: (value: never) => ValueReference | undefined;
  readonly #textOf: (key: K) => string;

  /** `textOf`: a text of ASCII characters for each key, no two the same; entries are listed in its order. `referenceIn`: what names the
   *  value that stands apart, in the one kind that has such values. */
  constructor(
    name: string,
    codec: Codec<V>,
    textOf: (key: K) => string,
    referenceIn: (value: V) => ValueReference | undefined = () => undefined,
  ) {
    this.name = name;
    this.codec = codec;
    this.#referenceIn = referenceIn;
    this.#textOf = textOf;
  }

  /** Names what stands apart from this; undefined where nothing does. */
  referenceIn(value: V | undefined): ValueReference | undefined {
    return value === undefined ? undefined : this.#referenceIn(value as never);
  }

  key(key: K): StateKey<V> {
    return { kind: this, text: this.#textOf(key) };
  }
}

/** Where an entry stands. */
export interface StateKey<V = unknown> {
  readonly kind: EntryKind<never, V>;
  /** Names the entry among those of its kind. */
  readonly text: string;
}

/** Names the entry in the whole state: what is hashed as its key in the tree, and what it is stored under. */
export const stateKeyText = ({ kind, text }: StateKey): string => `${kind.name}/${text}`;

/** The key as the tree hashes it. */
export const stateKeyBytes = (key: StateKey): Uint8Array => utf8ToBytes(stateKeyText(key));

/** Longer than the text of any key: of a member of a set, which names its namespace, its set and itself. */
const scratch = new Uint8Array(512);

/** Where the key stands in the tree: SHA-256 of its text. Its bytes are written where those before it were, since an array for each
 *  would be memory outside the heap. */
export function treeKeyOf({ kind: { name }, text }: StateKey): Uint8Array {
  const length = name.length + 1 + text.length;
  invariant(length <= scratch.length, 'a key of the state is not that long', { length });
  for (let i = 0; i < name.length; i++) scratch[i] = name.charCodeAt(i);
  scratch[name.length] = SLASH;
  for (let i = 0, at = name.length + 1; i < text.length; i++, at++) scratch[at] = text.charCodeAt(i);
  return sha256(scratch.subarray(0, length));
}

const SLASH = '/'.charCodeAt(0);

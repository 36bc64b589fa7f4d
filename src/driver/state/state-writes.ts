/** What a block's change of the state is on disk: entries as they are now, what they were before, new values, and new nodes of the tree. */
import type { Height } from '../../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { stateKeyText } from '../../ledger/state/entry-kind.ts';
import type { EntryChange, StateDelta } from '../../ledger/state/source.ts';
import { encodeRecord } from '../../ledger/tree/difference.ts';
import { encodeStale } from '../../ledger/tree/stale.ts';
import type { StoreOperation } from '../ports.ts';
import { isValue, KEYS, pastKey } from '../stored/records.ts';
import { REPLACED_BYTES_MAX } from './limits.ts';

/** `prunes`: whether what is replaced goes some day, and has to be found then. */
export function* stateWrites(delta: StateDelta, prunes: boolean): Generator<StoreOperation> {
  const { height, entries, values, tree } = delta;
  for (const change of entries) {
    const { key, bytes } = change;
    yield bytes === undefined
      ? { kind: 'delete', key: KEYS.entry(key) }
      : { kind: 'put', key: KEYS.entry(key), value: bytes };
    // Nothing is before the first block.
    if (height > 0) yield { kind: 'put', key: KEYS.past(key, height), value: encodePast(change) };
  }
  for (const value of values) yield { kind: 'put', key: KEYS.value(value), value: value.bytes };
  for (const { key, bytes, difference } of tree.nodes)
    yield { kind: 'put', key: KEYS.node(key), value: encodeRecord(bytes, difference) };
  if (!prunes) return;
  yield { kind: 'put', key: KEYS.stale(height), value: encodeStale(tree.stale) };
  yield { kind: 'put', key: KEYS.replaced(height), value: encodeReplaced(delta) };
}

const ABSENT = new Uint8Array(0);

/** What stood there: nothing at all, or a byte of 1 and the value. */
function encodePast({ key, before }: EntryChange): Uint8Array {
  if (before === undefined) return ABSENT;
  const value = key.kind.codec.encode(before);
  const bytes = new Uint8Array(1 + value.length);
  bytes[0] = 1;
  bytes.set(value, 1);
  return bytes;
}

/** The value that stood there; undefined where nothing did. Error: MALFORMED. */
export function decodePast(bytes: Uint8Array): Result<Uint8Array | undefined, Coded<'MALFORMED'>> {
  if (bytes.length === 0) return ok(undefined);
  return bytes[0] === 1 ? ok(bytes.subarray(1)) : fail('MALFORMED', 'a past value begins with 1');
}

const encoder = new TextEncoder();

/** Keys of entries, and where values lie that they name no more. No key holds a line's end. */
const encodeReplaced = ({ entries, staleValues }: StateDelta): Uint8Array =>
  encoder.encode([...entries.map(({ key }) => stateKeyText(key)), ...staleValues.map(KEYS.value)].join('\n'));

const KEY_TEXT = /^[a-z]+\/[ -~]+$/;

/** Where the records lie of entries and values that the block of this height replaced. Errors: TOO_LARGE, MALFORMED. */
export function decodeReplaced(
  bytes: Uint8Array,
  height: Height,
): Result<readonly string[], Coded<'TOO_LARGE' | 'MALFORMED'>> {
  if (bytes.length > REPLACED_BYTES_MAX) return fail('TOO_LARGE', `a list of ${bytes.length} bytes`);
  if (bytes.length === 0) return ok([]);
  const texts = new TextDecoder().decode(bytes).split('\n');
  const wrong = texts.find((text) => !KEY_TEXT.test(text));
  return wrong === undefined
    ? ok(texts.map((text) => (isValue(text) ? text : pastKey(text, height))))
    : fail('MALFORMED', 'no list of keys');
}

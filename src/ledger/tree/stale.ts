/**
 * What can be pruned, and when. The nodes that the version of height h replaced are needed for the heights below h, and no other: they
 * go when h is the oldest height that can still be read. Each block therefore stores the list of what it replaced, under its height; whoever
 * prunes deletes the nodes of a list, and the list.
 *
 * A list is, for each node in the order of `nodeKeyText`: version (6 bytes), nibbles of the path (1 byte), the path, two nibbles a byte.
 */
import type { Height } from '../../base/brand.ts';
import { invariant } from '../../base/invariant.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { NODE_PATH_MAX, STALE_RECORD_BYTES_MAX } from '../limits.ts';
import { readVersion, VERSION_BYTES, writeVersion } from './node.ts';
import { DIGITS, type NodeKey, nibbleAt, nodeKeyText } from './path.ts';

const HEAD_BYTES = VERSION_BYTES + 1;

export type StaleRecordError = Coded<'TOO_LARGE' | 'MALFORMED' | 'NON_CANONICAL'>;

export function encodeStale(nodes: readonly NodeKey[]): Uint8Array {
  const sorted = nodes.map((key) => ({ key, text: nodeKeyText(key) })).sort((a, b) => (a.text < b.text ? -1 : 1));
  const length = nodes.reduce((sum, { path }) => sum + HEAD_BYTES + Math.ceil(path.length / 2), 0);
  invariant(length <= STALE_RECORD_BYTES_MAX, 'a block replaces no more nodes than a record holds', { length });
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const { key } of sorted) {
    writeVersion(key.version, bytes, at);
    bytes[at + VERSION_BYTES] = key.path.length;
    at += HEAD_BYTES;
    for (let i = 0; i < key.path.length; i += 2) {
      bytes[at++] = Number.parseInt(key.path.slice(i, i + 2).padEnd(2, '0'), 16);
    }
  }
  return bytes;
}

/** The nodes that the version at `since` replaced. Errors: TOO_LARGE, MALFORMED, NON_CANONICAL (order, or a half byte of no nibble). */
export function decodeStale(bytes: Uint8Array, since: Height): Result<NodeKey[], StaleRecordError> {
  if (bytes.length > STALE_RECORD_BYTES_MAX) return fail('TOO_LARGE', `a list of ${bytes.length} bytes`);
  const nodes: NodeKey[] = [];
  let before = '';
  for (let at = 0; at < bytes.length; ) {
    const nibbles = bytes[at + VERSION_BYTES];
    const end = at + HEAD_BYTES + Math.ceil((nibbles ?? 0) / 2);
    if (nibbles === undefined || nibbles > NODE_PATH_MAX || end > bytes.length)
      return fail('MALFORMED', 'no list of nodes');
    let path = '';
    for (let i = 0; i < nibbles; i++) path += DIGITS.charAt(nibbleAt(bytes, at + HEAD_BYTES, i));
    if (nibbles % 2 === 1 && nibbleAt(bytes, at + HEAD_BYTES, nibbles) !== 0) {
      return fail('NON_CANONICAL', 'a half byte belongs to no path');
    }
    const key: NodeKey = { version: readVersion(bytes, at) as Height, path };
    if (key.version >= since) return fail('MALFORMED', 'a node is replaced by a later version');
    const text = nodeKeyText(key);
    if (text <= before) return fail('NON_CANONICAL', 'nodes are not in order');
    nodes.push(key);
    before = text;
    at = end;
  }
  return ok(nodes);
}

export interface Retention {
  readonly head: Height;
  /** Heights that can be read, the head among them; 0 keeps all. */
  readonly historyHeights: number;
  /** The highest height whose list has been dealt with; 0 at the beginning. */
  readonly prunedTo: Height;
}

/** The heights whose lists are due, the lowest first, no more than `limit` of them. They are several where a node was told to
 *  keep less than before. */
export function dueLists({ head, historyHeights, prunedTo }: Retention, limit: number): Height[] {
  if (historyHeights === 0) return [];
  const oldest = head - historyHeights + 1;
  const due: Height[] = [];
  for (let height = prunedTo + 1; height <= oldest && due.length < limit; height++) due.push(height as Height);
  return due;
}

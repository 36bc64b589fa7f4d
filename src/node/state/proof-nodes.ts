/** Nodes of the state's tree, of any version that is stored: what a proof is made of. */
import { ForgetfulMap } from '../../base/bounded.ts';
import { ok, type Result } from '../../base/result.ts';
import { fromHex } from '../../codec/hex.ts';
import { KEYS } from '../../driver/stored/records.ts';
import type { Header } from '../../ledger/block.ts';
import { baseOf, readNode } from '../../ledger/tree/difference.ts';
import { type MissingNode, missing, type NodeToFetch, nodesToFetch } from '../../ledger/tree/lookup.ts';
import type { NodeSource, TreeNode } from '../../ledger/tree/node.ts';
import { nodeKeyText } from '../../ledger/tree/path.ts';
import { PROOF_NODES_MAX } from '../limits.ts';
import { corrupt, type StoreReads } from './store-reads.ts';

export class ProofNodes {
  readonly #reads: StoreReads;
  /** A node never changes, so one that was checked once is right for ever. */
  readonly #kept = new ForgetfulMap<string, TreeNode>(PROOF_NODES_MAX);

  constructor(reads: StoreReads) {
    this.#reads = reads;
  }

  /** The nodes on the way to a key, given by its SHA-256, in the state after this block; each has the hash that its parent gives, and the
   *  first that of the header. Error: NODE_MISSING. Rejects with StorageError. */
  async towards(keyHash: Uint8Array, { height, stateRoot }: Header): Promise<Result<NodeSource, MissingNode>> {
    const here = new Map<string, TreeNode>();
    const source: NodeSource = { get: (key) => here.get(nodeKeyText(key)) };
    for (;;) {
      const [next] = nodesToFetch(source, height, [keyHash]);
      if (next === undefined) return ok(source);
      const text = nodeKeyText(next.key);
      const node = this.#kept.get(text) ?? (await this.#fetch(next, fromHex(stateRoot)));
      if (node === undefined) return missing(next.key);
      // What is used stays.
      this.#kept.set(text, node);
      here.set(text, node);
    }
  }

  async #fetch({ key, hash }: NodeToFetch, root: Uint8Array): Promise<TreeNode | undefined> {
    const stored = KEYS.node(key);
    const record = await this.#reads.get(stored);
    if (record === undefined) return undefined;
    const from = baseOf(key, record);
    if (!from.ok) throw corrupt(`${stored}: ${from.error.message}`);
    const base = from.value && (await this.#reads.get(KEYS.node(from.value)));
    // Both go together when the height does.
    if (from.value !== undefined && base === undefined) return undefined;
    return this.#reads.measured(() => {
      const read = readNode(key, { record, base }, hash ?? root);
      if (!read.ok) throw corrupt(`${stored}: ${read.error.message}`);
      return read.value.node;
    });
  }
}

/**
 * Reads of the state after any final block that is not pruned, with proofs. What was read is given away when it was not pruned
 * meanwhile: the pruning tells at once what it will delete, and deletes it later. So what is missing although nothing was pruned is
 * damage.
 */
import type { Height } from '../../base/brand.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { equalBytes } from '../../codec/codec.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { Store } from '../../driver/ports.ts';
import { KEYS } from '../../driver/stored/records.ts';
import type { Header } from '../../ledger/block.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { type StateKey, treeKeyOf } from '../../ledger/state/entry-kind.ts';
import { lookUp } from '../../ledger/tree/lookup.ts';
import type { NodeSource } from '../../ledger/tree/node.ts';
import { proveKey, type TreeProof } from '../../ledger/tree/proof.ts';
import type {
  EntryPage,
  EntryRange,
  HistoryCursor,
  HistoryPage,
  ListCursor,
  ReadableState,
  StateAnswer,
  StatePoint,
  StateProof,
  StateRead,
  StateReadError,
} from '../../rpc/readable-state.ts';
import { READ_TRIES } from '../limits.ts';
import { Headers } from './headers.ts';
import { listEntries } from './listing.ts';
import { valueAt } from './past-values.ts';
import { ProofNodes } from './proof-nodes.ts';
import { corrupt, StoreReads } from './store-reads.ts';
import { type MissingValue, readValues } from './values.ts';
import { listVersions } from './versions.ts';

/** What the reader asks of the driver. */
interface StateView {
  /** The newest final block that is durable. */
  finalHeight(): Height;
  /** The oldest height whose state is not pruned. */
  oldestState(): Height;
}

interface Unreadable {
  readonly ok: false;
  readonly error: StateReadError;
}

export class StateReader implements ReadableState {
  readonly #view: StateView;
  readonly #reads: StoreReads;
  readonly #headers: Headers;
  readonly #nodes: ProofNodes;

  constructor(store: Pick<Store, 'read' | 'scan'>, genesis: Genesis, view: StateView) {
    this.#view = view;
    this.#reads = new StoreReads(store);
    this.#headers = new Headers(this.#reads, genesis);
    this.#nodes = new ProofNodes(this.#reads);
  }

  /** Microseconds of this thread that reads have taken so far: whoever asks pays for it. */
  get micros(): number {
    return this.#reads.micros;
  }

  async read<V>(key: StateKey<V>, at: StatePoint, withProof: boolean): StateRead<StateAnswer<V>> {
    return this.#atPoint(at, withProof, (height) => this.#readAt(key, height, withProof ? at : null));
  }

  async list<V>(range: EntryRange<V>, at: StatePoint | ListCursor): StateRead<EntryPage<V>> {
    const from = 'from' in at ? at.from : range.prefix;
    return this.#atPoint(at, false, async (height) => {
      const page = await listEntries(this.#reads, range, height, from);
      return this.#pruned(height) ?? ok(whole(page));
    });
  }

  async history<V>(key: StateKey<V>, limit: number, cursor?: HistoryCursor): StateRead<HistoryPage<V>> {
    return this.#atPoint({ height: cursor?.height ?? 'latest' }, false, async (to) => {
      const oldest = this.#view.oldestState();
      const from = cursor?.from ?? oldest;
      if (from > to) return this.#fail('HEIGHT_UNKNOWN', `a history up to height ${to} does not go on from ${from}`);
      const isChange = cursor !== undefined;
      const page = await listVersions(this.#reads, key, { from, isChange, to, limit });
      return this.#pruned(from) ?? ok(whole(page));
    });
  }

  /** Runs it for the height of the point. Where the newest was asked for, and was pruned before it was read, for the newest then. */
  async #atPoint<T>(at: StatePoint, withProof: boolean, run: (height: Height) => StateRead<T>): StateRead<T> {
    for (let tries = 1; ; tries++) {
      const height = await this.#heightOf(at, withProof);
      if (!height.ok) return height;
      const pruned = this.#pruned(height.value);
      const answer = pruned ?? (await run(height.value));
      const isGone = !answer.ok && answer.error.code === 'HEIGHT_PRUNED';
      if (!isGone || !('height' in at && at.height === 'latest') || tries === READ_TRIES) return answer;
    }
  }

  async #heightOf(at: StatePoint, withProof: boolean): StateRead<Height> {
    const final = this.#view.finalHeight();
    if ('timeMs' in at) return this.#heightAtTime(at.timeMs, final);
    if (at.height === 'latest') return ok((withProof ? await this.#headers.certified(final) : undefined) ?? final);
    return at.height <= final
      ? ok(at.height)
      : this.#fail('HEIGHT_UNKNOWN', `the newest final height here is ${final}`);
  }

  async #heightAtTime(timeMs: number, final: Height): StateRead<Height> {
    const oldest = this.#view.oldestState();
    const height = await this.#headers.atTime(timeMs, oldest, final);
    if (height !== undefined) return ok(height);
    return oldest > 0
      ? this.#fail('HEIGHT_PRUNED', `the state of that time is pruned; it is kept from height ${oldest} on`)
      : this.#fail('HEIGHT_UNKNOWN', 'no block is that old');
  }

  /** `proofOf`: what was asked for, where a proof was. */
  async #readAt<V>(key: StateKey<V>, height: Height, proofOf: StatePoint | null): StateRead<StateAnswer<V>> {
    const header = await this.#headers.at(height);
    const bytes = await valueAt(this.#reads, key, height);
    const value = bytes && this.#reads.decode(key.kind.codec, KEYS.entry(key), bytes);
    const values = await readValues(this.#reads, [{ key, value }]);
    const isPruned = this.#pruned(height);
    if (isPruned !== undefined) return isPruned;
    if (header === undefined) throw corrupt('the root of the first state is missing');
    const answer = { header, value, apart: whole(values)[0] };
    if (proofOf === null) return ok(answer);
    const keyHash = treeKeyOf(key);
    const nodes = await this.#nodes.towards(keyHash, header);
    const proved = await this.#prove(height, proofOf);
    const pruned = this.#pruned(height);
    if (pruned !== undefined) return pruned;
    if (!nodes.ok) throw corrupt(nodes.error.message);
    if (!proved.ok) return proved;
    const tree = this.#reads.measured(() => treeProof(nodes.value, header, keyHash, bytes));
    return ok({ ...answer, proof: { tree, ...proved.value } });
  }

  /** What leads from the header of this height to a certificate. */
  async #prove(height: Height, proofOf: StatePoint): StateRead<Omit<StateProof, 'tree'>> {
    const final = this.#view.finalHeight();
    // That there is no later block up to that time shows the next one.
    const through = 'timeMs' in proofOf && height < final ? height + 1 : height;
    const proved = await this.#headers.proved(height, through as Height, final);
    return proved === undefined
      ? this.#fail('HEIGHT_UNPROVED', `no certificate of height ${through}, or of one soon after it, is here yet`)
      : ok(proved);
  }

  #pruned(height: Height): Unreadable | undefined {
    const oldest = this.#view.oldestState();
    if (height >= oldest) return undefined;
    return this.#fail('HEIGHT_PRUNED', `the state of height ${height} is pruned; it is kept from height ${oldest} on`);
  }

  #fail(code: StateReadError['code'], message: string): Unreadable {
    const { error } = fail(code, message);
    return { ok: false, error: { ...error, oldest: this.#view.oldestState() } };
  }
}

/** Nothing was pruned meanwhile. Throws StorageError STORE_CORRUPT where a value is missing nonetheless. */
function whole<T>(read: Result<T, MissingValue>): T {
  if (!read.ok) throw corrupt(read.error.message);
  return read.value;
}

/** Throws StorageError STORE_CORRUPT where the tree has another value than what was read. */
function treeProof(nodes: NodeSource, header: Header, keyHash: Uint8Array, value: Uint8Array | undefined): TreeProof {
  const leaf = lookUp(nodes, header.height, keyHash);
  const proof = proveKey(nodes, header.height, keyHash);
  if (!leaf.ok || !proof.ok) throw corrupt('the way to an entry ends before its leaf');
  const isSame = value === undefined ? leaf.value === undefined : leaf.value && equalBytes(leaf.value, sha256(value));
  if (isSame !== true) throw corrupt(`the tree of height ${header.height} has another value than the entry`);
  return proof.value;
}

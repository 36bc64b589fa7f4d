/**
 * What a driver starts from: everything that the store kept. It is read in two parts, which write nothing; between them a new
 * folder is given its first batch.
 */
import type { Epoch, Hash, Height } from '../../base/brand.ts';
import { InvariantViolation, present } from '../../base/invariant.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { fromHex, toHex } from '../../codec/hex.ts';
import {
  type Authority,
  authenticate,
  authorityOf,
  checkCertificate,
  checkPrepared,
} from '../../consensus/authenticate.ts';
import { checkEvidence } from '../../consensus/evidence.ts';
import type { PromiseRecord } from '../../consensus/promises.ts';
import { blockHash, blockRecordCodec, bodyHash, type FullBody, fullBodyCodec } from '../../ledger/block.ts';
import type { KnownEpoch } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { EVIDENCE_EPOCHS_MAX } from '../../ledger/limits.ts';
import { type Offence, OFFENCES, offenceCodec, offenceOf } from '../../ledger/offence.ts';
import type { StateKey } from '../../ledger/state/entry-kind.ts';
import { chainStateCodec, epochKeys, type LedgerState, restoreState } from '../../ledger/state/ledger-state.ts';
import { checkNodeHash, parseNode } from '../../ledger/tree/node-codec.ts';
import { ROOT_PATH } from '../../ledger/tree/path.ts';
import { transactionId } from '../../ledger/transaction.ts';
import { type Evidence, evidenceCodec } from '../../ledger/evidence.ts';
import { type Certificate, certificateCodec } from '../../ledger/vote.ts';
import type { PendingBlock } from './chain.ts';
import type { Store } from '../ports.ts';
import { STATE_CACHE, type StateCacheLimits } from '../state/limits.ts';
import { ResidentState } from '../state/resident-state.ts';
import { found } from './founding.ts';
import {
  all,
  corrupt,
  type Entries,
  one,
  parse,
  parseEach,
  type Reading,
  read,
  type Sound,
} from '../stored/reading.ts';
import { decodePromise, heightCodec, KEYS, promiseEpoch, RANGES, SEAL_SLOTS } from '../stored/records.ts';
import { resume, type Sealed } from './seals.ts';

export interface RecoveredDriver {
  readonly state: LedgerState & { readonly source: ResidentState };
  /** Those on record that evidence may still be found of, or is held of. */
  readonly offences: readonly Offence[];
  /** The oldest height whose state can be read. */
  readonly prunedTo: Height;
  readonly certified: Certificate | null;
  /** Executed blocks above the certificate, ascending. */
  readonly pending: readonly PendingBlock[];
  /** Hashes of executed blocks, from a window below the certificate on. */
  readonly blocks: readonly { readonly height: Height; readonly hash: Hash }[];
  /** Stored bodies of heights that are not executed. */
  readonly bodies: readonly { readonly height: Height; readonly hash: Hash; readonly fullBody: FullBody }[];
  readonly promises: readonly { readonly key: string; readonly record: PromiseRecord }[];
  readonly evidence: readonly Evidence[];
  /** What the batches to come go on from. */
  readonly sealed: Sealed;
}

/** WRONG_CHAIN: the folder is another chain's. STORE_CORRUPT: what it holds contradicts itself, or cannot be read.
 *  STORE_BROKEN: the disk did not take the first batch. */
type RecoveryCode = 'WRONG_CHAIN' | 'STORE_CORRUPT' | 'STORE_BROKEN';

/** Reads what the store kept of the chain, and begins it where there is none yet. Errors: RecoveryCode. `cache`: how
 *  much of the state lies in memory. */
export function recover(
  store: Store,
  genesis: Genesis,
  verify: Authority['verify'],
  done: (result: Result<RecoveredDriver, Coded<RecoveryCode>>) => void,
  cache: StateCacheLimits = STATE_CACHE,
): void {
  read(store, readSealed(genesis), (opened) => {
    if (!opened.ok) return done(opened);
    const { promises, isFounded } = opened.value;
    const readOn = (sealed: Sealed): void =>
      read(store, readChain(genesis, verify, promises, cache), (chain) =>
        done(chain.ok ? ok({ ...chain.value, sealed }) : chain),
      );
    if (isFounded) return readOn(opened.value.sealed);
    found(store, genesis, opened.value.sealed, (founded) => (founded.ok ? readOn(founded.value) : done(founded)));
  });
}

interface SealedFolder {
  /** The first state of its chain was written, all of it. */
  readonly isFounded: boolean;
  readonly sealed: Sealed;
  /** Promises as they are stored, of all epochs. */
  readonly promises: Entries;
}

/** Whose chain it is, and whether all that was sealed is there. */
function* readSealed(genesis: Genesis): Reading<Result<SealedFolder, Coded<'WRONG_CHAIN' | 'STORE_CORRUPT'>>> {
  const chainId = yield* one(KEYS.chainId);
  if (chainId !== undefined && toHex(chainId) !== genesis.chainId) {
    return fail('WRONG_CHAIN', `the data folder belongs to chain ${toHex(chainId)}, the genesis is ${genesis.chainId}`);
  }
  const seals = yield* all(RANGES.seals(SEAL_SLOTS));
  const promises = yield* all(RANGES.promises(256));
  const founding = yield* one(KEYS.founding);
  if (seals.length > 0 !== (chainId !== undefined)) return corrupt('the first batch, or every seal, is gone');
  const sealed = resume(seals, promises);
  const isFounded = chainId !== undefined && founding === undefined;
  return sealed.ok ? ok({ isFounded, sealed: sealed.value, promises }) : sealed;
}

function* readChain(
  genesis: Genesis,
  verify: Authority['verify'],
  promised: Entries,
  cache: StateCacheLimits,
): Reading<Sound<Omit<RecoveredDriver, 'sealed'>>> {
  const state = yield* readState(genesis, cache);
  if (!state.ok) return state;
  const executed = state.value.head.header.height;
  const certifiedBytes = yield* one(KEYS.certified);
  const certified = certifiedBytes === undefined ? ok(null) : parse(certificateCodec, KEYS.certified, certifiedBytes);
  if (!certified.ok) return certified;
  const blocks = yield* readBlocks(genesis, state.value, certified.value?.height ?? 0);
  if (!blocks.ok) return blocks;
  const bodies = parseEach(yield* all(RANGES.bodiesFrom((executed + 1) as Height, 64)), parseStoredBody);
  if (!bodies.ok) return bodies;
  const { epochs } = state.value;
  const running = runningEpoch({ state: state.value, certified: certified.value });
  const authority = authorityOf(running, genesis, verify);
  const promises = parseEach(
    promised.filter(([key]) => promiseEpoch(key) === running.epoch),
    (key, value) => parsePromise(authority, key, value),
  );
  if (!promises.ok) return promises;
  if (certified.value !== null) {
    const epoch = epochs.of(certified.value.epoch);
    if (epoch === undefined) return corrupt(`${KEYS.certified}: of an epoch that nobody knows`);
    const checked = checkCertificate(authorityOf(epoch, genesis, verify), certified.value);
    if (!checked.ok) return corrupt(`${KEYS.certified}: ${checked.error.message}`);
  }
  const evidence = parseEach(yield* all(RANGES.evidence(256)), (key, value) =>
    parseEvidence(state.value, verify, key, value),
  );
  if (!evidence.ok) return evidence;
  const offences = yield* readOffences(running.epoch, evidence.value);
  if (!offences.ok) return offences;
  const prunedBytes = yield* one(KEYS.pruned);
  const prunedTo = prunedBytes === undefined ? ok(0 as Height) : parse(heightCodec, KEYS.pruned, prunedBytes);
  if (!prunedTo.ok) return prunedTo;
  if (prunedTo.value > executed) return corrupt(`${KEYS.pruned}: above the head`);
  return ok({
    state: state.value,
    offences: offences.value,
    prunedTo: prunedTo.value,
    certified: certified.value,
    ...blocks.value,
    bodies: bodies.value,
    promises: promises.value,
    evidence: evidence.value,
  });
}

/** Executed blocks from a window below the certificate on, each of which follows the one before it. Those above the certificate
 *  are told again when they are final, with their bodies. */
function* readBlocks(
  genesis: Genesis,
  { head }: LedgerState,
  certified: number,
): Reading<Sound<Pick<RecoveredDriver, 'blocks' | 'pending'>>> {
  const executed = head.header.height;
  const low = Math.max(0, Math.min(certified, executed) - genesis.consensus.window);
  const blocks: { height: Height; hash: Hash }[] = [];
  const pending: PendingBlock[] = [];
  for (let height = (low + 1) as Height; height <= executed; height = (height + 1) as Height) {
    const bytes = yield* one(KEYS.block(height));
    if (bytes === undefined) return corrupt(`block ${height} is missing`);
    const record = parse(blockRecordCodec, KEYS.block(height), bytes);
    if (!record.ok) return record;
    const { header } = record.value;
    const hash = blockHash(header);
    const parent = blocks.at(-1)?.hash ?? header.parentHash;
    if (header.height !== height || header.parentHash !== parent)
      return corrupt(`block ${height} does not follow the one before it`);
    blocks.push({ height, hash });
    if (height <= certified) continue;
    const key = KEYS.body(height, header.bodyHash);
    const stored = yield* one(key);
    if (stored === undefined) return corrupt(`the body of block ${height} is missing`);
    const body = parseBody(key, header.bodyHash, stored);
    if (!body.ok) return body;
    pending.push({ hash, record: record.value, body: body.value });
  }
  if (executed > 0 && blocks.at(-1)?.hash !== head.hash) return corrupt(`block ${executed} is not the head`);
  return ok({ blocks, pending });
}

/** A promise is sent to peers again, so its signatures are checked: decoding does not notice a flipped bit in them. */
function parsePromise(
  authority: Authority,
  key: string,
  value: Uint8Array,
): Sound<RecoveredDriver['promises'][number]> {
  const decoded = decodePromise(key, value);
  if (!decoded.ok) return decoded;
  const record = decoded.value;
  const checked =
    record.kind === 'prepared' ? checkPrepared(authority, record.prepared) : authenticate(authority, record);
  return checked.ok ? ok({ key, record }) : corrupt(`${key}: ${checked.error.message}`);
}

/** Evidence is passed on to peers, who punish us if it proves nothing. So its signatures are checked, as those of promises. */
function parseEvidence(
  { genesis, epochs }: LedgerState,
  verify: Authority['verify'],
  key: string,
  value: Uint8Array,
): Sound<Evidence> {
  const evidence = parse(evidenceCodec, key, value);
  if (!evidence.ok) return evidence;
  const epoch = epochs.of(offenceOf(evidence.value).epoch);
  if (epoch === undefined) return corrupt(`${key}: of an epoch that nobody knows`);
  const checked = checkEvidence(authorityOf(epoch, genesis, verify), evidence.value);
  return checked.ok ? evidence : corrupt(`${key}: ${checked.error.message}`);
}

/** The epoch whose instance runs: the one of the next height, once the last block of the one before is final. */
export function runningEpoch({ state, certified }: Pick<RecoveredDriver, 'state' | 'certified'>): KnownEpoch {
  const settled = Math.min(state.head.header.height, certified?.height ?? 0);
  return present(state.epochs.at((settled + 1) as Height), 'the epoch of the next block');
}

function* readState(
  genesis: Genesis,
  cache: StateCacheLimits,
): Reading<Sound<LedgerState & { readonly source: ResidentState }>> {
  const bytes = yield* one(KEYS.chainState);
  if (bytes === undefined) return corrupt('the chain state is missing');
  const chain = parse(chainStateCodec, KEYS.chainState, bytes);
  if (!chain.ok) return chain;
  const { height, stateRoot } = chain.value.header;
  const root = { version: height, path: ROOT_PATH };
  const rootBytes = yield* one(KEYS.node(root));
  if (rootBytes === undefined) return corrupt('the root of the state is missing');
  const node = parseNode(root, rootBytes);
  if (!node.ok) return corrupt(`the root of the state: ${node.error.message}`);
  const hash = fromHex(stateRoot);
  const checked = checkNodeHash(node.value, 0, hash);
  if (!checked.ok) return corrupt(`the root of the state: ${checked.error.message}`);
  const source = new ResidentState({ version: height, root: stateRoot }, cache);
  source.fillNode({ key: root, hash }, { record: rootBytes, base: undefined });
  const fetched = yield* fetchEntries(source, epochKeys(chain.value.header));
  if (!fetched.ok) return fetched;
  const restored = restoreState(genesis, chain.value, source);
  return restored.ok ? ok({ ...restored.value, source }) : corrupt(restored.error.message);
}

/** Brings these entries into memory, each proved by the tree. */
function* fetchEntries(source: ResidentState, keys: readonly StateKey[]): Reading<Sound<true>> {
  try {
    for (;;) {
      const { entries, nodes } = source.missing(keys);
      if (entries.length === 0 && nodes.length === 0) break;
      for (const key of entries) source.fillEntry(key, yield* one(KEYS.entry(key)));
      for (const node of nodes) {
        const record = yield* one(KEYS.node(node.key));
        const from = source.baseOf(node, record);
        const base = from && (yield* one(KEYS.node(from)));
        source.fillNode(node, { record: present(record, 'a record whose base is known'), base });
      }
    }
    source.prove(keys);
    return ok(true);
  } catch (error) {
    if (error instanceof InvariantViolation) return corrupt(error.message);
    throw error;
  }
}

/** Those that evidence may still be found of, and those that the evidence held here has proved. */
function* readOffences(running: Epoch, held: readonly Evidence[]): Reading<Sound<readonly Offence[]>> {
  const from = Math.max(0, running - EVIDENCE_EPOCHS_MAX + 1) as Epoch;
  const entries = new Map(yield* all(RANGES.offencesFrom(from, 1024)));
  for (const evidence of held) {
    const key = KEYS.entry(OFFENCES.key(offenceOf(evidence)));
    const value = entries.get(key) ?? (yield* one(key));
    if (value !== undefined) entries.set(key, value);
  }
  return parseEach([...entries], (key, value) => {
    const offence = parse(offenceCodec, key, value);
    if (!offence.ok) return offence;
    return key === KEYS.entry(OFFENCES.key(offence.value)) ? offence : corrupt(`${key}: another offence`);
  });
}

function parseStoredBody(key: string, bytes: Uint8Array): Sound<RecoveredDriver['bodies'][number]> {
  const [, height, name] = key.split('/');
  const hash = name as Hash;
  const fullBody = parseBody(key, hash, bytes);
  return fullBody.ok ? ok({ height: Number(height) as Height, hash, fullBody: fullBody.value }) : fullBody;
}

/** A body with its transactions; the hash binds both. It is believed to have been checked, so it must be the one that was. */
function parseBody(key: string, hash: Hash, bytes: Uint8Array): Sound<FullBody> {
  const fullBody = parse(fullBodyCodec, key, bytes);
  if (!fullBody.ok) return fullBody;
  const { body, transactions } = fullBody.value;
  const { transactionIds } = body;
  const same =
    bodyHash(body) === hash &&
    transactions.length === transactionIds.length &&
    transactions.every((each, position) => transactionId(each) === transactionIds[position]);
  return same ? fullBody : corrupt(`${key}: another body`);
}

/**
 * What a driver starts from: everything that the store kept. Reads are yielded one after another, so that the same code
 * runs over LevelDB and in virtual time.
 */
import { type Epoch, type Hash, type Height, isAddress } from '../../base/brand.ts';
import { invariant } from '../../base/invariant.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import type { Codec } from '../../codec/codec.ts';
import { fromHex, toHex } from '../../codec/hex.ts';
import { type Authority, authenticate, checkCertificate, checkPrepared } from '../../consensus/authenticate.ts';
import { checkEvidence } from '../../consensus/evidence.ts';
import type { PromiseRecord } from '../../consensus/promises.ts';
import { type StoredAccount, storedAccountCodec } from '../../ledger/account.ts';
import { blockHash, blockRecordCodec, bodyHash, type FullBody, fullBodyCodec } from '../../ledger/block.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { type Offence, offenceCodec } from '../../ledger/offence.ts';
import { chainStateCodec, chainStateOf, genesisState, type LedgerState, restoreState } from '../../ledger/state.ts';
import { transactionId } from '../../ledger/transaction.ts';
import { epochOf } from '../../ledger/validators.ts';
import { type Certificate, certificateCodec, type Evidence, evidenceCodec } from '../../ledger/vote.ts';
import type { PendingBlock } from './chain.ts';
import type { Store, StoreOperation, StoreRange } from '../ports.ts';
import { decodePromise, KEYS, promiseEpoch, RANGES, SEAL_SLOTS } from './records.ts';
import { Seals } from './seals.ts';

export interface RecoveredDriver {
  readonly state: LedgerState;
  readonly certified: Certificate | null;
  /** Executed blocks above the certificate, ascending. */
  readonly pending: readonly PendingBlock[];
  /** Hashes of executed blocks, from a window below the certificate on. */
  readonly blocks: readonly { readonly height: Height; readonly hash: Hash }[];
  /** Stored bodies of heights that are not executed. */
  readonly bodies: readonly { readonly height: Height; readonly hash: Hash; readonly fullBody: FullBody }[];
  readonly promises: readonly { readonly key: string; readonly record: PromiseRecord }[];
  readonly evidence: readonly Evidence[];
  /** For the batches to come. */
  readonly seals: Seals;
}

type Read =
  | { readonly kind: 'read'; readonly keys: readonly string[] }
  | { readonly kind: 'scan'; readonly range: StoreRange };
type Entries = readonly (readonly [string, Uint8Array])[];
type Reading<T> = Generator<Read, T, Entries>;

class Corrupt extends Error {}

/** Reads what the store kept of the chain. Errors: WRONG_CHAIN (the folder is another chain's), STORE_CORRUPT. */
export function recover(
  store: Store,
  genesis: Genesis,
  verify: Authority['verify'],
  done: (result: Result<RecoveredDriver>) => void,
): void {
  const reading = readAll(genesis, store, verify);
  const advance = (entries: Entries): void => {
    let next: IteratorResult<Read, Result<RecoveredDriver>>;
    try {
      next = reading.next(entries);
    } catch (error) {
      if (error instanceof Corrupt) return done(fail('STORE_CORRUPT', error.message));
      throw error;
    }
    if (next.done === true) return done(next.value);
    const failed = (error: Error): void => done(fail('STORE_CORRUPT', `the store cannot be read: ${error.message}`));
    const read = next.value;
    if (read.kind === 'scan') {
      store.scan(read.range, (found, error) => (error === undefined ? advance(found) : failed(error)));
    } else {
      store.read(read.keys, (values, error) => {
        if (error !== undefined) return failed(error);
        advance(read.keys.flatMap((key, i) => (values[i] === undefined ? [] : [[key, values[i]] as const])));
      });
    }
  };
  advance([]);
}

function* readAll(genesis: Genesis, store: Store, verify: Authority['verify']): Reading<Result<RecoveredDriver>> {
  const chainId = yield* one(KEYS.chainId);
  if (chainId !== undefined && toHex(chainId) !== genesis.chainId) {
    return fail('WRONG_CHAIN', `the data folder belongs to chain ${toHex(chainId)}, the genesis is ${genesis.chainId}`);
  }
  const sealed = yield* all((after) => ({ ...RANGES.seals(SEAL_SLOTS), ...after }));
  const promised = yield* all((after) => ({ ...RANGES.promises(256), ...after }));
  if (sealed.length > 0 !== (chainId !== undefined)) throw new Corrupt('the first batch, or every seal, is gone');
  const resumed = Seals.resume(sealed, promised);
  if (!resumed.ok) return resumed;
  const seals = resumed.value;
  if (chainId === undefined) {
    const first = seals.seal(firstWrites(genesis));
    store.write(first, (error) => invariant(error === undefined, 'the first write failed', { error }));
  }
  const state = chainId === undefined ? genesisState(genesis) : yield* readState(genesis);
  const executed = state.head.header.height;
  const certifiedBytes = yield* one(KEYS.certified);
  const certified = certifiedBytes === undefined ? null : parse(certificateCodec, KEYS.certified, certifiedBytes);
  const low = Math.max(0, Math.min(certified?.height ?? 0, executed) - genesis.consensus.window);
  const blocks: { height: Height; hash: Hash }[] = [];
  const pending: PendingBlock[] = [];
  for (let height = (low + 1) as Height; height <= executed; height = (height + 1) as Height) {
    const bytes = yield* one(KEYS.block(height));
    if (bytes === undefined) throw new Corrupt(`block ${height} is missing`);
    const record = parse(blockRecordCodec, KEYS.block(height), bytes);
    const hash = blockHash(record.header);
    const parent = blocks.at(-1)?.hash ?? record.header.parentHash;
    if (record.header.height !== height || record.header.parentHash !== parent)
      throw new Corrupt(`block ${height} does not follow the one before it`);
    blocks.push({ height, hash });
    if (height <= (certified?.height ?? 0)) continue;
    const key = KEYS.body(height, record.header.bodyHash);
    const body = yield* one(key);
    if (body === undefined) throw new Corrupt(`the body of block ${height} is missing`);
    pending.push({ hash, record, body: parseBody(key, record.header.bodyHash, body) });
  }
  if (executed > 0 && blocks.at(-1)?.hash !== state.head.hash) throw new Corrupt(`block ${executed} is not the head`);
  const bodies = (yield* all((after) => ({ ...RANGES.bodiesFrom((executed + 1) as Height, 64), ...after }))).map(
    ([key, value]) => {
      const [, height, hash] = key.split('/');
      return { height: Number(height) as Height, hash: hash as Hash, fullBody: parseBody(key, hash as Hash, value) };
    },
  );
  const epoch = instanceEpoch(genesis, executed, certified);
  const authority = authorityOf(genesis, epoch, verify);
  const promises = promised
    .filter(([key]) => promiseEpoch(key) === epoch)
    .map(([key, value]) => ({ key, record: parsePromise(authority, key, value) }));
  if (certified !== null) {
    const checked = checkCertificate(authorityOf(genesis, certified.epoch, verify), certified);
    if (!checked.ok) throw new Corrupt(`${KEYS.certified}: ${checked.error.message}`);
  }
  const evidence = (yield* all((after) => ({ ...RANGES.evidence(256), ...after }))).map(([key, value]) =>
    parseEvidence(genesis, verify, key, value),
  );
  return ok({ state, certified, pending, blocks, bodies, promises, evidence, seals });
}

/** Decoding does not see a bit that flipped in a signature, and what we repeat to our peers has to stand. */
function parsePromise(authority: Authority, key: string, value: Uint8Array): PromiseRecord {
  const decoded = decodePromise(key, value);
  if (!decoded.ok) throw new Corrupt(decoded.error.message);
  const record = decoded.value;
  const checked =
    record.kind === 'prepared' ? checkPrepared(authority, record.prepared) : authenticate(authority, record);
  if (!checked.ok) throw new Corrupt(`${key}: ${checked.error.message}`);
  return record;
}

/** Nor in one of evidence, which we pass on, and nobody honest passes on what proves nothing. */
function parseEvidence(genesis: Genesis, verify: Authority['verify'], key: string, value: Uint8Array): Evidence {
  const evidence = parse(evidenceCodec, key, value);
  const checked = checkEvidence(authorityOf(genesis, evidence.first.vote.epoch, verify), evidence);
  if (!checked.ok) throw new Corrupt(`${key}: ${checked.error.message}`);
  return evidence;
}

/** Who may sign what in an epoch: until stake can move, every epoch has the validators of the genesis. */
export function authorityOf(genesis: Genesis, epoch: Epoch, verify: Authority['verify']): Authority {
  const { epochLength, window } = genesis.consensus;
  const firstHeight = (epoch * epochLength + 1) as Height;
  const lastHeight = ((epoch + 1) * epochLength) as Height;
  return { chainId: genesis.chainId, epoch, validators: genesis.validators, firstHeight, lastHeight, window, verify };
}

/** The epoch whose instance runs: the one of the next height, once the last block of the one before is final. */
export function instanceEpoch(genesis: Genesis, executed: Height, certified: Certificate | null): Epoch {
  const { epochLength } = genesis.consensus;
  const settled = Math.min(executed, certified?.height ?? 0);
  return epochOf((settled + 1) as Height, epochLength);
}

function firstWrites(genesis: Genesis): StoreOperation[] {
  const state = genesisState(genesis);
  return [
    { kind: 'put', key: KEYS.chainId, value: fromHex(genesis.chainId) },
    {
      kind: 'put',
      key: KEYS.chainState,
      value: chainStateCodec.encode(chainStateOf({ header: state.head.header, history: state.history })),
    },
    ...[...state.accounts].map(
      ([address, account]): StoreOperation => ({
        kind: 'put',
        key: KEYS.account(address),
        value: storedAccountCodec.encode({ address, ...account }),
      }),
    ),
  ];
}

function* readState(genesis: Genesis): Reading<LedgerState> {
  const bytes = yield* one(KEYS.chainState);
  if (bytes === undefined) throw new Corrupt('the chain state is missing');
  const chain = parse(chainStateCodec, KEYS.chainState, bytes);
  const accounts: StoredAccount[] = (yield* all((after) => ({ ...RANGES.accounts('account/', 4096), ...after }))).map(
    ([key, value]) => {
      const account = parse(storedAccountCodec, key, value);
      if (!isAddress(account.address) || key !== KEYS.account(account.address))
        throw new Corrupt(`${key}: another account`);
      return account;
    },
  );
  const offences: Offence[] = (yield* all((after) => ({ ...RANGES.offences(1024), ...after }))).map(([key, value]) =>
    parse(offenceCodec, key, value),
  );
  const restored = restoreState(genesis, { chain, accounts, offences });
  if (!restored.ok) throw new Corrupt(restored.error.message);
  return restored.value;
}

function* one(key: string): Reading<Uint8Array | undefined> {
  const [entry] = yield { kind: 'read', keys: [key] };
  return entry?.[1];
}

/** All entries of a range, page by page. */
function* all(page: (after: { readonly from?: string }) => StoreRange): Reading<Entries> {
  const entries: (readonly [string, Uint8Array])[] = [];
  for (let range = page({}); ; ) {
    const found = yield { kind: 'scan', range };
    entries.push(...found);
    const last = found.at(-1);
    if (last === undefined || found.length < range.limit) return entries;
    range = page({ from: `${last[0]}\0` });
  }
}

/** A body with its transactions; the hash binds both. It is believed to have been checked, so it must be the one that was. */
function parseBody(key: string, hash: Hash, bytes: Uint8Array): FullBody {
  const fullBody = parse(fullBodyCodec, key, bytes);
  const { transactionIds } = fullBody.body;
  const same =
    bodyHash(fullBody.body) === hash &&
    fullBody.transactions.length === transactionIds.length &&
    fullBody.transactions.every((each, position) => transactionId(each) === transactionIds[position]);
  if (!same) throw new Corrupt(`${key}: another body`);
  return fullBody;
}

function parse<T>(of: Codec<T>, key: string, bytes: Uint8Array): T {
  const decoded = of.decode(bytes);
  if (!decoded.ok) throw new Corrupt(`${key}: ${decoded.error.message}`);
  return decoded.value;
}

/**
 * A block: a header, who made it, and transactions. From these follows the body that the ledger executes, the same kind of
 * body that PBFT orders.
 *
 * The header's root is the root of an RFC 9162 tree: the coinbase is its first leaf, the ids of the transactions are the others,
 * in their order. The hash of the ledger's body would bind as much. But a tree lets who has only headers be shown that a
 * transaction stands in a block, with a short proof (Nakamoto 2008, section 8), and everything else in the body (its maker, its
 * time) stands in the coinbase and the header already. RFC 9162 hashes leaves and nodes apart, so that Bitcoin's two ambiguities
 * (a node taken for a transaction, and a last leaf that counts twice: CVE-2012-2459) cannot arise.
 */
import { ByteListType, ByteVectorType, ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import type { Hash, ValidatorIndex } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { codec, type DecodeError } from '../codec/codec.ts';
import { fromHex } from '../codec/hex.ts';
import { uint16, uint64 } from '../codec/types.ts';
import { merkleRoot } from '../crypto/merkle.ts';
import type { Body } from '../ledger/block.ts';
import { type BodyCode, checkMeasure } from '../ledger/body-check.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { BODY_TRANSACTIONS_MAX, TRANSACTION_BYTES_MAX } from '../ledger/limits.ts';
import { type IdentifiedTransaction, identifyTransaction } from '../ledger/transaction.ts';
import { checkTransactionStateless } from '../ledger/transaction-rules.ts';
import { weightOf } from '../ledger/weight.ts';
import type { DifficultyRules } from './difficulty.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES, headerId, numberOf, type PowHeader, VERSION } from './header.ts';
import { BLOCK_BYTES_MAX } from './limits.ts';
import { targetOf } from './target.ts';

const CoinbaseType = new ContainerType({
  /** Of the block. A header has no room for it; Bitcoin too puts it here (BIP 34). */
  height: uint64(),
  /** Number of the miner. There is no reward: this ledger's supply never changes, and fees go to its pool. */
  miner: uint16<ValidatorIndex>(),
  /** Makes the root another one, for 2^32 more nonces. */
  extraNonce: uint64(),
});
const BlockType = new ContainerType({
  header: new ByteVectorType(HEADER_BYTES),
  coinbase: CoinbaseType,
  transactions: new ListCompositeType(new ByteListType(TRANSACTION_BYTES_MAX), BODY_TRANSACTIONS_MAX),
});

export type Coinbase = Readonly<ValueOf<typeof CoinbaseType>>;

const coinbaseCodec = codec('Coinbase', CoinbaseType, CoinbaseType.maxSize);
const blockCodec = codec('PowBlock', BlockType, BLOCK_BYTES_MAX);

export interface PowBlock {
  readonly id: Hash;
  readonly header: PowHeader;
  readonly coinbase: Coinbase;
  readonly transactions: readonly IdentifiedTransaction[];
  /** Encoded: what is sent, and what is counted where memory is bounded. */
  readonly bytes: Uint8Array;
}

/** A block before its nonce is found. */
export interface Template {
  /** Its nonce is 0. */
  readonly header: PowHeader;
  readonly coinbase: Coinbase;
  readonly transactions: readonly IdentifiedTransaction[];
}

/** What all blocks are held to. */
export interface PowRules extends DifficultyRules {
  /** How many seconds a block's time may be ahead of the clock of who takes it in. */
  readonly futureS: number;
  /** `hashed`: the hash of a block is at most its target. `stand-in`: it need not be; a simulation says who finds a block and
   *  when, as often as the work would let them. */
  readonly proof: 'hashed' | 'stand-in';
}

/** The block before all others: it binds the ledger's genesis, and nobody had to find it. `bits`: of the first period. */
export function firstHeader(genesis: Genesis, bits: number): PowHeader {
  const time = Math.floor(genesis.timestampMs / 1000);
  return { version: VERSION, parent: '0'.repeat(64) as Hash, root: genesis.chainId, time, bits, nonce: 0 };
}

export const rootOf = (coinbase: Coinbase, ids: readonly Hash[]): Hash =>
  merkleRoot([coinbaseCodec.encode(coinbase), ...ids.map(fromHex)]);

/** The block of a template with a nonce. */
export function blockOf({ header, coinbase, transactions }: Template, nonce: number): PowBlock {
  const found = { ...header, nonce };
  const encoded = { header: encodeHeader(found), coinbase, transactions: transactions.map(({ bytes }) => bytes) };
  return { id: headerId(found), header: found, coinbase, transactions, bytes: blockCodec.encode(encoded) };
}

/** The one way from foreign bytes to a block. Nothing is checked but their form. Errors: TOO_LARGE, MALFORMED, NON_CANONICAL. */
export function readBlock(bytes: Uint8Array): Result<PowBlock, DecodeError> {
  const decoded = blockCodec.decode(bytes);
  if (!decoded.ok) return decoded;
  const transactions: IdentifiedTransaction[] = [];
  for (const each of decoded.value.transactions) {
    const item = identifyTransaction(each);
    if (!item.ok) return item;
    transactions.push(item.value);
  }
  const header = decodeHeader(decoded.value.header);
  return ok({ id: headerId(header), header, coinbase: decoded.value.coinbase, transactions, bytes });
}

/** What the ledger executes. */
export const bodyOf = ({ header, coinbase, transactions }: PowBlock): Body => ({
  proposer: coinbase.miner,
  timestampMs: header.time * 1000,
  certificate: null,
  transactionIds: transactions.map(({ id }) => id),
  evidence: [],
});

export type AloneCode = 'BAD_TARGET' | 'TOO_LITTLE_WORK' | 'ROOT_MISMATCH' | BodyCode;
export interface AloneError {
  readonly code: AloneCode;
  readonly message: string;
}

/** What shows without any other block; signatures are for later. The work comes first: without it nobody is listened to.
 *  Errors: BAD_TARGET, TOO_LITTLE_WORK, ROOT_MISMATCH; of the body DUPLICATE_TRANSACTION, WRONG_CHAIN, NO_OPERATIONS,
 *  TOO_HEAVY, BODY_TOO_HEAVY, BODY_TOO_LARGE. */
export function checkBlockAlone(block: PowBlock, rules: PowRules, genesis: Genesis): Result<void, AloneError> {
  const { id, header, coinbase, transactions } = block;
  const [target, limit] = [targetOf(header.bits), targetOf(rules.limitBits)];
  if (!target.ok) return fail('BAD_TARGET', target.error.message);
  if (!limit.ok || target.value > limit.value) return fail('BAD_TARGET', 'the target is easier than any may be');
  if (rules.proof === 'hashed' && numberOf(id) > target.value)
    return fail('TOO_LITTLE_WORK', `${id} is above the target`);
  const ids = transactions.map((item) => item.id);
  if (rootOf(coinbase, ids) !== header.root) return fail('ROOT_MISMATCH', 'the header binds another content');
  if (new Set(ids).size < ids.length) return fail('DUPLICATE_TRANSACTION', 'a transaction stands twice');
  let [weight, bytes] = [0, 0];
  for (const { signed, bytes: encoded } of transactions) {
    const checked = checkTransactionStateless(signed, genesis);
    if (!checked.ok) return checked;
    weight += weightOf(signed.transaction);
    bytes += encoded.length;
  }
  return checkMeasure(bodyOf(block), { count: ids.length, weight, bytes }, genesis);
}

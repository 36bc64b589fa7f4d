import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Hash } from '../../src/base/brand.ts';
import { FULL_BODY_BYTES_MAX } from '../../src/ledger/block.ts';
import { OPERATIONS_MAX } from '../../src/ledger/limits.ts';
import { weightOf } from '../../src/ledger/weight.ts';
import type { IdentifiedTransaction } from '../../src/ledger/transaction.ts';
import { readBlock, type PowBlock } from '../../src/pow/block.ts';
import { type Chain, isFault, type RefusalCode, type Verdict } from '../../src/pow/chain.ts';
import { search } from '../../src/pow/mine.ts';
import { encodeHeader } from '../../src/pow/header.ts';
import { targetOf } from '../../src/pow/target.ts';
import { accountOf, accountsOf, makeTransaction, transfer } from '../ledger/network.ts';
import { FIRST_BITS, GENESIS, LATE_S, newChain, pay, Quarry, RULES, START_S } from './kit.ts';

const addAll = (chain: Chain, blocks: readonly PowBlock[]): Verdict[] =>
  blocks.map((block) => chain.add(block, LATE_S));
const kinds = (verdicts: readonly Verdict[]): string[] => verdicts.map(({ kind }) => kind);
const code = (verdict: Verdict): string => (verdict.kind === 'refused' ? verdict.code : verdict.kind);

/** All that the ledger is. */
const ledger = ({ state }: Chain) => ({
  header: state.head.header,
  accounts: [...accountsOf(state)],
  history: state.history.root(),
});

/** The blocks of the best branch, oldest first. */
function best(chain: Chain, quarry: Quarry): PowBlock[] {
  const blocks: PowBlock[] = [];
  for (let id: Hash = chain.tree.tip.id; id !== quarry.first; ) {
    const block = chain.block(id);
    if (block === undefined) throw new Error('a block of the best branch is missing');
    blocks.unshift(block);
    id = block.header.parent;
  }
  return blocks;
}

describe('fork choice over real blocks', () => {
  test('the longest chain of less work is refused', () => {
    const rules = { ...RULES, retargetBlocks: 4, periodS: 40 };
    const quarry = new Quarry(rules);
    // The hard one: two periods as long as they ought to be. The long one: times far apart, so that it becomes four times as
    // easy with every period.
    const hard = quarry.chain(quarry.first, 8, 10);
    const long = quarry.chain(quarry.first, 12, 1000);
    const chain = newChain({ rules });
    addAll(chain, hard);
    expect(kinds(addAll(chain, long))).toEqual(long.map(() => 'side'));
    expect(chain.tree.tip).toMatchObject({ id: hard.at(-1)?.id, height: 8 });
    expect(chain.tree.get(long.at(-1)!.id)).toMatchObject({ height: 12 });
    expect(chain.state.head.header.height).toBe(8);
  });

  test('a block is found by hashing where rules say so', () => {
    const rules = { ...RULES, proof: 'hashed' } as const;
    const quarry = new Quarry(rules);
    const block = quarry.block(quarry.first);
    const target = targetOf(FIRST_BITS);
    if (!target.ok) throw new Error(target.error.message);
    const found = search(encodeHeader(block.header), target.value, 0, 100_000);
    if (found.kind !== 'found') throw new Error('not found');
    const chain = newChain({ rules });
    const wrong = found.nonce === 0 ? 1 : 0;
    expect(code(chain.add(reread(block, wrong), LATE_S))).toBe('TOO_LITTLE_WORK');
    expect(code(chain.add(reread(block, found.nonce), LATE_S))).toBe('tip');
  });
});

/** The block with another nonce, by way of its bytes. */
function reread(block: PowBlock, nonce: number): PowBlock {
  const bytes = block.bytes.slice();
  const header = encodeHeader({ ...block.header, nonce });
  const at = bytes.findIndex((_, index) => header.subarray(0, 76).every((byte, i) => bytes[index + i] === byte));
  bytes.set(header, at);
  const read = readBlock(bytes);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

describe('a reorganisation', () => {
  test('takes back the transactions that the new branch lacks, oldest first', () => {
    const quarry = new Quarry();
    const [p0, p1, p2] = [pay(0, 0), pay(0, 1), pay(2, 0)];
    const a1 = quarry.block(quarry.first, { transactions: [p0] });
    const a2 = quarry.block(a1.id, { transactions: [p1, p2] });
    const b1 = quarry.block(quarry.first, { transactions: [p2] });
    const b2 = quarry.block(b1.id);
    const b3 = quarry.block(b2.id);
    const chain = newChain();
    expect(kinds(addAll(chain, [a1, a2, b1, b2]))).toEqual(['tip', 'tip', 'side', 'side']);
    expect([p0, p1, p2].map(({ id }) => chain.confirmations(id))).toEqual([2, 1, 1]);

    const verdict = chain.add(b3, LATE_S);
    expect(verdict.kind === 'tip' && verdict.change).toEqual({
      undone: [a2, a1],
      applied: [b1, b2, b3],
      takenBack: [p0, p1],
    });
    expect([p0, p1, p2].map(({ id }) => chain.confirmations(id))).toEqual([null, null, 3]);
  });

  test('equals replay: the state is that of who saw nothing but the winning chain', () => {
    // Each block: which one it stands on, and how many transactions of which senders it takes.
    const plan = fc.array(fc.record({ on: fc.nat(), senders: fc.array(fc.nat(3), { maxLength: 4 }) }), {
      maxLength: 24,
    });
    fc.assert(
      fc.property(plan, (blocks) => {
        const quarry = new Quarry();
        const nonces = new Map<Hash, number[]>([[quarry.first, [0, 0, 0, 0]]]);
        const made: PowBlock[] = [];
        for (const { on, senders } of blocks) {
          // Mostly on one of the newest, so that branches grow.
          const parent = made.at(-1 - (on % 4))?.id ?? quarry.first;
          const used = [...(nonces.get(parent) ?? [])];
          const transactions = senders.map((sender): IdentifiedTransaction => {
            const nonce = used[sender] ?? 0;
            used[sender] = nonce + 1;
            const to = on % 3 === 0 ? ('ab'.repeat(32) as never) : accountOf(GENESIS, sender + 1);
            const operations = [transfer(to, BigInt(on % 7))];
            return makeTransaction({ chainId: GENESIS.chainId, sender: accountOf(GENESIS, sender), nonce, operations });
          });
          const block = quarry.block(parent, { transactions });
          nonces.set(block.id, used);
          made.push(block);
        }
        const chain = newChain();
        for (const verdict of addAll(chain, made)) expect(['tip', 'side']).toContain(verdict.kind);
        const replayed = newChain();
        addAll(replayed, best(chain, quarry));
        expect(ledger(chain)).toEqual(ledger(replayed));
        expect(chain.tree.tip).toMatchObject({ id: replayed.tree.tip.id });
      }),
    );
  });
});

describe('an invalid body', () => {
  /** Its second block spends a nonce that its first has spent. */
  function branches() {
    const quarry = new Quarry();
    const good = [quarry.block(quarry.first, { transactions: [pay(1, 0)] })];
    const b1 = quarry.block(quarry.first, { transactions: [pay(0, 0)] });
    const b2 = quarry.block(b1.id, { transactions: [pay(0, 0, 2n)] });
    const b3 = quarry.block(b2.id);
    return { quarry, good, b1, b2, b3 };
  }

  test('makes its branch invalid, and the state is as if it had never come', () => {
    const { quarry, good, b1, b2, b3 } = branches();
    const chain = newChain();
    addAll(chain, [...good, b1]);
    const before = ledger(chain);
    expect(code(chain.add(b2, LATE_S))).toBe('TRANSACTION_SKIPPED');
    expect(ledger(chain)).toEqual(before);
    expect(chain.tree.tip.id).toBe(good[0]?.id);
    expect(code(chain.add(b2, LATE_S))).toBe('KNOWN_INVALID');
    expect(code(chain.add(b3, LATE_S))).toBe('INVALID_PARENT');
    expect(code(chain.add(quarry.block(b3.id), LATE_S))).toBe('INVALID_PARENT');
    // What stands before it is as good as ever.
    expect(kinds(addAll(chain, quarry.chain(b1.id, 2)))).toEqual(['tip', 'tip']);
  });

  test('in the middle of a branch shows when that becomes the best: all after it goes too', () => {
    const { quarry, b1, b2, b3 } = branches();
    const good = quarry.chain(quarry.first, 3);
    const chain = newChain();
    expect(kinds(addAll(chain, [...good, b1, b2, b3]))).toEqual(['tip', 'tip', 'tip', 'side', 'side', 'side']);
    const before = ledger(chain);
    expect(code(chain.add(quarry.block(b3.id), LATE_S))).toBe('TRANSACTION_SKIPPED');
    expect(ledger(chain)).toEqual(before);
    expect([b1, b2, b3].map(({ id }) => chain.tree.get(id) !== undefined)).toEqual([true, false, false]);
  });

  test.each<[string, string, (quarry: Quarry) => PowBlock]>([
    [
      'content that the header does not bind',
      'ROOT_MISMATCH',
      (q) => ({ ...q.block(q.first), transactions: [pay(0, 0)] }),
    ],
    [
      'a transaction that stands twice',
      'DUPLICATE_TRANSACTION',
      (q) => q.block(q.first, { transactions: [pay(0, 0), pay(0, 0)] }),
    ],
    ['more weight than a block may have', 'BODY_TOO_HEAVY', (q) => q.block(q.first, { transactions: heavy() })],
    [
      'more bytes than a block may have',
      'BODY_TOO_LARGE',
      (q) => {
        const block = q.block(q.first, { transactions: [pay(0, 0)] });
        const bytes = new Uint8Array(FULL_BODY_BYTES_MAX);
        return { ...block, transactions: block.transactions.map((item) => ({ ...item, bytes })) };
      },
    ],
    ['one of another chain', 'WRONG_CHAIN', (q) => q.block(q.first, { transactions: [foreign()] })],
    [
      'a target that is easier than any may be',
      'BAD_TARGET',
      (q) => q.block(q.first, { header: { bits: 0x207fffff } }),
    ],
    ['bits that are no target', 'BAD_TARGET', (q) => q.block(q.first, { header: { bits: 0x01003456 } })],
    ['another target than its turn', 'BAD_BITS', (q) => q.block(q.first, { header: { bits: RULES.limitBits } })],
    ['another height', 'BAD_HEIGHT', (q) => q.block(q.first, { height: 2 })],
    ['a time at the median', 'TIME_TOO_EARLY', (q) => q.block(q.first, { time: START_S })],
  ])('%s is refused: %s', (_, expected, make) => {
    const quarry = new Quarry();
    const block = make(quarry);
    const chain = newChain();
    expect(code(chain.add(block, LATE_S))).toBe(expected);
    expect(chain.tree.size).toBe(1);
  });

  test('under a header that is good does not spoil the header: the content that it binds may still come', () => {
    const quarry = new Quarry();
    const block = quarry.block(quarry.first);
    const chain = newChain();
    expect(code(chain.add({ ...block, transactions: [pay(0, 0)] }, LATE_S))).toBe('ROOT_MISMATCH');
    expect(code(chain.add(block, LATE_S))).toBe('tip');
  });

  test.each<[string, (items: readonly IdentifiedTransaction[]) => readonly IdentifiedTransaction[]]>([
    // The trees of CVE-2012-2459 gave this and the good content one root.
    ['its last transaction twice', (items) => [...items, items.at(-1)!]],
    ['its first transaction twice', (items) => [items[0]!, ...items]],
    ['a transaction of another chain', () => [foreign()]],
    ['too much', () => heavy()],
  ])('with %s under the header of a good one is forgotten, and the good one is taken', (_, spoil) => {
    const quarry = new Quarry();
    const block = quarry.block(quarry.first, { transactions: [pay(0, 0), pay(1, 0), pay(2, 0)] });
    const chain = newChain();
    const spoilt = { ...block, transactions: spoil(block.transactions) };
    expect(code(chain.add(spoilt, LATE_S))).toBe('ROOT_MISMATCH');
    expect(chain.knows(block.id)).toBe(false);
    expect(code(chain.add(block, LATE_S))).toBe('tip');
  });

  test.each<[string, (quarry: Quarry) => PowBlock, boolean]>([
    ['DUPLICATE_TRANSACTION', (q) => q.block(q.first, { transactions: [pay(0, 0), pay(0, 0)] }), true],
    ['BODY_TOO_HEAVY', (q) => q.block(q.first, { transactions: heavy() }), true],
    ['WRONG_CHAIN', (q) => q.block(q.first, { transactions: [foreign()] }), true],
    ['BAD_HEIGHT', (q) => q.block(q.first, { height: 2 }), true],
    ['ROOT_MISMATCH', (q) => ({ ...q.block(q.first), transactions: [pay(0, 0)] }), false],
    // There is no work behind it, so that remembering it would let anybody fill the memory.
    ['BAD_TARGET', (q) => q.block(q.first, { header: { bits: 0x207fffff } }), false],
  ])('%s: whether it is remembered', (expected, make, isRemembered) => {
    const quarry = new Quarry();
    const block = make(quarry);
    const chain = newChain();
    expect(code(chain.add(block, LATE_S))).toBe(expected);
    expect(chain.knows(block.id)).toBe(isRemembered);
    expect(code(chain.add(block, LATE_S))).toBe(isRemembered ? 'KNOWN_INVALID' : expected);
    expect(code(chain.add(quarry.block(block.id, { header: { bits: FIRST_BITS } }), LATE_S))).toBe(
      isRemembered ? 'INVALID_PARENT' : 'orphan',
    );
  });

  test.each<[RefusalCode, boolean]>([
    ['NO_ROOM', false],
    ['BRANCH_TOO_LIGHT', false],
    ['TOO_DEEP', false],
    ['ROOT_MISMATCH', true],
    ['TRANSACTION_SKIPPED', true],
  ])('%s: whether it is held against who sent the block', (refusal, expected) => {
    expect(isFault(refusal)).toBe(expected);
  });

  test('with a transaction that its sender did not sign is refused', () => {
    const quarry = new Quarry();
    const chain = newChain({ isSigned: () => false });
    expect(code(chain.add(quarry.block(quarry.first, { transactions: [pay(0, 0)] }), LATE_S))).toBe('BAD_SIGNATURE');
  });
});

/** Transactions that together weigh more than a block may. */
function heavy(): IdentifiedTransaction[] {
  const operations = Array.from({ length: OPERATIONS_MAX }, () => transfer(accountOf(GENESIS, 1), 1n));
  const [chainId, sender] = [GENESIS.chainId, accountOf(GENESIS, 0)];
  const count = Math.floor(GENESIS.ledger.blockWeightMax / weightOf({ operations })) + 1;
  return Array.from({ length: count }, (_, nonce) => makeTransaction({ chainId, sender, nonce, operations }));
}

const foreign = () =>
  makeTransaction({
    chainId: 'ee'.repeat(32) as Hash,
    sender: accountOf(GENESIS, 0),
    operations: [transfer(accountOf(GENESIS, 1), 1n)],
  });

describe('time and depth', () => {
  test('a block from too far ahead is refused now and taken later', () => {
    const quarry = new Quarry();
    const block = quarry.block(quarry.first, { time: START_S + 10_000 });
    const chain = newChain();
    expect(code(chain.add(block, START_S + 10_000 - RULES.futureS - 1))).toBe('TIME_TOO_FAR');
    expect(code(chain.add(block, START_S + 10_000 - RULES.futureS + 0.9))).toBe('tip');
  });

  test('a branch that begins too deep is refused, however much work it has', () => {
    const quarry = new Quarry();
    const limits = { depthMax: 5, blocksMax: 12, sideBytesMax: Infinity };
    const chain = newChain({ limits });
    const [a1, ...rest] = quarry.chain(quarry.first, 12) as [PowBlock, ...PowBlock[]];
    addAll(chain, [a1, ...rest]);
    expect(chain.tree.root.height).toBe(7);
    const deep = quarry.chain(a1.id, 20);
    expect(code(chain.add(deep[0]!, LATE_S))).toBe('TOO_DEEP');
    expect(code(chain.add(deep[18]!, LATE_S))).toBe('orphan');
    const shallow = quarry.chain(rest[6]!.id, 5);
    expect(kinds(addAll(chain, shallow))).toEqual(['side', 'side', 'side', 'side', 'tip']);
    expect(chain.block(a1.id)).toBeUndefined();
  });

  test('what is forgotten takes its confirmations along', () => {
    const quarry = new Quarry();
    const chain = newChain({ limits: { depthMax: 5, blocksMax: 12, sideBytesMax: Infinity } });
    const paid = pay(0, 0);
    const a1 = quarry.block(quarry.first, { transactions: [paid] });
    addAll(chain, [a1, ...quarry.chain(a1.id, 4)]);
    expect(chain.confirmations(paid.id)).toBe(5);
    addAll(chain, quarry.chain(chain.tree.tip.id, 2));
    expect(chain.confirmations(paid.id)).toBeNull();
  });
});

/** Reads of the state against what every account had after every block, over the store as the driver writes it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Address, address, type Height } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { Random } from '../../../src/base/random.ts';
import { fromHex, toHash, toHex } from '../../../src/codec/hex.ts';
import type { Store } from '../../../src/driver/ports.ts';
import { KEYS } from '../../../src/driver/stored/records.ts';
import { type Account, ACCOUNTS, NO_ACCOUNT } from '../../../src/ledger/account.ts';
import { stateKeyBytes } from '../../../src/ledger/state/entry-kind.ts';
import { decodeTreeProof, encodeTreeProof } from '../../../src/ledger/tree/proof-codec.ts';
import { verifyTreeProof } from '../../../src/ledger/tree/verify.ts';
import type { StateReader } from '../../../src/node/state/state-reader.ts';
import { roundestBetween } from '../../../src/node/state/headers.ts';
import { type LevelStore, openLevelStore } from '../../../src/storage/level-store.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { BLOCK_MS, genesisKeeping, LongChain, type Payment } from './long-chain.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_122);
const BLOCKS = 300;
const READS = 1_000;
const FLIPS = 10_000;
const PARTS = ['key', 'value', 'root', 'proof'] as const;

const stranger = (number: number): Address => address(number.toString(16).padStart(64, '5'));

/** Payments of a block among accounts that are there, and to new ones now and then. */
function somePayments(chain: LongChain, random: Random): Payment[] {
  const known = present(chain.accounts.at(-1), 'accounts');
  const rich = random.shuffled([...known.keys()]).filter((each) => (known.get(each)?.balance ?? 0n) > 1_000n);
  return rich.slice(0, random.int(0, 5)).map((from) => ({
    from,
    to: random.chance(0.4) ? stranger(chain.accounts.length * 8 + random.int(0, 7)) : random.pick([...known.keys()]),
    amount: BigInt(random.int(1, 100)),
  }));
}

async function grow(chain: LongChain, blocks: number, random: Random): Promise<void> {
  for (let i = 0; i < blocks; i++) await chain.append(somePayments(chain, random));
}

/** All addresses that ever were, and some that never are. */
const everybody = (chain: LongChain): Address[] => [
  ...present(chain.accounts.at(-1), 'accounts').keys(),
  ...Array.from({ length: 20 }, (_, i) => stranger(1_000_000 + i)),
];

interface ProvedRead {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly root: Uint8Array;
  readonly proof: Uint8Array;
}

async function readProved(reader: StateReader, chain: LongChain, who: Address, at: Height): Promise<ProvedRead> {
  const key = ACCOUNTS.key(who);
  const read = await reader.read(key, { height: at }, true);
  if (!read.ok) throw new Error(`${read.error.code}: ${read.error.message}`);
  const { header, value, proof } = read.value;
  expect(header.height).toBe(at);
  expect(value ?? NO_ACCOUNT).toEqual(chain.has(at, who));
  const { tree, headers, certificate } = present(proof, 'a proof');
  expect(headers[0]).toBe(header);
  expect(headers.at(-1)?.height).toBe(certificate.height);
  const bytes = value && ACCOUNTS.codec.encode(value);
  const claim = { root: header.stateRoot, key: stateKeyBytes(key), value: bytes };
  expect(verifyTreeProof(claim, tree)).toMatchObject({ ok: true });
  return { key: claim.key, value: bytes, root: fromHex(header.stateRoot), proof: encodeTreeProof(tree) };
}

function flip(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  const at = random.int(0, bytes.length - 1);
  changed[at] = (changed[at] ?? 0) ^ (1 << random.int(0, 7));
  return changed;
}

function isAccepted({ key, value, root, proof }: ProvedRead): boolean {
  const decoded = decodeTreeProof(proof);
  return decoded.ok && verifyTreeProof({ root: toHash(root), key, value }, decoded.value).ok;
}

interface OpenStore {
  readonly store: Store;
  /** The store as it is after a restart of the process. */
  readonly again: () => Promise<Store>;
}

async function withStore(kind: 'memory' | 'LevelDB', run: (open: OpenStore) => Promise<void>): Promise<void> {
  const memory = new MemoryStore();
  if (kind === 'memory') return run({ store: memory, again: () => Promise.resolve(memory) });
  const folder = await mkdtemp(join(tmpdir(), 'trefoil-state-'));
  let level: LevelStore = await openLevelStore(folder);
  const again = async (): Promise<Store> => {
    await level.close();
    level = await openLevelStore(folder);
    return level;
  };
  try {
    await run({ store: level, again });
  } finally {
    await level.close();
    await rm(folder, { recursive: true, force: true });
  }
}

describe('any retained height', { timeout: 120_000 }, () => {
  it.each([
    ['memory', 0],
    ['LevelDB', 0],
    ['memory', 40],
    ['LevelDB', 40],
  ] as const)('is read with a proof, over %s that keeps %i heights, also after a restart', async (kind, kept) => {
    const random = new Random(SEED);
    await withStore(kind, async ({ store, again }) => {
      const genesis = genesisKeeping(kept);
      const before = await LongChain.open(store, genesis);
      await grow(before, BLOCKS, random);
      const reads: ProvedRead[] = [];
      for (const isAgain of [false, true]) {
        const chain = isAgain ? await LongChain.open(await again(), genesis, before.accounts) : before;
        expect(chain.final).toBe(BLOCKS);
        expect(chain.oldest).toBe(kept === 0 ? 0 : BLOCKS - kept + 1);
        const reader = chain.reader();
        const people = everybody(chain);
        for (let i = 0; i < READS / 2; i++) {
          const at = random.int(chain.oldest, chain.final) as Height;
          reads.push(await readProved(reader, chain, random.pick(people), at));
        }
        for (const at of [0, chain.oldest - 1].filter((each) => each >= 0 && each < chain.oldest)) {
          const pruned = await reader.read(ACCOUNTS.key(random.pick(people)), { height: at as Height }, true);
          expect(pruned).toMatchObject({ error: { code: 'HEIGHT_PRUNED', oldest: chain.oldest } });
        }
      }
      expect(reads.some(({ value }) => value === undefined) && reads.some(({ value }) => value !== undefined)).toBe(
        true,
      );
      for (let i = 0; i < FLIPS; i++) {
        const read = random.pick(reads);
        // That a key is absent is proved by an empty place, or by another's leaf, where neighbours of the key would be too: with a
        // changed key it is a right proof of something else, and true.
        const part = random.pick(read.value === undefined ? (['root', 'proof'] as const) : PARTS);
        const changed = { ...read, [part]: flip(present(read[part], part), random) };
        if (isAccepted(changed)) throw new Error(`${part} ${toHex(changed[part] ?? new Uint8Array())}, seed ${SEED}`);
      }
      expect(reads.every(isAccepted)).toBe(true);
    });
  });
});

describe('a read', () => {
  it('of a block finds its state as soon as the block is told, and of a later one nothing', async () => {
    const random = new Random(SEED);
    const chain = await LongChain.open(new MemoryStore(), genesisKeeping(3));
    const reader = chain.reader();
    const reads: Promise<unknown>[] = [];
    const expected: unknown[] = [];
    chain.told = ({ record: { header } }) => {
      const who = random.pick(everybody(chain));
      expected.push({ ok: true, value: { header, ...valueOf(chain.has(header.height, who)) } });
      reads.push(reader.read(ACCOUNTS.key(who), { height: header.height }, true));
    };
    await grow(chain, 30, random);
    expect(await Promise.all(reads)).toMatchObject(expected);
    expect(reads).toHaveLength(30);
    expect(await reader.read(ACCOUNTS.key(stranger(1)), { height: 31 as Height }, false)).toMatchObject({
      error: { code: 'HEIGHT_UNKNOWN', message: 'the newest final height here is 30' },
    });
  });

  it('sees nothing of blocks that are executed and not final, and is proved by a later certificate', async () => {
    const [alice, bob] = [...genesisKeeping(0).accounts].map((each) => each.address) as [Address, Address];
    const chain = await LongChain.open(new MemoryStore(), genesisKeeping(0));
    const reader = chain.reader();
    chain.isCertified = (height) => height % 4 === 1;
    for (let i = 0; i < 8; i++) await chain.append([{ from: alice, to: bob, amount: 7n }]);
    expect(chain.final).toBe(5);
    const newest = await reader.read(ACCOUNTS.key(bob), { height: 'latest' }, true);
    expect(newest).toMatchObject({ value: { header: { height: 5 }, value: chain.has(5, bob) } });
    const between = await reader.read(ACCOUNTS.key(bob), { height: 2 as Height }, true);
    expect(between).toMatchObject({ value: { value: chain.has(2, bob), proof: { certificate: { height: 5 } } } });
    expect(between.ok && between.value.proof?.headers.map(({ height }) => height)).toEqual([2, 3, 4, 5]);
  });

  it('of a height without a certificate near is not proved yet; of the newest the last certified one is given', async () => {
    const chain = await LongChain.open(new MemoryStore(), genesisKeeping(0));
    const reader = chain.reader();
    expect(await reader.read(ACCOUNTS.key(stranger(1)), { height: 'latest' }, true)).toMatchObject({
      error: { code: 'HEIGHT_UNPROVED' },
    });
    expect(await reader.read(ACCOUNTS.key(stranger(1)), { height: 'latest' }, false)).toMatchObject({
      value: { header: { height: 0 } },
    });
    for (let i = 0; i < 3; i++) await chain.append([]);
    await remove(chain.store, KEYS.certificate(3 as Height));
    expect(await reader.read(ACCOUNTS.key(stranger(1)), { height: 3 as Height }, true)).toMatchObject({
      error: { code: 'HEIGHT_UNPROVED' },
    });
    const newest = await reader.read(ACCOUNTS.key(stranger(1)), { height: 'latest' }, true);
    expect(newest).toMatchObject({ value: { header: { height: 2 } } });
  });

  it('takes time, which whoever asks pays for', async () => {
    const chain = await LongChain.open(new MemoryStore(), genesisKeeping(0));
    await grow(chain, 3, new Random(SEED));
    const reader = chain.reader();
    await reader.read(ACCOUNTS.key(stranger(1)), { height: 'latest' }, true);
    expect(reader.micros).toBeGreaterThan(0);
  });
});

describe('a time', () => {
  it.each([0, 20])('means the last block not after it, where %i heights are kept', async (kept) => {
    const chain = await LongChain.open(new MemoryStore(), genesisKeeping(kept));
    await grow(chain, 50, new Random(SEED));
    const reader = chain.reader();
    const { timestampMs } = chain.genesis;
    const heightAt = async (timeMs: number, withProof = false) => {
      const read = await reader.read(ACCOUNTS.key(stranger(1)), { timeMs }, withProof);
      return read.ok ? read.value.header.height : read.error.code;
    };
    for (let height = chain.oldest; height <= 50; height++) {
      const at = timestampMs + height * BLOCK_MS;
      expect(await heightAt(at)).toBe(height);
      expect(await heightAt(at + BLOCK_MS - 1, true)).toBe(height);
    }
    expect(await heightAt(timestampMs + 1_000 * BLOCK_MS)).toBe(50);
    expect(await heightAt(timestampMs - 1)).toBe(kept === 0 ? 'HEIGHT_UNKNOWN' : 'HEIGHT_PRUNED');
    expect(await heightAt(timestampMs + chain.oldest * BLOCK_MS - 1)).toBe(
      kept === 0 ? 'HEIGHT_UNKNOWN' : 'HEIGHT_PRUNED',
    );
  });

  it('is proved together with the block after it', async () => {
    const chain = await LongChain.open(new MemoryStore(), genesisKeeping(0));
    await grow(chain, 5, new Random(SEED));
    const timeMs = chain.genesis.timestampMs + 3 * BLOCK_MS + 1;
    const read = await chain.reader().read(ACCOUNTS.key(stranger(1)), { timeMs }, true);
    expect(read.ok && read.value.proof?.headers.map(({ height }) => height)).toEqual([3, 4]);
  });

  it('is found by few reads of blocks, and soon by fewer', async () => {
    const chain = await LongChain.open(new MemoryStore(), genesisKeeping(0));
    for (let i = 0; i < 256; i++) await chain.append([]);
    const asked: string[] = [];
    const reader = chain.reader({
      read: (keys, done) => {
        asked.push(...keys.filter((key) => key.startsWith('block/')));
        chain.store.read(keys, done);
      },
      scan: (range, done) => chain.store.scan(range, done),
    });
    const readsFor = async (height: number): Promise<number> => {
      const before = asked.length;
      const timeMs = chain.genesis.timestampMs + height * BLOCK_MS;
      const read = await reader.read(ACCOUNTS.key(stranger(1)), { timeMs }, false);
      expect(read).toMatchObject({ value: { header: { height } } });
      return asked.length - before;
    };
    expect(await readsFor(101)).toBeLessThanOrEqual(2 * Math.log2(256));
    await chain.append([]);
    expect(await readsFor(103)).toBeLessThanOrEqual(3);
  });

  it('is looked for at rounder heights first', () => {
    for (const [low, high, middle] of [
      [0, 2, 1],
      [0, 1_000, 512],
      [512, 1_000, 768],
      [5, 9, 8],
      [8, 12, 10],
      [6, 8, 7],
    ] as const) {
      expect(roundestBetween(low as Height, high as Height)).toBe(middle);
    }
  });
});

describe('a damaged disk', () => {
  const damages: readonly (readonly [string, (chain: LongChain, who: Address) => Promise<void>])[] = [
    ['a node that is gone', (chain) => remove(chain.store, KEYS.node({ version: 4 as Height, path: '' }))],
    ['a node that was changed', (chain) => spoil(chain.store, KEYS.node({ version: 4 as Height, path: '' }))],
    ['a value that was changed', (chain, who) => spoil(chain.store, KEYS.entry(ACCOUNTS.key(who)))],
    ['a value that is gone', (chain, who) => remove(chain.store, KEYS.entry(ACCOUNTS.key(who)))],
    ['a header that was changed', (chain) => spoil(chain.store, KEYS.block(4 as Height), 60)],
    ['a block that is gone', (chain) => remove(chain.store, KEYS.block(4 as Height))],
    ['a certificate that was changed', (chain) => spoil(chain.store, KEYS.certificate(4 as Height), 20)],
  ];
  it.each(damages)('%s is told from what was pruned, and not given away', async (_, damage) => {
    const [alice, bob] = [...genesisKeeping(0).accounts].map((each) => each.address) as [Address, Address];
    const chain = await LongChain.open(new MemoryStore(), genesisKeeping(3));
    for (let i = 0; i < 4; i++) await chain.append([{ from: alice, to: bob, amount: 1n }]);
    await damage(chain, bob);
    const read = chain.reader().read(ACCOUNTS.key(bob), { height: 4 as Height }, true);
    await expect(read).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });
});

describe('pruning that goes on during a read', () => {
  it.each([true, false])(
    'at whichever step is noticed, and the answer says from where on the state is there',
    async (withProof) => {
      for (let step = 0; ; step++) {
        const random = new Random(SEED);
        const chain = await LongChain.open(new MemoryStore(), genesisKeeping(3));
        await grow(chain, 12, random);
        const at = chain.oldest;
        const who = random.pick([...present(chain.accounts[at], 'accounts').keys()]);
        const expected = chain.has(at, who);
        let steps = 0;
        const between = async (): Promise<void> => {
          // Everybody who is there pays, so that all that was read may be gone.
          const everyone = [...present(chain.accounts.at(-1), 'accounts')].filter(([, { balance }]) => balance > 0n);
          const payments = everyone.map(([from]) => ({ from, to: who, amount: 1n }));
          if (steps++ === step) for (let i = 0; i < 2; i++) await chain.append(payments);
        };
        const reader = chain.reader(interleaved(chain.store, between));
        const read = await reader.read(ACCOUNTS.key(who), { height: at }, withProof);
        if (steps <= step) {
          expect(read).toMatchObject({ ok: true, value: { value: expected } });
          break;
        }
        expect(read).toMatchObject({ error: { code: 'HEIGHT_PRUNED', oldest: at + 2 } });
      }
    },
  );

  it('reads the newest state anew where it was pruned meanwhile', async () => {
    const random = new Random(SEED);
    const chain = await LongChain.open(new MemoryStore(), genesisKeeping(1));
    await grow(chain, 5, random);
    let steps = 0;
    const reader = chain.reader(
      interleaved(chain.store, async () => {
        if (steps++ === 2) await grow(chain, 1, random);
      }),
    );
    const who = random.pick(everybody(chain));
    const read = await reader.read(ACCOUNTS.key(who), { height: 'latest' }, true);
    expect(read).toMatchObject({ ok: true, value: { header: { height: 6 } } });
    expect(read.ok && (read.value.value ?? NO_ACCOUNT)).toEqual(chain.has(6, who));
  });
});

const valueOf = (account: Account) => ({ value: account === NO_ACCOUNT ? undefined : account });

const write = (store: Store, batch: Parameters<Store['write']>[0]): Promise<void> =>
  new Promise((resolve, reject) => store.write(batch, (error) => (error ? reject(error) : resolve())));

const remove = (store: Store, key: string): Promise<void> => write(store, [{ kind: 'delete', key }]);

async function spoil(store: Store, key: string, at = 12): Promise<void> {
  const bytes = await new Promise<Uint8Array>((resolve) =>
    store.read([key], ([value]) => resolve(present(value, key).slice())),
  );
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await write(store, [{ kind: 'put', key, value: bytes }]);
}

/** A store in which something happens before each answer. */
function interleaved(store: Store, between: () => Promise<void>): Pick<Store, 'read' | 'scan'> {
  const after = async (answer: () => void): Promise<void> => {
    await between();
    answer();
  };
  return {
    read: (keys, done) => store.read(keys, (...answer) => void after(() => done(...answer))),
    scan: (range, done) => store.scan(range, (...answer) => void after(() => done(...answer))),
  };
}

/** A short chain with something of everything that can stand in a namespace. */
import type { Address, Height } from '../../../src/base/brand.ts';
import type { Store } from '../../../src/driver/ports.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { genesisKeeping, LongChain } from './long-chain.ts';

/** Keys that a path could take for something else; each has `under KEY` from block 2 on. */
export const KEYS: readonly string[] = [
  'a/b',
  'a/b/history',
  'a//c',
  '/',
  '...',
  'a/../b',
  '%2F',
  '100%',
  'q?x=1&y=2#z',
  'a+b',
  '"<\\>"',
  'k'.repeat(128),
  "!$&'()*+,;=:@-._~[]{}|^`",
];

/** Heights of the newest block, and of the oldest whose state is kept. */
export const TOP = 40;
export const OLDEST = 3;

export interface DataChain {
  readonly chain: LongChain;
  readonly owner: Address;
  readonly writer: Address;
}

export async function dataChain(store: Store): Promise<DataChain> {
  const chain = await LongChain.open(store, genesisKeeping(TOP - OLDEST + 1));
  const [owner, writer] = [...chain.genesis.accounts].map(({ address }) => address) as [Address, Address];
  const does = (...operations: readonly Operation[]) => ({ from: owner, operations });
  await chain.append([
    does(
      { kind: 'create-namespace', name: 'docs', writers: [writer] },
      { kind: 'create-namespace', name: 'docs0', writers: [] },
    ),
  ]);
  await chain.append([
    does(put('a', 'first')),
    does(put('gone', 'soon')),
    ...KEYS.map((key) => does(put(key, `under ${key}`))),
    does({ ...put('a', 'other'), namespace: 'docs0' }),
  ]);
  await chain.append([]);
  await chain.append([
    does(add(7n), insert('red'), insert('green/2')),
    { from: writer, operations: [put('a', 'second')] },
    does(insert('yellow')),
  ]);
  await chain.append([does({ ...put('a', 'third'), condition: { kind: 'version', height: 4 as Height, index: 1 } })]);
  await chain.append([
    {
      from: writer,
      operations: [lease('leased')],
    },
    does({ kind: 'delete', namespace: 'docs', key: 'gone', condition: { kind: 'any' } }, put('new', 'late')),
    does(add(-2n), { ...insert('red'), kind: 'remove' }),
    does(put('renewed', 'kept')),
  ]);
  await chain.append([does(lease('renewed'))]);
  while (chain.final < TOP) await chain.append([]);
  return { chain, owner, writer };
}

const put = (key: string, text: string) =>
  ({ kind: 'put', namespace: 'docs', key, value: new TextEncoder().encode(text), condition: { kind: 'any' } }) as const;

const lease = (key: string) =>
  ({ kind: 'lease', namespace: 'docs', key, until: 100 as Height, condition: { kind: 'any' } }) as const;

const add = (delta: bigint) => ({ kind: 'add', namespace: 'docs', key: 'hits', delta }) as const;

const insert = (member: string) => ({ kind: 'insert', namespace: 'docs', key: 'colours', member }) as const;

import { Random } from './src/base/random.ts';
import { installNodeSha256 } from './src/crypto/node-sha256.ts';
import { sha256Hash } from './src/crypto/sha256.ts';
import { AccountTree } from './src/ledger/account-tree.ts';
installNodeSha256();
const num = (n: number) => sha256Hash(Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n)) as any;
const N = 100000;
const tree = AccountTree.EMPTY.with(new Map(Array.from({ length: N }, (_, i) => [num(i), { balance: 5n, nonce: 0 }] as const)));
const random = new Random(1);
const b = Array.from({ length: 20 }, () => new Map(Array.from({ length: 2000 }, () => [num(random.int(0, N - 1)), { balance: 7n, nonce: 1 }] as const)));
const t: number[] = [];
for (let i = 0; i < 100; i++) { const s = process.threadCpuUsage(); tree.with(b[i % 20]!); const e = process.threadCpuUsage(s); t.push((e.user + e.system) / 1000); }
t.sort((a, b) => a - b); console.log('old', t[25], t[50]);

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { Random } from '../../src/base/random.ts';
import { Wallet } from '../../src/client/wallet.ts';
import type { Operation } from '../../src/ledger/transaction.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { LAUNCHER } from './trefoil.ts';
import { Validators } from './validators.ts';

const PUTS = 60;
const COMMIT_MS = 30_000;

interface Line {
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

/** `trefoil kv watch` as a process of its own. */
class Watcher {
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(dir: string, ...args: readonly string[]) {
    const command = [LAUNCHER, 'kv', 'watch', 'orders', '--dir', dir, '--json', ...args];
    this.#child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Whole lines, and undefined at the end. */
  async next(): Promise<Line | undefined> {
    const { done, value } = await this.#lines.next();
    return done === true ? undefined : (JSON.parse(value) as Line);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const exited = once(this.#child, 'exit') as Promise<[number | null]>;
    this.#child.kill(signal);
    return (await exited)[0];
  }
}

describe('watching keys from other processes', () => {
  let validators: Validators;
  beforeAll(async () => {
    validators = await Validators.start();
  });
  afterAll(() => validators?.[Symbol.asyncDispose]());

  const wallet = new Wallet(present(developmentNetwork(4).accounts[0], 'an account').secret);
  let nonce = 0;
  const sign = (operations: readonly Operation[]) =>
    wallet.sign({
      chainId: validators.chainId,
      sender: wallet.address,
      nonce: nonce++,
      expiresAt: 0 as Height,
      maxFee: 0n,
      operations,
      memo: new Uint8Array(0),
    });

  it('shows each change once, in order, however often the watcher and a node are killed', async ({ annotate }) => {
    const seed = Date.now() % 2 ** 31;
    await annotate(`seed ${seed}`);
    const random = new Random(seed);
    const { dir } = validators.folder;
    const client = validators.from(1);
    const made = await client.submit(
      sign([{ kind: 'create-namespace', name: 'orders', writers: [] }]).bytes,
      COMMIT_MS,
    );
    if (made.status !== 'committed') throw new Error(made.status);
    const put = (value: number): Operation => ({
      kind: 'put',
      namespace: 'orders',
      key: `key/${value % 7}`,
      value: Buffer.from(String(value)),
      condition: { kind: 'any' },
    });
    // Two changes in each transaction, some of them in one block.
    const putting = (async () => {
      for (let value = 0; value < PUTS; value += 2)
        await client.submit(sign([put(value), put(value + 1)]).bytes, value % 10 === 0 ? COMMIT_MS : undefined);
    })();

    const seen: string[] = [];
    let last = `${made.height}:${made.index}`;
    let kills = 0;
    while (seen.length < PUTS) {
      const watcher = new Watcher(dir, '--from', last);
      const life = random.int(1, 12);
      for (let lines = 0; lines < life && seen.length < PUTS; lines++) {
        const line = present(await watcher.next(), 'a line');
        last = line.id;
        seen.push(Buffer.from(line.value, 'base64').toString());
      }
      await watcher.end('SIGKILL');
      if (++kills === 2) await validators.kill([0]);
    }
    await putting;
    expect(seen).toEqual(Array.from({ length: PUTS }, (_, value) => String(value)));
    expect(kills).toBeGreaterThan(3);
    await validators.start(0);
  });

  it('begins with now, and ends with Ctrl+C and exit code 0', async () => {
    const watcher = new Watcher(validators.folder.dir, '--prefix', 'later/');
    const value = Buffer.from('now');
    const key = 'later/1';
    let first: Line | undefined;
    const shown = watcher.next().then((line) => (first = line));
    // It may take a while until it watches: one of these comes after that.
    while (first === undefined) {
      const operation: Operation = { kind: 'put', namespace: 'orders', key, value, condition: { kind: 'any' } };
      await validators.from(0).submit(sign([operation]).bytes, COMMIT_MS);
    }
    await shown;
    expect(first).toMatchObject({ kind: 'put', key, value: value.toString('base64') });
    expect(await watcher.end('SIGINT')).toBe(0);
  });
});

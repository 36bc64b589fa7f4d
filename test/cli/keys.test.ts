import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, walletOf } from '../../src/cli/people.ts';
import { run } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'trefoil-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));
const keys = join(folder, 'keys');
const secret = join(folder, 'secret');
writeFileSync(secret, 'correct horse\n');
const network = { dev: true, addressPrefix: 'tre' };

describe('a new key', () => {
  let address: string;

  beforeAll(async () => {
    const { stdout } = await run(['keys', 'new', 'treasury', '--keys', keys, '--passphrase-file', secret, '--json']);
    address = JSON.parse(stdout).address;
  }, 60_000);

  it('is kept encrypted, for its owner alone', () => {
    const file = join(keys, 'treasury.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(keys).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      kind: 'account',
      crypto: { kdf: { function: 'scrypt' } },
    });
  });

  it('is listed', async () => {
    const { stdout } = await run(['keys', 'list', '--keys', keys, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ keys: [{ name: 'treasury', kind: 'account', address }] });
  });

  it('is found by name, and signs with its passphrase', async () => {
    const directory = { network: { dev: false, addressPrefix: 'tre' }, keys };
    const wallet = await walletOf('treasury', directory, secret);
    expect(wallet.address).toBe(await addressOf('treasury', directory));
    expect(wallet.address).toBe(await addressOf(address, directory));
  });

  it('does not open with another passphrase', async () => {
    const wrong = join(folder, 'wrong');
    writeFileSync(wrong, 'battery staple\n');
    await expect(walletOf('treasury', { network, keys }, wrong)).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' });
  });

  it('is never overwritten', async () => {
    const { exitCode, stdout } = await run([
      'keys',
      'new',
      'treasury',
      '--keys',
      keys,
      '--passphrase-file',
      secret,
      '--json',
    ]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ALREADY_EXISTS' } });
  });

  it('is refused where others could have read it', async () => {
    chmodSync(join(keys, 'treasury.json'), 0o644);
    const { exitCode, stderr } = await run(['keys', 'list', '--keys', keys]);
    chmodSync(join(keys, 'treasury.json'), 0o600);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error INSECURE_MODE: /);
  });

  it('needs a passphrase', async () => {
    const { stdout } = await run(['keys', 'new', 'other', '--keys', keys, '--json', '--passphrase-file', '/dev/null']);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'PASSPHRASE_EMPTY' } });
  });
});

describe('names', () => {
  it('are those of the public accounts on a development network', async () => {
    const wallet = await walletOf('alice', { network, keys });
    expect(wallet.address).toBe(await addressOf('alice', { network, keys }));
  });

  it('are not those of the public accounts elsewhere', async () => {
    const directory = { network: { ...network, dev: false }, keys };
    await expect(addressOf('alice', directory)).rejects.toMatchObject({ code: 'UNKNOWN_NAME' });
  });

  it.each(['mallory', '../treasury', 'tre1qqqq', 'TRE1QQ'])('%s is nobody', async (who) => {
    await expect(addressOf(who, { network, keys })).rejects.toMatchObject({ code: /UNKNOWN_NAME|BAD_ADDRESS/ });
  });
});

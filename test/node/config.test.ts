import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigFile, parseConfig, readConfig, writeConfig } from '../../src/node/config.ts';
import { developmentNetwork } from '../../src/node/development.ts';

const PEER = developmentNetwork(1).validators[0]?.peerId;
const MINIMAL = `
genesis = "../genesis.json"
data_dir = "data"
keys = { development = 0 }
p2p = { host = "127.0.0.1", port = 7000 }
http = { port = 8000 }
`;

describe('configuration', () => {
  it('fills in what is not said', () => {
    expect(parseConfig(MINIMAL)).toEqual({
      ok: true,
      value: {
        genesis: '../genesis.json',
        data_dir: 'data',
        keys: { development: 0 },
        p2p: { host: '127.0.0.1', port: 7000, bootstrap: [], admit: [], mdns: false },
        http: { host: '127.0.0.1', port: 8000, allowed_hosts: [] },
        log: { level: 'info' },
        verifier: { workers: 1 },
      },
    });
  });

  it.each([
    ['an empty file', '', 'genesis: must be a path'],
    ['a port that is no port', MINIMAL.replace('7000', '70000'), 'p2p.port: must be a whole number from 0 to 65535'],
    ['a port as text', MINIMAL.replace('8000', '"8000"'), 'http.port: must be a whole number from 0 to 65535'],
    ['a name where an address is wanted', MINIMAL.replace('127.0.0.1', 'localhost'), 'p2p.host: must be an IP address'],
    ['a missing table', MINIMAL.replace('http =', '#'), 'http: must be a table'],
    ['an unknown field', `port = 1\n${MINIMAL}`, 'port: unknown field'],
    [
      'an unknown field of a table',
      MINIMAL.replace('port = 8000', 'port = 8000, tls = true'),
      'http.tls: unknown field',
    ],
    [
      'keys of both kinds',
      MINIMAL.replace('development = 0', 'development = 0, node = "n"'),
      'keys: must have node and validator (paths), or development',
    ],
    ['a validator key alone', MINIMAL.replace('development = 0', 'validator = "v"'), 'keys: must have'],
    [
      'a development key that there is not',
      MINIMAL.replace('development = 0', 'development = 16'),
      'keys.development: must be a whole number from 0 to 15',
    ],
    [
      'a bootstrap address without a peer id',
      MINIMAL.replace(
        'port = 7000',
        `port = 7000, bootstrap = ["/ip4/127.0.0.1/tcp/1/p2p/${PEER}", "/ip4/127.0.0.1/tcp/1"]`,
      ),
      'p2p.bootstrap[1]: "/ip4/127.0.0.1/tcp/1" is not of the form',
    ],
    [
      'a peer id that is none',
      MINIMAL.replace('port = 7000', `port = 7000, admit = ["${PEER}", "12D3KooW"]`),
      'p2p.admit[1]: must be the peer id of an ed25519 key',
    ],
    ['a level that there is not', `${MINIMAL}log = { level = "loud" }`, 'log.level: must be one of trace, debug'],
    ['no worker', `${MINIMAL}verifier = { workers = 0 }`, 'verifier.workers: must be a whole number from 1'],
    ['what is no TOML', 'genesis = ', 'Invalid TOML'],
  ])('refuses %s, and names it', (_, content, message) => {
    const parsed = parseConfig(content);
    expect(parsed).toMatchObject({ ok: false, error: { code: 'CONFIG_INVALID' } });
    expect(parsed.ok ? '' : parsed.error.message).toContain(message);
  });
});

describe('configuration file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trefoil-config-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('comes back as it was written, its paths counted from its folder', async () => {
    const written: ConfigFile = {
      genesis: '../genesis.json',
      data_dir: '/var/lib/trefoil',
      keys: { validator: 'keys/validator.json', node: 'keys/node.json' },
      p2p: { host: '::1', port: 1, bootstrap: [`/ip4/127.0.0.1/tcp/7001/p2p/${PEER}`], admit: [`${PEER}`], mdns: true },
      http: { host: '0.0.0.0', port: 0, allowed_hosts: ['ledger.example'] },
      log: { level: 'debug', file: 'log' },
      verifier: { workers: 2 },
      byzantine: 'silent',
    };
    const file = join(folder, 'config.toml');
    await writeConfig(file, written);
    expect(await readConfig(file)).toEqual({
      ok: true,
      value: {
        ...written,
        genesis: join(folder, '..', 'genesis.json'),
        keys: { validator: join(folder, 'keys/validator.json'), node: join(folder, 'keys/node.json') },
        log: { level: 'debug', file: join(folder, 'log') },
      },
    });
    expect(await readdir(folder)).toEqual(['config.toml']);
  });

  it('is refused with its name when it is missing, wrong, or far too long', async () => {
    const file = join(folder, 'config.toml');
    expect(await readConfig(file)).toMatchObject({ ok: false, error: { code: 'CONFIG_UNREADABLE' } });
    await writeFile(file, 'genesis = 1');
    expect(await readConfig(file)).toEqual({
      ok: false,
      error: { code: 'CONFIG_INVALID', message: `${file}: genesis: must be a path` },
    });
    await writeFile(file, `#${'x'.repeat(70_000)}`);
    expect(await readConfig(file)).toMatchObject({ ok: false, error: { code: 'CONFIG_INVALID' } });
  });
});

import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/codec/hex.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { accountsOf, type GenesisJson, genesisJson, makeGenesis } from './network.ts';

const parse = (json: unknown) => parseGenesis(JSON.stringify(json));

function messageFor(spoil: (json: GenesisJson) => void): string {
  const json = genesisJson();
  spoil(json);
  const result = parse(json);
  if (result.ok) return 'accepted';
  expect(result.error.code).toBe('GENESIS_INVALID');
  return result.error.message;
}

const at = <T>(list: readonly T[], index: number): T => list[index] as T;

describe('the genesis file of the repository', () => {
  test('is read into values', () => {
    const genesis = makeGenesis();
    expect(genesis).toMatchObject({ name: 'trefoil-development', dev: true, addressPrefix: 'tre' });
    expect(genesis.consensus).toMatchObject({ mode: 'equal', window: 16 });
    expect(genesis.ledger).toEqual({
      blockWeightMax: 4000,
      weightPrice: 0n,
      minimumBalance: 0n,
      depositPerByte: 0n,
      newEntriesMax: 256,
      historyHeights: 0,
    });
    expect(genesis.supply).toBe(14_000_000_000n);
    expect(genesis.validators.total).toBe(4n);
    expect(genesis.validators.members.map(({ index, power }) => [index, power])).toEqual([
      [0, 1n],
      [1, 1n],
      [2, 1n],
      [3, 1n],
    ]);
    const json = genesisJson();
    expect(genesis.validators.members.map(({ publicKey }) => toHex(publicKey))).toEqual(
      json.validators.map(({ publicKey }) => publicKey),
    );
  });
});

describe('the chain id', () => {
  const chainIdOf = (change: (json: GenesisJson) => GenesisJson) => {
    const result = parse(change(genesisJson()));
    return result.ok ? result.value.chainId : result.error.message;
  };

  test('does not depend on white space and the order of fields', () => {
    const reordered = Object.fromEntries(Object.entries(genesisJson()).toReversed());
    const result = parseGenesis(JSON.stringify(reordered, null, 7));
    expect(result.ok && result.value.chainId).toBe(makeGenesis().chainId);
  });

  test.each<[string, (json: GenesisJson) => unknown]>([
    ['name', (json) => (json['name'] = 'other')],
    ['dev', (json) => (json['dev'] = false)],
    ['timestampMs', (json) => (json['timestampMs'] = 1)],
    ['consensus.mode', (json) => (json.consensus['mode'] = 'stake')],
    ['consensus.epochLength', (json) => (json.consensus['epochLength'] = 7)],
    ['consensus.window', (json) => (json.consensus['window'] = 7)],
    ['consensus.tickMs', (json) => (json.consensus['tickMs'] = 7)],
    ['consensus.baseTimeoutTicks', (json) => (json.consensus['baseTimeoutTicks'] = 7)],
    ['consensus.timeoutCapTicks', (json) => (json.consensus['timeoutCapTicks'] = 7777)],
    ['consensus.clockDriftMs', (json) => (json.consensus['clockDriftMs'] = 7)],
    ['consensus.idleBlockMs', (json) => (json.consensus['idleBlockMs'] = 7)],
    ['ledger.blockWeightMax', (json) => (json.ledger['blockWeightMax'] = 7777)],
    ['ledger.weightPrice', (json) => (json.ledger['weightPrice'] = '7')],
    ['ledger.minimumBalance', (json) => (json.ledger['minimumBalance'] = '7')],
    ['ledger.depositPerByte', (json) => (json.ledger['depositPerByte'] = '7')],
    ['ledger.newEntriesMax', (json) => (json.ledger['newEntriesMax'] = 7)],
    ['ledger.historyHeights', (json) => (json.ledger['historyHeights'] = 7777)],
    ['a validator', (json) => json.validators.pop()],
    ['the order of validators', (json) => json.validators.reverse()],
    ["a validator's name", (json) => (at(json.validators, 1)['name'] = 'leaf')],
    ['an account', (json) => json.accounts.pop()],
    ['a balance', (json) => (at(json.accounts, 1)['balance'] = '7')],
  ])('depends on %s', (_, change) => {
    const changed = chainIdOf((json) => {
      change(json);
      return json;
    });
    expect(changed).toMatch(/^[0-9a-f]{64}$/);
    expect(changed).not.toBe(makeGenesis().chainId);
  });
});

describe('a genesis file is refused with the path of the field', () => {
  test.each([
    ['no JSON', '{', /^genesis: not JSON: /],
    ['a list', '[]', /^genesis: must be an object$/],
    ['nothing', 'null', /^genesis: must be an object$/],
  ])('%s', (_, text, message) => {
    const result = parseGenesis(text);
    expect(result.ok ? 'accepted' : result.error.message).toMatch(message);
  });

  test.each<[string, (json: GenesisJson) => unknown]>([
    ["format: must be 'trefoil/genesis/v1'", (json) => (json.format = 'trefoil/genesis/v2')],
    ['colour: unknown field', (json) => (json['colour'] = 'green')],
    ['consensus.speed: unknown field', (json) => (json.consensus['speed'] = 1)],
    ['validators[2].weight: unknown field', (json) => (at(json.validators, 2)['weight'] = '1')],
    ['dev: must be true or false', (json) => (json['dev'] = 'true')],
    ['addressPrefix: must be 1 to 16 lower-case letters', (json) => (json['addressPrefix'] = 'T')],
    ['timestampMs: must be a whole number from 0 to 253402300800000', (json) => (json['timestampMs'] = 1e15)],
    ["consensus.mode: must be 'equal' or 'stake'", (json) => (json.consensus['mode'] = 'best')],
    ['consensus.epochLength: must be a whole number from 1 to 30000000', (json) => (json.consensus['epochLength'] = 0)],
    ['consensus.window: must be a whole number from 1 to 32', (json) => (json.consensus['window'] = 33)],
    ['consensus.tickMs: must be a whole number from 5 to 1000', (json) => (json.consensus['tickMs'] = '50')],
    [
      'consensus.baseTimeoutTicks: must be a whole number from 2 to 100000',
      (json) => (json.consensus['baseTimeoutTicks'] = 2.5),
    ],
    [
      'consensus.timeoutCapTicks: must be at least baseTimeoutTicks, 40',
      (json) => (json.consensus['timeoutCapTicks'] = 39),
    ],
    [
      'consensus.idleBlockMs: must be a whole number from 1 to 86400000',
      (json) => delete json.consensus['idleBlockMs'],
    ],
    ['ledger.blockWeightMax: must be a whole number from 17 to 139264', (json) => (json.ledger['blockWeightMax'] = 16)],
    ['ledger.weightPrice: must be a decimal string', (json) => (json.ledger['weightPrice'] = 0)],
    [
      'ledger.weightPrice: must be at most 32025597350190193',
      (json) => (json.ledger['weightPrice'] = '32025597350190194'),
    ],
    ['ledger.minimumBalance: must be a decimal string', (json) => delete json.ledger['minimumBalance']],
    [
      'ledger.minimumBalance: must be at most 18446744073709551615',
      (json) => (json.ledger['minimumBalance'] = '18446744073709551616'),
    ],
    ['ledger.depositPerByte: must be a decimal string', (json) => (json.ledger['depositPerByte'] = '-1')],
    [
      'ledger.depositPerByte: must be at most 280926292545528',
      (json) => (json.ledger['depositPerByte'] = '280926292545529'),
    ],
    ['ledger.newEntriesMax: must be a whole number from 1 to 131072', (json) => (json.ledger['newEntriesMax'] = 0)],
    [
      'ledger.historyHeights: must be a whole number from 0 to 281474976710655',
      (json) => (json.ledger['historyHeights'] = 2 ** 48),
    ],
    [
      'ledger.historyHeights: must be 0, or at least 2 times consensus.window, 32',
      (json) => (json.ledger['historyHeights'] = 31),
    ],
    ['validators: must be a list of 1 to 64', (json) => (json.validators = [])],
    ['validators: must be a list of 1 to 64', (json) => delete (json as Partial<GenesisJson>).validators],
    [
      'validators[0].name: must be 1 to 32 lower-case letters, digits and hyphens, not first a hyphen',
      (json) => (at(json.validators, 0)['name'] = '-a'),
    ],
    [
      'validators[1].publicKey: must be an ed25519 public key, 64 lower-case hexadecimal digits',
      (json) => (at(json.validators, 1)['publicKey'] = 'AB'.repeat(32)),
    ],
    [
      'validators[3].peerId: must be the libp2p peer id of an ed25519 key, 12D3KooW…',
      (json) => (at(json.validators, 3)['peerId'] = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'),
    ],
    ['validators[2].power: must be a positive decimal string', (json) => (at(json.validators, 2)['power'] = '0')],
    ['validators[2].power: must be a positive decimal string', (json) => (at(json.validators, 2)['power'] = '01')],
    ['validators[2].power: must be a positive decimal string', (json) => (at(json.validators, 2)['power'] = 1)],
    ['validators[2].power: must be 1 where consensus.mode is equal', (json) => (at(json.validators, 2)['power'] = '2')],
    [
      'validators[1].power: total power must be below 2^63',
      (json) => {
        json.consensus['mode'] = 'stake';
        at(json.validators, 0)['power'] = String(2n ** 63n - 1n);
      },
    ],
    [
      'validators[3].publicKey: same as validators[1].publicKey',
      (json) => (at(json.validators, 3)['publicKey'] = at(json.validators, 1)['publicKey']),
    ],
    [
      'validators[3].peerId: same as validators[0].peerId',
      (json) => (at(json.validators, 3)['peerId'] = at(json.validators, 0)['peerId']),
    ],
    [
      'validators[1].name: same as validators[0].name',
      (json) => (at(json.validators, 1)['name'] = at(json.validators, 0)['name']),
    ],
    [
      'accounts[9].address: same as accounts[2].address',
      (json) => (at(json.accounts, 9)['address'] = at(json.accounts, 2)['address']),
    ],
    ['accounts[4].balance: must be a positive decimal string', (json) => (at(json.accounts, 4)['balance'] = '0')],
    ['accounts[4].balance: must be a positive decimal string', (json) => (at(json.accounts, 4)['balance'] = '-5')],
    [
      'accounts[4].balance: must be at most 18446744073709551615',
      (json) => (at(json.accounts, 4)['balance'] = '18446744073709551616'),
    ],
    [
      'accounts[1].balance: total supply must be below 2^64',
      (json) => (at(json.accounts, 1)['balance'] = '18446744073709551615'),
    ],
  ])('%s', (message, spoil) => {
    expect(messageFor(spoil)).toBe(message);
  });

  test('an address of another network', () => {
    expect(messageFor((json) => (json['addressPrefix'] = 'other'))).toMatch(/^accounts\[0\]\.address: /);
  });

  test('an address with one wrong character', () => {
    const message = messageFor((json) => {
      const written = String(at(json.accounts, 5)['address']);
      at(json.accounts, 5)['address'] = written.slice(0, -1) + (written.endsWith('q') ? 'p' : 'q');
    });
    expect(message).toMatch(/^accounts\[5\]\.address: /);
  });
});

describe('stake', () => {
  test('lets powers differ', () => {
    const json = genesisJson();
    json.consensus['mode'] = 'stake';
    for (const [index, validator] of json.validators.entries()) validator['power'] = String(10 ** index);
    const genesis = parse(json);
    expect(genesis.ok && genesis.value.validators.total).toBe(1111n);
  });
});

describe('the genesis block', () => {
  test('stands at height 0 on nothing, with the state of the file', () => {
    const genesis = makeGenesis();
    const state = genesisState(genesis);
    const { head, history } = state;
    expect(head.header).toMatchObject({
      chainId: genesis.chainId,
      height: 0,
      epoch: 0,
      parentHash: '0'.repeat(64),
      timestampMs: genesis.timestampMs,
    });
    const said = [...genesis.accounts].map(({ address, balance }) => [address, { balance, nonce: 0 }] as const);
    expect(accountsOf(state)).toEqual(new Map(said));
    // Ten people and four validators, the records of these, the first epoch, and the number of the next proposal.
    expect([...state.source.entries()]).toHaveLength(14 + 4 + 1 + 1);
    expect(history.size).toBe(0);
  });

  test('has another hash on another chain', () => {
    expect(genesisState(makeGenesis(0)).head.hash).not.toBe(genesisState(makeGenesis(1)).head.hash);
  });
});

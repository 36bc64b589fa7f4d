import { describe, expect, test } from 'vitest';
import { epoch, height, validatorIndex, view } from '../../src/base/brand.ts';
import { storedAccountCodec } from '../../src/ledger/account.ts';
import { type ExecutedBlock, execute } from '../../src/ledger/execute.ts';
import { offenceCodec } from '../../src/ledger/offence.ts';
import {
  advance,
  chainStateCodec,
  chainStateOf,
  genesisState,
  type LedgerState,
  restoreState,
  type StoredState,
} from '../../src/ledger/state/ledger-state.ts';
import type { Evidence } from '../../src/ledger/vote.ts';
import {
  accountOf,
  append,
  bodyOf,
  hashOf,
  makeGenesis,
  makeTransaction,
  stranger,
  summary,
  transfer,
} from './network.ts';

const genesis = makeGenesis(1);
const pay = (nonce: number) =>
  makeTransaction({
    chainId: genesis.chainId,
    sender: accountOf(genesis, 0),
    nonce,
    operations: [transfer(stranger(nonce + 1), 5n)],
  });

const evidenceAt = (at: number): Evidence => {
  const vote = { kind: 'prepare', epoch: epoch(0), view: view(0), height: height(at) } as const;
  const signed = (hash: string) => ({
    vote: { ...vote, hash: hashOf(hash) },
    voter: validatorIndex(at % 3),
    signature: new Uint8Array(64),
  });
  return { first: signed('1'), second: signed('2') };
};

/** Five blocks with new accounts and offences, and what a store would have of them. */
function someChain(): { state: LedgerState; stored: StoredState } {
  const state = genesisState(genesis);
  let block: ExecutedBlock | undefined;
  for (let nonce = 0; nonce < 5; nonce++) {
    const transactions = [pay(nonce)];
    block = execute(state, bodyOf(transactions, { evidence: [evidenceAt(5 - nonce)] }), transactions);
    advance(state, block);
  }
  const accounts = [...state.accounts].map(([address, account]) => ({ address, ...account })).toReversed();
  return { state, stored: { chain: chainStateOf(block!), accounts, offences: [...state.offences.values()] } };
}

/** Through bytes and back. */
function reread({ chain, accounts, offences }: StoredState): StoredState {
  const value = <T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T => {
    if (!result.ok) throw new Error(result.error.message);
    return result.value;
  };
  return {
    chain: value(chainStateCodec.decode(chainStateCodec.encode(chain))),
    accounts: [...accounts].map((account) => value(storedAccountCodec.decode(storedAccountCodec.encode(account)))),
    offences: [...offences].map((offence) => value(offenceCodec.decode(offenceCodec.encode(offence)))),
  };
}

describe('a stored state', () => {
  test('is restored, and the next block on it is the same', () => {
    const { state, stored } = someChain();
    const restored = restoreState(genesis, reread(stored));
    if (!restored.ok) throw new Error(restored.error.message);
    expect(restored.value.head).toEqual(state.head);
    expect(restored.value.accounts).toEqual(state.accounts);
    expect([...restored.value.offences]).toEqual([...state.offences]);
    expect(summary(append(restored.value, [pay(5)]))).toEqual(summary(append(state, [pay(5)])));
  });

  test.each<[string, RegExp, (stored: StoredState) => StoredState]>([
    ['an account is missing', /^supply /, (stored) => ({ ...stored, accounts: [...stored.accounts].slice(1) })],
    [
      'money moved',
      /^state has another root/,
      (stored) => {
        const [first, second, ...rest] = [...stored.accounts];
        const changed = [
          { ...first!, balance: first!.balance + 1n },
          { ...second!, balance: second!.balance - 1n },
        ];
        return { ...stored, accounts: [...changed, ...rest] };
      },
    ],
    [
      'a nonce went back',
      /^state has another root/,
      (stored) => ({ ...stored, accounts: [...stored.accounts].map((account) => ({ ...account, nonce: 0 })) }),
    ],
    [
      'an offence is missing',
      /^state has another root/,
      (stored) => ({ ...stored, offences: [...stored.offences].slice(1) }),
    ],
    [
      'offences changed places',
      /^state has another root/,
      (stored) => ({ ...stored, offences: [...stored.offences].toReversed() }),
    ],
    [
      'history is too short',
      /^history: /,
      ({ chain, ...rest }) => ({ ...rest, chain: { ...chain, history: chain.history.slice(1) } }),
    ],
    [
      'history is another',
      /^history has another root/,
      ({ chain, ...rest }) => ({ ...rest, chain: { ...chain, history: chain.history.map(() => hashOf('5')) } }),
    ],
    [
      'it is of another chain',
      /^stored state of chain /,
      ({ chain, ...rest }) => ({ ...rest, chain: { ...chain, header: { ...chain.header, chainId: hashOf('6') } } }),
    ],
  ])('is refused when %s', (_, message, spoil) => {
    const result = restoreState(genesis, spoil(someChain().stored));
    expect(result).toEqual({
      ok: false,
      error: { code: 'STATE_CORRUPT', message: expect.stringMatching(message) as unknown },
    });
  });
});

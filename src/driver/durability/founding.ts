/** What a new folder is given before anything else: whose chain it holds, and the state that its genesis begins with. */
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { fromHex } from '../../codec/hex.ts';
import { storedAccountCodec } from '../../ledger/account.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { chainStateCodec, chainStateOf, genesisState } from '../../ledger/state/ledger-state.ts';
import type { Store, StoreOperation } from '../ports.ts';
import { KEYS } from './records.ts';
import { type Sealed, Seals } from './seals.ts';

/** Writes the first batch. Returns what is sealed with it; `done` when it is durable. Error: STORE_BROKEN, the disk did not
 *  take it. */
export function found(
  store: Store,
  genesis: Genesis,
  done: (result: Result<void, Coded<'STORE_BROKEN'>>) => void,
): Sealed {
  const seals = new Seals();
  store.write(seals.seal(firstWrites(genesis)), (error) =>
    done(error === undefined ? ok(undefined) : fail('STORE_BROKEN', `the chain cannot be begun: ${error.message}`)),
  );
  return seals.sealed;
}

function firstWrites(genesis: Genesis): StoreOperation[] {
  const state = genesisState(genesis);
  return [
    { kind: 'put', key: KEYS.chainId, value: fromHex(genesis.chainId) },
    {
      kind: 'put',
      key: KEYS.chainState,
      value: chainStateCodec.encode(chainStateOf({ header: state.head.header, history: state.history })),
    },
    ...[...state.accounts].map(
      ([address, account]): StoreOperation => ({
        kind: 'put',
        key: KEYS.account(address),
        value: storedAccountCodec.encode({ address, ...account }),
      }),
    ),
  ];
}

/** What a node is made of before it runs: its genesis, its keys, what its folder holds, and whether it lies. */
import { readFile } from 'node:fs/promises';
import { fail, ok, type Result } from '../base/result.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import type { Store } from '../driver/ports.ts';
import { type RecoveredDriver, recover, runningEpoch } from '../driver/durability/recovery.ts';
import type { StrategyFactory } from '../driver/wire/strategy.ts';
import { type Genesis, parseGenesis } from '../ledger/genesis.ts';
import { type LevelStore, openLevelStore } from '../storage/level-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { NodeConfig } from './config.ts';
import { type AskPassphrase, checkNodeKey, loadKeys, type NodeKeys } from './keys.ts';

export interface Prepared {
  readonly genesis: Genesis;
  readonly keys: NodeKeys;
  /** Of the key that signs votes; null where there is none. */
  readonly publicKey: Uint8Array | null;
  /** Makes the validator lie. */
  readonly strategy: StrategyFactory | undefined;
  readonly store: LevelStore;
  readonly recovered: RecoveredDriver;
}

/** Errors: see startNode. When there is one, nothing is left open. */
export async function prepare(
  config: NodeConfig,
  ed25519: Ed25519,
  passphraseOf: AskPassphrase,
): Promise<Result<Prepared>> {
  const genesis = await readGenesis(config.genesis);
  if (!genesis.ok) return genesis;
  const keys = await loadKeys(config.keys, genesis.value, ed25519, passphraseOf);
  if (!keys.ok) return keys;
  const strategy = await strategyOf(config, genesis.value);
  if (!strategy.ok) return strategy;
  const opened = await openStore(config.data_dir);
  if (!opened.ok) return opened;
  const store = opened.value;
  const { validatorSecret } = keys.value;
  const publicKey = validatorSecret === null ? null : ed25519.publicKey(validatorSecret);
  const recovered = await recoverFrom(store, genesis.value, ed25519);
  if (!recovered.ok) {
    await store.close();
    return recovered;
  }
  const checked = checkKeys(config, keys.value, publicKey, recovered.value);
  if (!checked.ok) {
    await store.close();
    return checked;
  }
  return ok({
    genesis: genesis.value,
    keys: keys.value,
    publicKey,
    strategy: strategy.value,
    store,
    recovered: recovered.value,
  });
}

const checkKeys = (
  { keys: { rotated } }: NodeConfig,
  keys: NodeKeys,
  publicKey: Uint8Array | null,
  recovered: RecoveredDriver,
): Result<true> => (rotated === true ? ok(true) : checkNodeKey(keys, publicKey, runningEpoch(recovered)));

async function readGenesis(file: string): Promise<Result<Genesis>> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    return fail('GENESIS_UNREADABLE', `${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const genesis = parseGenesis(content);
  return genesis.ok ? genesis : fail(genesis.error.code, `${file}: ${genesis.error.message}`);
}

async function openStore(folder: string): Promise<Result<LevelStore>> {
  try {
    return ok(await openLevelStore(folder));
  } catch (error) {
    if (error instanceof StorageError) return fail(error.code, error.message);
    throw error;
  }
}

const recoverFrom = (store: Store, genesis: Genesis, ed25519: Ed25519): Promise<Result<RecoveredDriver>> =>
  new Promise((resolve) => recover(store, genesis, (...check) => ed25519.verify(...check), resolve));

async function strategyOf({ byzantine }: NodeConfig, genesis: Genesis): Promise<Result<StrategyFactory | undefined>> {
  if (byzantine === undefined) return ok(undefined);
  if (!genesis.dev) {
    return fail('NOT_A_DEVELOPMENT_NETWORK', 'byzantine: a validator may lie only where the genesis says dev: true');
  }
  // Elsewhere the code of liars is not even loaded.
  const { strategies } = await import('../strategies/registry.ts');
  const liar = strategies.get(byzantine);
  if (liar !== undefined) return ok(liar.factory);
  return fail('UNKNOWN_STRATEGY', `byzantine: ${byzantine} is none of ${[...strategies.keys()].join(', ')}`);
}

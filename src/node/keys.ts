/** The two secret keys of a node: from encrypted keystores, or, on a development network, the publicly known ones. */
import { present } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { toHex } from '../codec/hex.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import { readKeyFile } from '../crypto/keyfile.ts';
import { decryptKeystore, type KeyKind, parseKeystore } from '../crypto/keystore.ts';
import type { KnownEpoch } from '../ledger/epoch.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { validatorOfKey } from '../ledger/validators.ts';
import { nodeIdentity } from '../network/identity.ts';
import type { KeysConfig } from './config.ts';
import { DEVELOPMENT_VALIDATORS_MAX, developmentNetwork, isDevelopmentKey } from './development.ts';

export interface NodeKeys {
  /** Signs votes; 32 bytes. Null for a node that has no such key, and follows. */
  readonly validatorSecret: Uint8Array | null;
  /** Of the libp2p node; 32 bytes. */
  readonly nodeSecret: Uint8Array;
}

/** Asked for the passphrase of a keystore file, for each file. */
export type AskPassphrase = (file: string) => Promise<string>;

/** The keys that the configuration names. Whose they are an epoch's set says: perhaps nobody's, then the node follows. Errors: those of
 *  readKeyFile, parseKeystore and decryptKeystore; WRONG_KIND, DEVELOPMENT_KEY. */
export async function loadKeys(
  keys: KeysConfig,
  { dev }: Pick<Genesis, 'dev'>,
  ed25519: Ed25519,
  passphraseOf: AskPassphrase,
): Promise<Result<NodeKeys>> {
  const secrets =
    'development' in keys ? ok(developmentSecrets(keys.development)) : await readSecrets(keys, passphraseOf);
  if (!secrets.ok || dev) return secrets;
  const { validatorSecret, nodeSecret } = secrets.value;
  const publicKeys = [validatorSecret, nodeSecret].flatMap((secret) => (secret ? [ed25519.publicKey(secret)] : []));
  const published = publicKeys.find(isDevelopmentKey);
  if (published === undefined) return secrets;
  const reason =
    'its secret is published, so anybody could sign as this validator; only a genesis with dev: true takes it';
  return fail('DEVELOPMENT_KEY', `the key ${toHex(published)} is a development key: ${reason}`);
}

/** Whether the two keys belong together, as far as this epoch tells: the newest that the data folder knows. Error: WRONG_NODE_KEY. */
export function checkNodeKey({ nodeSecret }: NodeKeys, publicKey: Uint8Array | null, epoch: KnownEpoch): Result<true> {
  const validator = publicKey === null ? undefined : validatorOfKey(epoch.validators, publicKey);
  if (validator === undefined) return ok(true);
  const { peerId } = nodeIdentity(nodeSecret);
  if (peerId === validator.peerId) return ok(true);
  const known = `${validator.name} has ${validator.peerId} in epoch ${epoch.epoch}`;
  const hint = 'if it was rotated since, say so in the configuration: rotated = true in [keys]';
  return fail('WRONG_NODE_KEY', `the node key is that of ${peerId}; ${known}; ${hint}`);
}

function developmentSecrets(index: number): NodeKeys {
  const { validators } = developmentNetwork(DEVELOPMENT_VALIDATORS_MAX);
  return present(validators[index], 'development validator');
}

async function readSecrets(
  files: { readonly validator?: string | undefined; readonly node: string },
  passphraseOf: AskPassphrase,
): Promise<Result<NodeKeys>> {
  const { validator } = files;
  const validatorSecret = validator === undefined ? ok(null) : await readSecret(validator, 'validator', passphraseOf);
  if (!validatorSecret.ok) return validatorSecret;
  const nodeSecret = await readSecret(files.node, 'node', passphraseOf);
  if (!nodeSecret.ok) return nodeSecret;
  return ok({ validatorSecret: validatorSecret.value, nodeSecret: nodeSecret.value });
}

async function readSecret(file: string, kind: KeyKind, passphraseOf: AskPassphrase): Promise<Result<Uint8Array>> {
  const content = await readKeyFile(file);
  if (!content.ok) return fail(content.error.code, `${content.error.message}; ${content.error.hint}`);
  const keystore = parseKeystore(content.value);
  if (!keystore.ok) return fail(keystore.error.code, `${file}: ${keystore.error.message}`);
  if (keystore.value.kind !== kind) {
    return fail('WRONG_KIND', `${file} holds a key of kind ${keystore.value.kind}, not ${kind}`);
  }
  const secret = await decryptKeystore(keystore.value, await passphraseOf(file));
  return secret.ok ? secret : fail(secret.error.code, `${file}: ${secret.error.message}`);
}

/** The two secret keys of a node: from encrypted keystores, or, on a development network, the publicly known ones. */
import type { ValidatorIndex } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { toHex } from '../codec/hex.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import { readKeyFile } from '../crypto/keyfile.ts';
import { decryptKeystore, type KeyKind, parseKeystore } from '../crypto/keystore.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { validatorOfKey } from '../ledger/validators.ts';
import { nodeIdentity } from '../network/identity.ts';
import type { KeysConfig } from './config.ts';
import { DEVELOPMENT_VALIDATORS_MAX, developmentNetwork, isDevelopmentKey } from './development.ts';

export interface NodeKeys {
  /** Which validator of the genesis these are the keys of. */
  readonly index: ValidatorIndex;
  /** Signs votes; 32 bytes. */
  readonly validatorSecret: Uint8Array;
  /** Of the libp2p node; 32 bytes. */
  readonly nodeSecret: Uint8Array;
}

/** Asked for the passphrase of a keystore file, for each file. */
export type AskPassphrase = (file: string) => Promise<string>;

/** The keys of one of the genesis's validators. Errors: those of readKeyFile, parseKeystore and decryptKeystore; WRONG_KIND,
 *  DEVELOPMENT_KEY, NOT_A_VALIDATOR, WRONG_NODE_KEY. */
export async function loadKeys(
  keys: KeysConfig,
  genesis: Genesis,
  ed25519: Ed25519,
  passphraseOf: AskPassphrase,
): Promise<Result<NodeKeys>> {
  const secrets =
    'development' in keys ? ok(developmentSecrets(keys.development)) : await readSecrets(keys, passphraseOf);
  if (!secrets.ok) return secrets;
  const { validatorSecret, nodeSecret } = secrets.value;
  const publicKey = ed25519.publicKey(validatorSecret);
  if (!genesis.dev && [publicKey, ed25519.publicKey(nodeSecret)].some(isDevelopmentKey)) {
    const reason =
      'its secret is published, so anybody could sign as this validator; only a genesis with dev: true takes it';
    return fail('DEVELOPMENT_KEY', `the key ${toHex(publicKey)} is a development key: ${reason}`);
  }
  const validator = validatorOfKey(genesis.validators, publicKey);
  if (validator === undefined) {
    return fail('NOT_A_VALIDATOR', `the genesis has no validator with the key ${toHex(publicKey)}`);
  }
  const { peerId } = nodeIdentity(nodeSecret);
  if (peerId !== validator.peerId) {
    return fail(
      'WRONG_NODE_KEY',
      `the node key is that of ${peerId}; ${validator.name} of the genesis has ${validator.peerId}`,
    );
  }
  return ok({ index: validator.index, validatorSecret, nodeSecret });
}

type Secrets = Omit<NodeKeys, 'index'>;

function developmentSecrets(index: number): Secrets {
  const { validators } = developmentNetwork(DEVELOPMENT_VALIDATORS_MAX);
  return present(validators[index], 'development validator');
}

async function readSecrets(
  files: { readonly validator: string; readonly node: string },
  passphraseOf: AskPassphrase,
): Promise<Result<Secrets>> {
  const validatorSecret = await readSecret(files.validator, 'validator', passphraseOf);
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

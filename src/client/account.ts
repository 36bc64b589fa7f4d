/** Accounts as a node tells of them, and whether it proves that. */
import type { AccountJson } from '../api/block.ts';
import type { StateProofJson } from '../api/state.ts';
import { type Address, type Hash, isAddress } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { formatAddress, parseAddress } from '../crypto/address.ts';
import { ACCOUNTS } from '../ledger/account.ts';
import { stateKeyText } from '../ledger/state/entry-kind.ts';
import { type ProvedState, type StateProofError, type TrustedNetwork, verifyStateProof } from './state-proof.ts';

/** What the account is, amounts as bigint. */
export interface Account {
  /** bech32m. */
  readonly address: string;
  readonly balance: bigint;
  /** Its number of transactions so far. */
  readonly nonce: number;
  /** Nonce of its next transaction now: after those that wait at the node that answered. Nothing proves it. */
  readonly pendingNonce: number;
  /** Of the block after which it is this. */
  readonly height: number;
  /** Time of that block and root of the state after it: with a height, a time or a proof. */
  readonly timestampMs?: number;
  readonly stateRoot?: Hash;
  /** That it holds was checked. `verifyAccount` checks it again, anywhere. */
  readonly proof?: StateProofJson;
}

export interface AccountOptions {
  /** After the final block of this height. */
  readonly height?: number | 'latest';
  /** After the last final block whose time is not after this one (milliseconds since 1970, or a Date). Not together with a height. */
  readonly time?: number | Date;
  /** Asks for a proof and checks it by the client's genesis. Without height and time: after the newest final block. */
  readonly proof?: boolean;
}

export const accountFromJson = ({ balance, timestampMs, stateRoot, proof, ...rest }: AccountJson): Account => ({
  ...rest,
  balance: BigInt(balance),
  ...(timestampMs !== undefined && { timestampMs }),
  ...(stateRoot !== undefined && { stateRoot }),
  ...(proof && { proof }),
});

type AccountProofError = StateProofError | Coded<'NO_PROOF' | 'BAD_ADDRESS' | 'WRONG_ACCOUNT' | 'WRONG_BLOCK'>;

/**
 * Whether the account's proof shows balance and nonce, and that it is of the block that it says. `address`: whose account was asked
 * for, bech32m or 64 hexadecimal digits. Errors: NO_PROOF; BAD_ADDRESS; WRONG_ACCOUNT (of another address); WRONG_BLOCK (height, time or
 * root are not those of the proved block); StateProofError.
 */
export function verifyAccount(
  network: TrustedNetwork,
  address: string,
  account: Account,
): Result<ProvedState, AccountProofError> {
  const { proof, balance, nonce, height, timestampMs, stateRoot } = account;
  if (proof === undefined) return fail('NO_PROOF', 'the answer has no proof');
  const asked = addressOf(address, network.addressPrefix);
  if (!asked.ok) return fail('BAD_ADDRESS', asked.error.message);
  if (account.address !== formatAddress(asked.value, network.addressPrefix))
    return fail('WRONG_ACCOUNT', `the answer is for ${account.address}`);
  const key = ACCOUNTS.key(asked.value);
  const isAbsent = balance === 0n && nonce === 0 && !proof.tree.startsWith(ENDS_AT_KEY);
  const value = isAbsent ? undefined : ACCOUNTS.codec.encode({ balance, nonce });
  const proved = verifyStateProof(network, { key: stateKeyText(key), value }, proof);
  if (!proved.ok) return proved;
  const state = proved.value;
  if (state.height !== height || state.timestampMs !== timestampMs || state.stateRoot !== stateRoot)
    return fail('WRONG_BLOCK', `the proof is of block ${state.height}, its time and its root`);
  return ok(state);
}

/** How the bytes of a proof begin that ends at the leaf of the key. */
const ENDS_AT_KEY = '00';

function addressOf(text: string, prefix: string): Result<Address> {
  const lower = text.toLowerCase();
  return isAddress(lower) ? ok(lower) : parseAddress(text, prefix);
}

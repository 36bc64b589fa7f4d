/** Accounts as a node tells of them, and whether it proves that. */
import type { AccountJson } from '../api/block.ts';
import { type Address, isAddress } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { formatAddress, parseAddress } from '../crypto/address.ts';
import { ACCOUNTS } from '../ledger/account.ts';
import type { ProvedState, TrustedNetwork } from './state-proof.ts';
import { type Stood, type StoodProofError, verifyStood } from './state-reads.ts';

/** What the account is, amounts as bigint. */
export interface Account extends Stood {
  /** bech32m. */
  readonly address: string;
  readonly balance: bigint;
  /** Its number of transactions so far. */
  readonly nonce: number;
  /** Nonce of its next transaction now: after those that wait at the node that answered. Nothing proves it. */
  readonly pendingNonce: number;
}

export const accountFromJson = ({ balance, timestampMs, stateRoot, proof, ...rest }: AccountJson): Account => ({
  ...rest,
  balance: BigInt(balance),
  ...(timestampMs !== undefined && { timestampMs }),
  ...(stateRoot !== undefined && { stateRoot }),
  ...(proof && { proof }),
});

type AccountProofError = StoodProofError | Coded<'BAD_ADDRESS' | 'WRONG_ACCOUNT'>;

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
  const { proof, balance, nonce } = account;
  if (proof === undefined) return fail('NO_PROOF', 'the answer has no proof');
  const asked = addressOf(address, network.addressPrefix);
  if (!asked.ok) return fail('BAD_ADDRESS', asked.error.message);
  if (account.address !== formatAddress(asked.value, network.addressPrefix))
    return fail('WRONG_ACCOUNT', `the answer is for ${account.address}`);
  const isAbsent = balance === 0n && nonce === 0 && !proof.tree.startsWith(ENDS_AT_KEY);
  return verifyStood(network, ACCOUNTS.key(asked.value), isAbsent ? undefined : { balance, nonce }, account);
}

/** How the bytes of a proof begin that ends at the leaf of the key. */
const ENDS_AT_KEY = '00';

function addressOf(text: string, prefix: string): Result<Address> {
  const lower = text.toLowerCase();
  return isAddress(lower) ? ok(lower) : parseAddress(text, prefix);
}

/** One process of the verification bound: told for how many milliseconds to verify, it tells how fast it was. */
import type { Hash } from '../../src/base/brand.ts';
import { fromHex } from '../../src/codec/hex.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { signedTransactionCodec, transactionSigningBytes } from '../../src/ledger/transaction.ts';
import { makeAccounts } from './accounts.ts';
import type { Speed } from './bound.ts';

/** As many as there are in a submission. */
const SIGNATURES = 256;

const chainId = '00'.repeat(32) as Hash;
const ed25519 = await selectEd25519();
const checks = makeAccounts(SIGNATURES, ed25519).map((account) => {
  const decoded = signedTransactionCodec.decode(account.transfer(chainId, account.address));
  if (!decoded.ok) throw new Error(decoded.error.message);
  const { transaction, signature } = decoded.value;
  return { key: fromHex(transaction.sender), message: transactionSigningBytes(transaction), signature };
});

function verify(milliseconds: number): Speed {
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  let elapsed = 0;
  let verified = 0;
  while (elapsed < milliseconds) {
    for (const { key, message, signature } of checks) {
      if (!ed25519.verify(key, message, signature)) throw new Error('a right signature was refused');
    }
    verified += checks.length;
    elapsed = performance.now() - start;
  }
  const { user, system } = process.cpuUsage(cpuStart);
  return { perSecond: (verified / elapsed) * 1000, perProcessorSecond: (verified / (user + system)) * 1e6 };
}

process.on('message', (milliseconds: number) => process.send?.(verify(milliseconds)));
process.on('disconnect', () => process.exit());
// Ctrl+C in a terminal reaches all its processes; this one ends when the bench, which cleans up, lets it go.
process.on('SIGINT', () => undefined);
process.send?.('ready');

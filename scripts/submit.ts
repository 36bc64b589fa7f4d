/**
 * Second stop of the tour: what an application does. Needs the network of scripts/testnet.ts in another terminal.
 *
 *   npm run submit [folder of the testnet]
 */
import { hash } from '../src/base/brand.ts';
import { EXIT, Output, toCommandError } from '../src/cli/output.ts';
import { httpUrl, readNetwork } from '../src/cli/testnet/layout.ts';
import { Client } from '../src/client/client.ts';
import { Wallet } from '../src/client/wallet.ts';
import { developmentNetwork } from '../src/node/development.ts';

const [folder = '.trefoil/testnet'] = process.argv.slice(2);

async function tour(): Promise<void> {
  // A client knows all nodes and uses the one that answers.
  const client = new Client({ urls: readNetwork(folder).nodes.map(httpUrl) });
  const status = await client.status();
  console.log(`chain ${status.chainId.slice(0, 12)}…, final up to height ${status.certifiedHeight}`);

  // Alice's key is public: she lives on development networks only.
  const [alice, bob] = developmentNetwork(1).accounts;
  if (alice === undefined || bob === undefined) throw new Error('a development network has accounts');
  const wallet = new Wallet(alice.secret);

  // Nonces are sequential, so a transaction can neither be replayed nor overtake another of its sender. The chain id is
  // signed too: nobody can replay it on another network.
  const { pendingNonce } = await client.account(alice.addressText);
  const signed = wallet.transfer({
    chainId: hash(status.chainId),
    nonce: pendingNonce,
    to: bob.address,
    amount: 5n,
    memo: 'a tour',
  });
  console.log(`signed ${signed.id}, ${signed.bytes.length} bytes`);

  // The answer comes when more than two thirds of the voting power have signed the block that holds it.
  console.log('submitted:', await client.submit(signed.bytes, 10_000));

  // No answer would have been no problem: the same bytes are the same transaction, committed once.
  const again = await client.submit(signed.bytes);
  console.log(`submitted again: still ${again.status}, once`);

  // The block, with the votes that make it final.
  if (again.status === 'committed') {
    const { hash: blockHash, certificate } = await client.block(again.height);
    console.log(
      `block ${blockHash.slice(0, 12)}… signed by validators ${certificate?.signers.join(', ') ?? '(of a later block)'}`,
    );
  }

  const { balance } = await client.account(bob.addressText);
  console.log(`bob has ${balance}`);
}

try {
  await tour();
} catch (error) {
  // No network, no node that answers, a refusal: each has a code and a hint.
  new Output(process, false).error(toCommandError(error));
  process.exitCode = EXIT.failed;
}

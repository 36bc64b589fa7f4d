/** The worker thread of verifier.ts: packets in, one byte a signature out. */
import { parentPort } from 'node:worker_threads';
import { present } from '../base/invariant.ts';
import { selectEd25519 } from '../crypto/select-ed25519.ts';
import { unpackChecks } from './verify-packet.ts';

const port = present(parentPort, 'the thread that started this worker');
const ed25519 = await selectEd25519();

port.on('message', (packet: Uint8Array<ArrayBuffer>) => {
  const verdicts = Uint8Array.from(unpackChecks(packet), ({ publicKey, message, signature }) =>
    ed25519.verify(publicKey, message, signature) ? 1 : 0,
  );
  port.postMessage(verdicts, [verdicts.buffer]);
});
port.postMessage('ready');

/** One core of a hunt for the worst: climbs from the plans that it is given. */
import { parentPort } from 'node:worker_threads';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { type Climb, climbed } from './climb.ts';

installNodeSha256();

parentPort?.on('message', (question: Climb) => parentPort?.postMessage(climbed(question), []));

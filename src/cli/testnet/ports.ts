/** Free TCP ports on the loopback interface. */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';

const HOST = '127.0.0.1';
/** Below those that systems give to outgoing connections (Linux: from 32768, others from 49152): a node listens only some time
 *  after its port was found, and the dials of the others must not have taken it by then. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_767;
/** Ports that are tried before there is none. */
const ATTEMPTS = 1_000;

/** One port for each wish: the wished one where it is free, or else another. All different. */
export async function freePorts(wishes: readonly (number | undefined)[]): Promise<number[]> {
  // All are held until all are found, so that none is found twice.
  const held: Server[] = [];
  try {
    const ports: number[] = [];
    for (const wish of wishes) {
      const server = (wish === undefined ? undefined : await listen(wish)) ?? (await listenAnywhere());
      held.push(server);
      ports.push((server.address() as AddressInfo).port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

async function listenAnywhere(): Promise<Server> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const server = await listen(randomInt(PORT_MIN, PORT_MAX + 1));
    if (server !== undefined) return server;
  }
  throw new Error(`no free port from ${PORT_MIN} to ${PORT_MAX}`);
}

/** Undefined when the port is taken. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => resolve(server));
  });
}

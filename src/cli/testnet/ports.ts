/** Free TCP ports on the loopback interface. */
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';

const HOST = '127.0.0.1';

/** One port for each wish: the wished one where it is free, or else another. All different. */
export async function freePorts(wishes: readonly (number | undefined)[]): Promise<number[]> {
  // All are held until all are found, so that none is found twice.
  const held: Server[] = [];
  try {
    const ports: number[] = [];
    for (const wish of wishes) {
      const server = (wish === undefined ? undefined : await listen(wish)) ?? (await listen(0));
      if (server === undefined) throw new Error('no free port');
      held.push(server);
      ports.push((server.address() as AddressInfo).port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Undefined when the port is taken. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => resolve(server));
  });
}

/** HTTP as nobody should speak it: bytes on sockets, whole or piece by piece. */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { invariant } from '../../src/base/invariant.ts';

export class RawConnection {
  readonly socket: Socket;
  /** All that came until the far side closed it. */
  readonly closed: Promise<string>;
  #received = '';
  #open = true;

  private constructor(port: number) {
    this.socket = connect(port, '127.0.0.1').setEncoding('latin1');
    this.socket.on('data', (chunk) => (this.#received += String(chunk)));
    // A reset after the answer is the node's right: it has not read all that was sent.
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.#open = false;
        resolve(this.#received);
      });
    });
  }

  /** With these first bytes. Resolves when it is connected, or closed again. */
  static async open(port: number, bytes: string | Uint8Array = ''): Promise<RawConnection> {
    const connection = new RawConnection(port);
    await new Promise<void>((resolve) => connection.socket.once('connect', resolve).once('close', () => resolve()));
    if (bytes.length > 0) connection.socket.write(bytes);
    return connection;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get received(): string {
    return this.#received;
  }

  /** Sends a byte now and then until the far side has enough of it. */
  async drip(everyMs: number, byte = 'a'): Promise<string> {
    while (this.#open) {
      this.socket.write(byte);
      await Promise.race([delay(everyMs), this.closed]);
    }
    return this.closed;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export const portOf = (url: string): number => Number(new URL(url).port);

/** Code of the problem in an answer. */
export const codeOf = (answer: string): string | undefined => /"code":"([A-Z_]+)"/.exec(answer)?.[1];

/** Asks until it is as wanted. */
export async function eventually(what: string, wanted: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; !(await wanted().catch(() => false)); await delay(50)) {
    invariant(performance.now() < deadline, `never seen: ${what}`);
  }
}

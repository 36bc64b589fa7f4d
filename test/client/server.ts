/** A node that says what a test wants: one handler after another, the last one again and again. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type Handler = (request: Received, response: ServerResponse) => void;

export class FakeNode {
  readonly received: Received[] = [];
  readonly #server: Server;
  readonly #handlers: Handler[];

  constructor(...handlers: Handler[]) {
    this.#handlers = handlers;
    this.#server = createServer((request, response) => {
      buffer(request).then(
        (body) => {
          const { method = '', url: path = '', headers } = request;
          const received = { method, path, headers, body };
          this.received.push(received);
          const handler = this.#handlers.length > 1 ? this.#handlers.shift() : this.#handlers[0];
          handler?.(received, response);
        },
        () => undefined,
      );
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

/** Closes the connection without an answer. */
export const hangUp: Handler = (_, response) => void response.socket?.destroy();

/** A server over a MemoryGateway, and three ways to talk to it: whole requests, raw bytes, event streams. */
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import { createServer, type RpcServer, type ServerOptions } from '../../src/rpc/server.ts';
import { MemoryGateway, PREFIX } from './memory-gateway.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; fails where it is none. */
  json(): unknown;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface RawConnection {
  readonly socket: Socket;
  /** Of the connection, as the client saw them. */
  readonly errors: readonly Error[];
  /** All that came, once the connection is closed. */
  readonly closed: Promise<string>;
  received(): string;
}

export class Harness {
  readonly gateway: MemoryGateway;
  readonly server: RpcServer;
  readonly url: string;

  constructor(gateway: MemoryGateway, server: RpcServer, url: string) {
    this.gateway = gateway;
    this.server = server;
    this.url = url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  ask(path: string, { method = 'GET', headers = {}, body }: Question = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request(this.url + path, { method, headers, agent: false }, (response) => {
        text(response).then((content) => {
          const { statusCode: status = 0, headers: received } = response;
          resolve({ status, headers: received, text: content, json: () => JSON.parse(content) });
        }, reject);
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  /** Writes the bytes to a new connection and gives all that comes back until the server closes it. */
  async raw(...writes: readonly (string | Uint8Array)[]): Promise<string> {
    const connection = await this.connect();
    for (const bytes of writes) connection.socket.write(bytes);
    return connection.closed;
  }

  /** A connection, with all that comes back until the server closes it. */
  async connect(options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawConnection> {
    const socket = connect({ port: this.port, host: '127.0.0.1', ...options });
    const errors: Error[] = [];
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk) => (received += chunk));
    // A reset after the answer is the server's right: it has not read all that was sent.
    socket.on('error', (error) => errors.push(error));
    const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return { socket, errors, closed, received: () => received };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}

export async function start(options: Partial<ServerOptions> = {}): Promise<Harness> {
  const gateway = new MemoryGateway();
  const server = createServer({
    gateway,
    addressPrefix: PREFIX,
    ...options,
    limits: { closeGraceMs: 100, ...options.limits },
  });
  return new Harness(gateway, server, await server.listen(0));
}

/** Waits, bounded, until the condition holds. */
export const until = (condition: () => boolean): Promise<boolean> =>
  vi.waitUntil(condition, { timeout: 10_000, interval: 5 });

export interface ServerEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/** A reader of an event stream that takes what it is asked for and no more. */
export class EventReader {
  readonly response: IncomingMessage;
  /** Comments so far. */
  readonly comments: string[] = [];
  readonly #chunks: AsyncIterator<unknown>;
  #buffer = '';

  constructor(response: IncomingMessage) {
    this.response = response;
    this.#chunks = response.setEncoding('utf8')[Symbol.asyncIterator]();
  }

  static open(
    harness: Harness,
    path = '/v1/events',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      const asked = request(harness.url + path, { headers, agent: false }, (response) =>
        resolve(new EventReader(response)),
      );
      asked.on('error', reject);
      asked.end();
    });
  }

  /** The next event, undefined at the end of the stream. */
  async next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#buffer.slice(0, end);
        this.#buffer = this.#buffer.slice(end + 2);
        if (!block.startsWith(':')) return parseEvent(block);
        this.comments.push(block.slice(1).trim());
        continue;
      }
      if (!(await this.#more())) return undefined;
    }
  }

  async take(count: number): Promise<ServerEvent[]> {
    const events: ServerEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }

  /** Reads on until a comment has come. */
  async comment(wanted: string): Promise<void> {
    while (!this.comments.includes(wanted)) {
      const end = this.#buffer.indexOf('\n\n');
      if (end < 0) {
        if (!(await this.#more())) throw new Error('the stream ended');
        continue;
      }
      this.comments.push(this.#buffer.slice(1, end).trim());
      this.#buffer = this.#buffer.slice(end + 2);
    }
  }

  close(): void {
    this.response.destroy();
  }

  async #more(): Promise<boolean> {
    const chunk = await this.#chunks.next().catch(() => ({ done: true as const, value: undefined }));
    if (chunk.done === true) return false;
    this.#buffer += String(chunk.value);
    return true;
  }
}

function parseEvent(block: string): ServerEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const id = fields.get('id');
  return {
    ...(id === undefined ? {} : { id }),
    event: fields.get('event') ?? '',
    data: JSON.parse(fields.get('data') ?? 'null'),
  };
}

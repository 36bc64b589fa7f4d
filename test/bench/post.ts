/** Submitting over HTTP at as little cost as can be: the load shares the machine with what it loads. */
import { Agent, request } from 'node:http';

/** Longer than a node lets anybody wait. */
const ANSWER_MS = 70_000;

/** Connections to one node, kept open. */
export class Poster {
  readonly #url: string;
  readonly #agent: Agent;

  constructor(url: string, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** The parsed JSON of an answer with a status of 2xx; throws with what any other one says. */
  post(path: string, mediaType: string, body: Uint8Array): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sent = request(
        this.#url + path,
        {
          method: 'POST',
          agent: this.#agent,
          timeout: ANSWER_MS,
          headers: { 'content-type': mediaType, 'content-length': body.length },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () => {
            const text = Buffer.concat(chunks).toString();
            const { statusCode = 0 } = response;
            if (statusCode >= 200 && statusCode < 300) resolve(JSON.parse(text));
            else reject(new Error(`${this.#url} answered ${statusCode}: ${text}`));
          });
        },
      );
      sent.once('timeout', () => sent.destroy(new Error(`${this.#url} did not answer within ${ANSWER_MS / 1000} s`)));
      sent.once('error', reject);
      sent.end(body);
    });
  }

  /** Requests in flight fail. */
  close(): void {
    this.#agent.destroy();
  }
}

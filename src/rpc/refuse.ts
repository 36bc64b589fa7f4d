/** How the server says no: every refusal is an RFC 9457 problem, whichever layer it comes from. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import { PROBLEM_MEDIA_TYPE, type Problem, type ProblemCode, problem } from '../api/problems.ts';
import { DROPPED_BYTES_MAX } from './limits.ts';
import type { StateReadError } from './readable-state.ts';

/** Sent with every answer: answers are about now, and are never anything but what their type says. */
export const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

const RETRY_AFTER_SECONDS = '1';

/** Answers with the problem of this code. `extra` are extension members, such as the id of a refused transaction. */
export function refuse(
  reply: FastifyReply,
  code: ProblemCode,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const body = problem(code, detail);
  void reply.code(body.status).headers(COMMON_HEADERS).header('content-type', PROBLEM_MEDIA_TYPE);
  if (body.status === 429 || body.status === 503) void reply.header('retry-after', RETRY_AFTER_SECONDS);
  const unread = hasUnreadBody(reply.request.raw);
  if (code === 'STOPPING' || unread) void reply.header('connection', 'close');
  if (unread) closeInStages(reply.request.raw);
  // As bytes: to text the framework would add a charset, which this media type does not have.
  return reply.send(Buffer.from(JSON.stringify({ ...body, ...extra })));
}

/** Answers that the state cannot be read, and from which height on it can be. */
export const unreadable = (reply: FastifyReply, { code, message, oldest }: StateReadError): FastifyReply =>
  refuse(reply, code, message, { oldestHeight: oldest });

/** Whether more of a body is to come, which nobody wants to read: it would keep the connection busy for nothing. */
function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);
}

/**
 * Makes the server close this connection in stages once it has answered (RFC 9112, section 9.6): it ends its own half, and
 * reads on and drops for a while what the client still sends. Closed at once, the connection would be reset under a client
 * that is in the middle of its body, and the answer lost before anybody read it. Ends with the body, after so many bytes, or
 * with the request's timeout, which goes on running.
 */
function closeInStages(request: IncomingMessage): void {
  const { socket } = request;
  const close = (): Socket => socket.destroy();
  let dropped = 0;
  request.on('data', ({ length }: Buffer) => {
    dropped += length;
    if (dropped > DROPPED_BYTES_MAX) close();
  });
  // What node:http calls to close the connection of an answer; there is no event to do it with.
  socket.destroySoon = () => {
    socket.end(() => (request.readableEnded ? close() : request.once('end', close)));
  };
}

/** The same below the framework. */
export function refuseRaw(response: ServerResponse, code: ProblemCode, detail: string): void {
  const body = problem(code, detail);
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { ...COMMON_HEADERS, 'content-type': PROBLEM_MEDIA_TYPE, 'content-length': bytes.length };
  response.writeHead(body.status, headers).end(bytes);
}

/** The framework's own refusals, by its code. */
const FRAMEWORK_PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_HTTP',
  FST_ERR_BAD_URL: 'BAD_REQUEST',
  FST_ERR_MAX_PARAM_LENGTH: 'BAD_REQUEST',
  // The client went away in the middle of its body.
  ECONNRESET: 'MALFORMED_HTTP',
};

/** What an error that was thrown on the way to an answer means to the client; anything unforeseen is our own bug. */
export function problemOfError(error: { readonly code?: string; readonly message: string }): Problem {
  const code = FRAMEWORK_PROBLEMS[error.code ?? ''];
  return code === undefined
    ? problem('INTERNAL', 'an unexpected error; it is in the log')
    : problem(code, error.message);
}

/** Problems of requests that never became one. Source of the codes: llhttp and node:http. */
const CONNECTION_PROBLEMS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'the request line and headers are too long'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['BODY_TOO_LARGE', 'the chunk extensions are too long'],
};

/** Answers, below HTTP, a request that cannot be parsed, and closes the connection. `current` is the response being written
 *  to the socket, if any: once its headers have left, nothing may be put between its bytes. */
export function refuseConnection(
  error: { readonly code?: string },
  socket: Socket,
  current: ServerResponse | undefined,
): void {
  const busy = current !== undefined && current.headersSent && !current.writableFinished;
  if (error.code === 'ECONNRESET' || !socket.writable || busy) {
    socket.destroy();
    return;
  }
  const [code, detail] = CONNECTION_PROBLEMS[error.code ?? ''] ?? ['MALFORMED_HTTP', 'not a valid HTTP/1.1 request'];
  const body = problem(code, detail);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status]}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}

/** The HTTP server of a node. It knows the node only as a Gateway. */
import { METHODS, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from 'fastify';
import { ROUTES } from '../api/routes.ts';
import { Blocks } from './blocks.ts';
import { eventsRoute } from './event-stream.ts';
import { EventFeed } from './events.ts';
import { clientOf } from './fair-queue.ts';
import type { Gateway } from './gateway.ts';
import { DEFAULT_LIMITS, READ_MICROS, readTurns, type ServerLimits, submitTurns } from './limits.ts';
import { originCheck } from './origin.ts';
import { COMMON_HEADERS, problemOfError, refuse, refuseConnection, refuseRaw } from './refuse.ts';
import { createRenderer } from './render.ts';
import { resourceRoutes } from './resources.ts';
import { LongAnswers } from './long-answers.ts';
import { Places } from './places.ts';
import { announcedMicros, Bills } from './bills.ts';
import { submitRoute } from './submit.ts';
import { Turns } from './turns.ts';
import { WaitingRoom } from './waiting.ts';

/** While closing: how often connections that are idle by now are closed, in milliseconds. */
const SWEEP_MS = 20;

export interface ServerOptions {
  readonly gateway: Gateway;
  /** Of bech32m addresses. */
  readonly addressPrefix: string;
  readonly limits?: Partial<ServerLimits>;
  /** Gets failures of the server, not requests. */
  readonly logger?: FastifyBaseLogger;
  /** Host names that clients may use beside localhost and IP addresses: `name` or `name:port`. */
  readonly allowedHosts?: readonly string[];
}

export interface RpcServer {
  /** Listens; on loopback unless told otherwise. Port 0 picks a free one. Resolves with the URL. */
  listen(port: number, host?: string): Promise<string>;
  /** Lets requests in flight finish for a moment, tells streams, closes. */
  close(): Promise<void>;
}

export function createServer(options: ServerOptions): RpcServer {
  const { gateway, addressPrefix } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const stopping = new AbortController();
  const waiting = new WaitingRoom(limits.waitingMax);
  const renderer = createRenderer(addressPrefix);
  const feed = new EventFeed(gateway, renderer, limits.streamsMax);
  const turns = new Turns(readTurns(limits), () => gateway.readMicros());
  const submissions = new Turns(submitTurns(limits));
  const bills = new Bills(submissions);
  const submitting = new Places(limits.submittingMax, limits.submissionsWaitingMax);
  const blocks = new Blocks(gateway, renderer, turns, limits);
  const answers = new LongAnswers(turns, limits);
  const context = { gateway, renderer, waiting, addressPrefix, feed, blocks, answers, submitting, bills };

  const app = createApp(limits, options.logger);
  takeTurns(app, { reads: turns, submissions }, stopping.signal);
  guard(app, originCheck(options.allowedHosts ?? []), stopping.signal);
  submitRoute(app, context);
  resourceRoutes(app, context);
  eventsRoute(app, { gateway, feed, turns, limits, addressPrefix, stopping: stopping.signal });
  refuseOtherMethods(app);

  return {
    async listen(port, host = '127.0.0.1') {
      await app.listen({ port, host });
      const { address, port: bound, family } = app.server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
    },
    async close() {
      stopping.abort();
      waiting.dismiss();
      turns.close();
      submissions.close();
      feed.close();
      // Connections that become idle only now would be kept for the next request.
      const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
      const grace = setTimeout(() => app.server.closeAllConnections(), limits.closeGraceMs);
      await app.close();
      clearInterval(sweep);
      clearTimeout(grace);
    },
  };
}

function createApp(limits: ServerLimits, logger: FastifyBaseLogger | undefined): FastifyInstance {
  const answering = new WeakMap<Socket, ServerResponse>();
  const app = Fastify({
    ...(logger === undefined ? {} : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    // Our own answer says STOPPING.
    return503OnClosing: false,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionTimeout: limits.stallMs,
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckMs,
      // Node would answer a missing Host without a problem; the guard does it.
      requireHostHeader: false,
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, answering.get(socket)),
    frameworkErrors: (error, _request, reply) => {
      const { code, detail } = problemOfError(error);
      refuse(reply, code, detail);
    },
  });
  app.server.maxConnections = limits.connectionsMax;
  app.server.prependListener('request', ({ socket }, response) => answering.set(socket, response));
  app.server.on('checkExpectation', (_request, response) => {
    refuseRaw(response, 'EXPECTATION_FAILED', 'only 100-continue is understood');
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { code, detail } = problemOfError(error);
    if (code === 'INTERNAL') request.log.error({ err: error }, 'a request failed');
    return refuse(reply, code, detail);
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 'NOT_FOUND', 'nothing is served at this path'));
  return app;
}

/** What every request has to pass before its body is read. */
function guard(app: FastifyInstance, check: ReturnType<typeof originCheck>, stopping: AbortSignal): void {
  app.addHook('onRequest', (request, reply, next) => {
    if (stopping.aborted) return void refuse(reply, 'STOPPING', 'the node is stopping');
    const verdict = check(request.raw);
    if (!verdict.ok) return void refuse(reply, verdict.error.code, verdict.error.message);
    if (request.is404) return void refuse(reply, 'NOT_FOUND', `nothing is served at ${request.method} ${request.url}`);
    void reply.headers(COMMON_HEADERS);
    next();
  });
}

/** Whether the node lives and is ready is asked by whoever decides about its life: that is answered whoever else asks. */
const ALWAYS_ANSWERED: ReadonlySet<string | undefined> = new Set([ROUTES.livez, ROUTES.readyz]);

interface AllTurns {
  readonly reads: Turns;
  readonly submissions: Turns;
}

/** Every request waits for the turn of its client, also one that will be refused: that costs too. What may have a body counts
 *  as a submission and is charged for it before it is read. */
function takeTurns(app: FastifyInstance, { reads, submissions }: AllTurns, stopping: AbortSignal): void {
  app.addHook('onRequest', async ({ method, raw, routeOptions }, reply) => {
    const isRead = method === 'GET' || method === 'HEAD';
    if (isRead && ALWAYS_ANSWERED.has(routeOptions.url)) return reads.spend(READ_MICROS);
    const client = clientOf(raw.socket);
    const granted = await (isRead ? reads.next(client) : submissions.next(client, announcedMicros(raw)));
    if (stopping.aborted) return refuse(reply, 'STOPPING', 'the node is stopping');
    if (!granted) return refuse(reply, 'TOO_BUSY', 'too many requests wait for their turn');
  });
}

/** A known path with a method that it does not have: 405 and which it has. */
function refuseOtherMethods(app: FastifyInstance): void {
  for (const url of Object.values(ROUTES)) {
    const allowed = METHODS.filter((method) => app.supportedMethods.includes(method) && app.hasRoute({ method, url }));
    const others = app.supportedMethods.filter((method) => !allowed.includes(method));
    app.route({
      method: others,
      url,
      onRequest: (_request, reply) => {
        refuse(reply.header('allow', allowed.join(', ')), 'METHOD_NOT_ALLOWED', `allowed here: ${allowed.join(', ')}`);
      },
      handler: () => undefined,
    });
  }
}

/** The resources that are read: transactions, accounts, blocks, the node itself. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Height, height, isHash } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { OffencesJson } from '../api/block.ts';
import { openApiDocument } from '../api/openapi.ts';
import { ROUTES } from '../api/routes.ts';
import { accountRoute } from './accounts.ts';
import type { Blocks } from './blocks.ts';
import { dataRoutes } from './data.ts';
import type { EventFeed } from './events.ts';
import { clientOf } from './fair-queue.ts';
import type { Gateway } from './gateway.ts';
import { STATUS_MS } from './limits.ts';
import type { LongAnswers } from './long-answers.ts';
import { membershipRoutes } from './membership.ts';
import { refuse } from './refuse.ts';
import type { Renderer } from './render.ts';
import { parseWait, type WaitingRoom } from './waiting.ts';

interface ResourceContext {
  readonly gateway: Gateway;
  readonly renderer: Renderer;
  readonly waiting: WaitingRoom;
  readonly addressPrefix: string;
  readonly feed: EventFeed;
  readonly blocks: Blocks;
  readonly answers: LongAnswers;
}

const JSON_CONTENT = 'application/json; charset=utf-8';

export function resourceRoutes(app: FastifyInstance, context: ResourceContext): void {
  const { gateway, renderer } = context;
  transactionRoute(app, context);

  accountRoute(app, context);
  dataRoutes(app, context);
  membershipRoutes(app, context);
  blockRoute(app, context);

  const status = keptJson(context.feed, () => renderer.status(gateway.status(), gateway.offences()));
  const offences = keptJson(context.feed, (): OffencesJson => ({ offences: gateway.offences().map(renderer.offence) }));
  app.get(ROUTES.status, async (_request, reply) => reply.type(JSON_CONTENT).send(status()));
  app.get(ROUTES.offences, async (_request, reply) => reply.type(JSON_CONTENT).send(offences()));
  app.get(ROUTES.livez, async () => ({ live: true }));

  app.get(ROUTES.readyz, async (_request, reply) => {
    const reasons = gateway.readiness();
    if (reasons.length === 0) return { ready: true, reasons };
    const detail = reasons.map((reason) => reason.detail).join('; ');
    return refuse(reply, 'NOT_READY', detail, { ready: false, reasons });
  });

  const document = JSON.stringify(openApiDocument(gateway.status().version));
  app.get(ROUTES.openapi, async (_request, reply) => reply.type('application/json').send(document));
}

/** Made anew when a block became final, and after a tick. */
function keptJson(feed: EventFeed, make: () => object): () => string {
  let kept = '';
  let height = -1;
  let untilMs = 0;
  return () => {
    if (height !== feed.latest || performance.now() >= untilMs) {
      kept = JSON.stringify(make());
      height = feed.latest;
      untilMs = performance.now() + STATUS_MS;
    }
    return kept;
  };
}

function blockRoute(app: FastifyInstance, { blocks, feed }: ResourceContext): void {
  app.get<{ Params: { height: string } }>(ROUTES.block, async (request, reply): Promise<FastifyReply> => {
    const wanted = heightOf(request.params.height);
    if (!wanted.ok) return refuse(reply, 'BAD_HEIGHT', wanted.error.message);
    const at = wanted.value === 'latest' ? height(feed.latest) : wanted.value;
    const found = await blocks.find(at, clientOf(request.raw.socket));
    if (found === undefined) return refuse(reply, 'BLOCK_NOT_FOUND', `no final block at height ${wanted.value}`);
    if (found === 'busy') return refuse(reply, 'TOO_BUSY', 'too many blocks are being read by others');
    blocks.writing(found, reply.raw);
    return reply.type(JSON_CONTENT).send(found.bytes);
  });
}

function transactionRoute(app: FastifyInstance, { gateway, renderer, waiting }: ResourceContext): void {
  app.get<{ Params: { id: string } }>(ROUTES.transaction, async (request, reply) => {
    const { id } = request.params;
    if (!isHash(id)) return refuse(reply, 'BAD_HASH', 'an id is 64 lower-case hexadecimal digits');
    const waitMs = parseWait(request.query);
    if (!waitMs.ok) return refuse(reply, 'BAD_REQUEST', waitMs.error.message);
    if (waitMs.value === 0) return renderer.transaction(id, await gateway.transaction(id));
    const seat = waiting.enter(1, reply.raw);
    if (seat === undefined) return refuse(reply, 'TOO_MANY_WAITING', 'ask again without wait=committed');
    try {
      return renderer.transaction(id, await gateway.waitFor(id, waitMs.value, seat.signal));
    } finally {
      seat.leave();
    }
  });
}

function heightOf(text: string): Result<Height | 'latest'> {
  if (text === 'latest') return ok(text);
  return /^[0-9]{1,15}$/.test(text) ? ok(height(Number(text))) : fail('BAD_HEIGHT', 'neither a number nor "latest"');
}

/** Namespaces and what stands in them, as of a final block: the newest, or that of a height or time. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CounterJson, EntryJson, MemberJson, NamespaceJson } from '../api/data.ts';
import { ROUTES } from '../api/routes.ts';
import { COUNTERS } from '../ledger/data/counter.ts';
import { dataKeyText, ENTRIES } from '../ledger/data/entry.ts';
import { MEMBERS } from '../ledger/data/member.ts';
import { NAMESPACES } from '../ledger/data/namespace.ts';
import type { StateKey } from '../ledger/state/entry-kind.ts';
import {
  asksForMember,
  type DataParams,
  dataKeyOf,
  namespaceOf,
  parseHistoryQuery,
  parseListQuery,
  parseMemberQuery,
  parsePointQuery,
} from './data-query.ts';
import type { Gateway } from './gateway.ts';
import type { LongAnswers } from './long-answers.ts';
import type { StatePoint } from './readable-state.ts';
import { refuse, unreadable } from './refuse.ts';
import type { Renderer } from './render.ts';
import {
  renderCounter,
  renderEntries,
  renderHistory,
  renderMember,
  renderMembers,
  renderNamespace,
  renderStored,
} from './render-data.ts';

interface DataContext {
  readonly gateway: Gateway;
  readonly renderer: Renderer;
  readonly addressPrefix: string;
  readonly answers: LongAnswers;
}

export function dataRoutes(app: FastifyInstance, context: DataContext): void {
  namespaceRoutes(app, context);
  entryRoutes(app, context);
  counterRoute(app, context);
  setRoute(app, context);
}

function namespaceRoutes(app: FastifyInstance, context: DataContext): void {
  const { gateway, addressPrefix, answers } = context;
  app.get<{ Params: DataParams }>(ROUTES.namespace, async ({ params, query }, reply) => {
    const name = namespaceOf(params);
    if (!name.ok) return refuse(reply, name.error.code, name.error.message);
    return answerOne(reply, context, NAMESPACES.key(name.value), query, (namespace, stood) => {
      return { ...renderNamespace(name.value, namespace, addressPrefix), ...stood } satisfies NamespaceJson;
    });
  });

  app.get<{ Params: DataParams }>(ROUTES.entries, async ({ params, query }, reply) => {
    const name = namespaceOf(params);
    if (!name.ok) return refuse(reply, name.error.code, name.error.message);
    const asked = parseListQuery(query);
    if (!asked.ok) return refuse(reply, asked.error.code, asked.error.message);
    const { at, limit } = asked.value;
    const prefix = dataKeyText({ namespace: name.value, key: asked.value.prefix });
    return answers.page(reply, async () => {
      const page = await gateway.state.list({ kind: ENTRIES, prefix, limit }, at);
      return page.ok ? () => renderEntries(name.value, page.value, addressPrefix) : unreadable(reply, page.error);
    });
  });
}

function entryRoutes(app: FastifyInstance, context: DataContext): void {
  const { gateway, addressPrefix, answers } = context;
  app.get<{ Params: DataParams }>(ROUTES.entry, async ({ params, query }, reply) => {
    const key = dataKeyOf(params);
    if (!key.ok) return refuse(reply, key.error.code, key.error.message);
    return answerOne(reply, context, ENTRIES.key(key.value), query, (value, stood, apart) => {
      return { ...key.value, ...renderStored({ value, apart }, addressPrefix), ...stood } satisfies EntryJson;
    });
  });

  app.get<{ Params: DataParams }>(ROUTES.history, async ({ params, query }, reply) => {
    const key = dataKeyOf(params);
    if (!key.ok) return refuse(reply, key.error.code, key.error.message);
    const asked = parseHistoryQuery(query);
    if (!asked.ok) return refuse(reply, asked.error.code, asked.error.message);
    const { limit, cursor } = asked.value;
    return answers.page(reply, async () => {
      const page = await gateway.state.history(ENTRIES.key(key.value), limit, cursor);
      return page.ok ? () => renderHistory(key.value, page.value, addressPrefix) : unreadable(reply, page.error);
    });
  });
}

function counterRoute(app: FastifyInstance, context: DataContext): void {
  app.get<{ Params: DataParams }>(ROUTES.counter, async ({ params, query }, reply) => {
    const key = dataKeyOf(params);
    if (!key.ok) return refuse(reply, key.error.code, key.error.message);
    return answerOne(reply, context, COUNTERS.key(key.value), query, (counter, stood) => {
      return { ...renderCounter(key.value, counter), ...stood } satisfies CounterJson;
    });
  });
}

function setRoute(app: FastifyInstance, context: DataContext): void {
  const { gateway, answers } = context;
  app.get<{ Params: DataParams }>(ROUTES.set, async ({ params, query }, reply) => {
    const key = dataKeyOf(params);
    if (!key.ok) return refuse(reply, key.error.code, key.error.message);
    if (asksForMember(query)) {
      const asked = parseMemberQuery(query);
      if (!asked.ok) return refuse(reply, asked.error.code, asked.error.message);
      const memberKey = { ...key.value, member: asked.value.member };
      return answerRead(reply, context, MEMBERS.key(memberKey), asked.value, (member, stood) => {
        return { ...renderMember(memberKey, member), ...stood } satisfies MemberJson;
      });
    }
    const asked = parseListQuery(query);
    if (!asked.ok) return refuse(reply, asked.error.code, asked.error.message);
    const { prefix: member, at, limit } = asked.value;
    const { text: prefix } = MEMBERS.key({ ...key.value, member });
    return answers.page(reply, async () => {
      const page = await gateway.state.list({ kind: MEMBERS, prefix, limit }, at);
      return page.ok ? () => renderMembers(key.value, page.value) : unreadable(reply, page.error);
    });
  });
}

/** After which block something is as it is said to be, and what proves that. */
type Stood = Pick<EntryJson, 'height' | 'timestampMs' | 'stateRoot' | 'proof'>;
/** Makes the answer. `apart`: what stands apart from the entry. */
type Render<V> = (value: V | undefined, stood: Stood, apart: Uint8Array | undefined) => object;

async function answerOne<V>(
  reply: FastifyReply,
  context: DataContext,
  key: StateKey<V>,
  query: unknown,
  render: Render<V>,
): Promise<FastifyReply> {
  const asked = parsePointQuery(query);
  return asked.ok
    ? answerRead(reply, context, key, asked.value, render)
    : refuse(reply, asked.error.code, asked.error.message);
}

async function answerRead<V>(
  reply: FastifyReply,
  { gateway, renderer, answers }: DataContext,
  key: StateKey<V>,
  { at, proof: withProof }: { readonly at: StatePoint; readonly proof: boolean },
  render: Render<V>,
): Promise<FastifyReply> {
  const read = await gateway.state.read(key, at, withProof);
  if (!read.ok) return unreadable(reply, read.error);
  const { header, value, apart, proof } = read.value;
  const { height, timestampMs, stateRoot } = header;
  return answers.send(reply, () =>
    render(value, { height, timestampMs, stateRoot, ...(proof && { proof: renderer.stateProof(proof) }) }, apart),
  );
}

/** POST /v1/transactions. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Hash } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { BATCH_MEDIA_TYPE, batchCodec, JSON_MEDIA_TYPE, SSZ_MEDIA_TYPE } from '../api/batch.ts';
import { BATCH_BYTES_MAX, TRANSACTION_JSON_BYTES_MAX } from '../api/limits.ts';
import type { ProblemCode } from '../api/problems.ts';
import { ROUTES, transactionPath } from '../api/routes.ts';
import { type BatchResponse, signedTransactionSchema } from '../api/transaction.ts';
import { signedTransactionFromJson } from '../api/transaction-json.ts';
import type { Refusal, SubmitOutcome, TransactionState } from '../driver/transactions/fate.ts';
import { TRANSACTION_BYTES_MAX } from '../ledger/limits.ts';
import { signedTransactionCodec } from '../ledger/transaction.ts';
import type { Bill, Bills } from './bills.ts';
import { type Client, clientOf } from './fair-queue.ts';
import type { Gateway } from './gateway.ts';
import { describeIssue } from './issue.ts';
import { PLACE_BYTES, TRANSACTION_MICROS, TRANSACTION_MICROS_PER_KIB } from './limits.ts';
import type { Places } from './places.ts';
import { refuse } from './refuse.ts';
import type { Renderer } from './render.ts';
import { parseWait, type WaitingRoom } from './waiting.ts';

interface SubmitContext {
  readonly gateway: Gateway;
  readonly renderer: Renderer;
  readonly waiting: WaitingRoom;
  readonly addressPrefix: string;
  readonly submitting: Places;
  readonly bills: Bills;
}

type BodyKind = 'json' | 'ssz' | 'batch';

/** What a body says, or the problem with it. */
type Read<T> = Result<T, Coded<ProblemCode>>;

/** What came of one submission: why it was refused, or what is known of it. */
type Settled = Refusal | (TransactionState & { readonly id: Hash });

interface SubmitBody {
  readonly kind: BodyKind;
  readonly bytes: Buffer;
}

const BODY_KINDS: Readonly<Record<BodyKind, { readonly mediaType: string; readonly bytesMax: number }>> = {
  json: { mediaType: JSON_MEDIA_TYPE, bytesMax: TRANSACTION_JSON_BYTES_MAX },
  ssz: { mediaType: SSZ_MEDIA_TYPE, bytesMax: TRANSACTION_BYTES_MAX },
  batch: { mediaType: BATCH_MEDIA_TYPE, bytesMax: BATCH_BYTES_MAX },
};

export function submitRoute(app: FastifyInstance, context: SubmitContext): void {
  app.removeAllContentTypeParsers();
  for (const [kind, { mediaType, bytesMax }] of Object.entries(BODY_KINDS)) {
    app.addContentTypeParser(mediaType, { parseAs: 'buffer', bodyLimit: bytesMax }, (_request, bytes, done) => {
      done(null, { kind, bytes });
    });
  }
  app.post<{ Body: SubmitBody | undefined }>(ROUTES.submit, async (request, reply) => {
    const { body } = request;
    if (body === undefined) return refuse(reply, 'BAD_REQUEST', 'the request has no body');
    const waitMs = parseWait(request.query);
    if (!waitMs.ok) return refuse(reply, 'BAD_REQUEST', waitMs.error.message);
    const bill = context.bills.open(request.raw);
    const submitted = bill.measured(() => signedBytesOf(body, context.addressPrefix));
    if (!submitted.ok) return refuse(reply, submitted.error.code, submitted.error.message);
    const seat = waitMs.value === 0 ? undefined : context.waiting.enter(submitted.value.length, reply.raw);
    if (seat === undefined && waitMs.value > 0) {
      return refuse(reply, 'TOO_MANY_WAITING', 'nothing was submitted; without wait=committed it would be');
    }
    try {
      const outcomes = await submitInTurn(context, submitted.value, bill, clientOf(request.raw.socket));
      if (outcomes === undefined) return refuse(reply, 'TOO_BUSY', 'too many submissions wait; nothing was submitted');
      const results = await Promise.all(
        outcomes.map((outcome) => settle(context.gateway, outcome, waitMs.value, seat?.signal)),
      );
      return body.kind === 'batch'
        ? answerBatch(reply, context.renderer, results)
        : answerOne(reply, context.renderer, present(results[0], 'outcome'));
    } finally {
      seat?.leave();
    }
  });
}

/** So many transactions at a time, and of each client in turn: who submits most does not come first. */
async function submitInTurn(
  { gateway, submitting }: SubmitContext,
  signedBytes: readonly Uint8Array[],
  bill: Bill,
  client: Client,
): Promise<readonly SubmitOutcome[] | undefined> {
  const places = signedBytes.reduce((sum, { length }) => sum + Math.ceil(length / PLACE_BYTES), 0);
  const leave = await submitting.enter(client, Math.max(1, places));
  try {
    if (leave === undefined) return undefined;
    bill.spend(signedBytes.reduce((sum, { length }) => sum + microsOf(length), 0));
    const outcomes = await gateway.submit(signedBytes);
    bill.settle(outcomes);
    return outcomes;
  } finally {
    leave?.();
  }
}

/** What a transaction of so many bytes takes. */
const microsOf = (bytes: number): number =>
  TRANSACTION_MICROS + Math.max(0, bytes / 1024 - 1) * TRANSACTION_MICROS_PER_KIB;

/** The signed bytes that the body holds, at least one. Only one transaction as JSON is looked into; SSZ stays as it is. */
function signedBytesOf({ kind, bytes }: SubmitBody, addressPrefix: string): Read<readonly Uint8Array[]> {
  switch (kind) {
    case 'ssz':
      return ok([bytes]);
    case 'batch': {
      const batch = batchCodec.decode(bytes);
      return batch.ok && batch.value.length === 0 ? fail('BAD_REQUEST', 'the batch is empty') : batch;
    }
    case 'json': {
      const encoded = encodeJson(bytes.toString('utf8'), addressPrefix);
      return encoded.ok ? ok([encoded.value]) : encoded;
    }
  }
}

function encodeJson(text: string, addressPrefix: string): Read<Uint8Array> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return fail('MALFORMED_JSON', error instanceof Error ? error.message : 'not JSON');
  }
  const parsed = signedTransactionSchema.safeParse(json);
  if (!parsed.success) return fail('BAD_REQUEST', describeIssue(parsed.error));
  const signed = signedTransactionFromJson(parsed.data, addressPrefix);
  return signed.ok ? ok(signedTransactionCodec.encode(signed.value)) : signed;
}

/** What came of one outcome, after waiting for its commit if that is wanted. */
async function settle(
  gateway: Gateway,
  outcome: SubmitOutcome,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<Settled> {
  if ('code' in outcome) return outcome;
  const { id, status } = outcome;
  if (status === 'committed') return { id, ...(await gateway.transaction(id)) };
  if (signal === undefined) return { id, status };
  return { id, ...(await gateway.waitFor(id, waitMs, signal)) };
}

/** Every code of a refusal is a problem of the interface: it does not compile while the table of problems lacks one. */
function answerOne(reply: FastifyReply, renderer: Renderer, settled: Settled): FastifyReply {
  if (!('status' in settled)) return refuse(reply, settled.code, settled.message, idOf(settled.id));
  if (settled.status === 'rejected') return refuse(reply, settled.code, 'rejected while it waited', idOf(settled.id));
  return reply
    .code(settled.status === 'committed' ? 200 : 202)
    .header('location', transactionPath(settled.id))
    .send(renderer.transaction(settled.id, settled));
}

const idOf = (id: Hash | undefined): { id?: Hash } => (id === undefined ? {} : { id });

function answerBatch(reply: FastifyReply, renderer: Renderer, settled: readonly Settled[]): FastifyReply {
  const waits = settled.some((each) => 'status' in each && (each.status === 'pending' || each.status === 'unknown'));
  const results = settled.map((each) =>
    'status' in each ? renderer.transaction(each.id, each) : renderer.refusal(each),
  );
  return reply.code(waits ? 202 : 200).send({ results } satisfies BatchResponse);
}

/** The OpenAPI 3.1 document of the interface, made from the same schemas that server and client use. */
import { z } from 'zod';
import { reportSchema } from '../forensics/report.ts';
import { BATCH_MEDIA_TYPE, JSON_MEDIA_TYPE, SSZ_MEDIA_TYPE } from './batch.ts';
import { signedVoteSchema } from '../ledger/evidence-json.ts';
import { accountSchema, blockSchema, offenceSchema, offencesSchema } from './block.ts';
import {
  counterSchema,
  entriesSchema,
  entrySchema,
  historyQuerySchema,
  historySchema,
  listQuerySchema,
  memberQuerySchema,
  memberSchema,
  membersSchema,
  namespaceSchema,
} from './data.ts';
import {
  blockEventSchema,
  EVENT_HEIGHTS_AHEAD_MAX,
  eventsQuerySchema,
  progressEventSchema,
  prunedEventSchema,
  transactionEventSchema,
} from './events.ts';
import { certificateSchema, headerSchema } from './header.ts';
import { BATCH_BYTES_MAX } from './limits.ts';
import {
  epochSchema,
  handOverSchema,
  heightQuerySchema,
  proposalSchema,
  proposalsSchema,
  validatorSchema,
  validatorsSchema,
} from './membership.ts';
import { PROBLEM_MEDIA_TYPE, problemSchema } from './problems.ts';
import { ROUTES } from './routes.ts';
import { stateProofSchema, stateQuerySchema } from './state.ts';
import { livezSchema, notReadySchema, readySchema, statusSchema } from './status.ts';
import {
  batchResponseSchema,
  committedTransactionSchema,
  receiptSchema,
  refusedSchema,
  signedTransactionSchema,
  submitQuerySchema,
  transactionStatusSchema,
} from './transaction.ts';
import { TRANSACTION_BYTES_MAX } from '../ledger/limits.ts';

const SCHEMAS = {
  Account: accountSchema,
  BatchResponse: batchResponseSchema,
  Block: blockSchema,
  BlockEvent: blockEventSchema,
  Certificate: certificateSchema,
  CommittedTransaction: committedTransactionSchema,
  Counter: counterSchema,
  Entries: entriesSchema,
  Entry: entrySchema,
  Epoch: epochSchema,
  HandOver: handOverSchema,
  Header: headerSchema,
  History: historySchema,
  Live: livezSchema,
  Member: memberSchema,
  Members: membersSchema,
  Namespace: namespaceSchema,
  NotReady: notReadySchema,
  Offence: offenceSchema,
  Offences: offencesSchema,
  Problem: problemSchema,
  Proposal: proposalSchema,
  Proposals: proposalsSchema,
  ProgressEvent: progressEventSchema,
  PrunedEvent: prunedEventSchema,
  Ready: readySchema,
  Receipt: receiptSchema,
  Report: reportSchema,
  RefusedTransaction: refusedSchema,
  SignedTransaction: signedTransactionSchema,
  SignedVote: signedVoteSchema,
  StateProof: stateProofSchema,
  Status: statusSchema,
  TransactionEvent: transactionEventSchema,
  TransactionStatus: transactionStatusSchema,
  Validator: validatorSchema,
  Validators: validatorsSchema,
} as const;

type SchemaName = keyof typeof SCHEMAS;
type Json = Readonly<Record<string, unknown>>;

const reference = (name: SchemaName): Json => ({ $ref: `#/components/schemas/${name}` });
const answer = (description: string, schema: Json, mediaType: string = JSON_MEDIA_TYPE): Json => ({
  description,
  content: { [mediaType]: { schema } },
});
const binary = (bytesMax: number): Json => ({ schema: { type: 'string', format: 'binary', maxLength: bytesMax } });

/** The document. `version` is the node's. */
export function openApiDocument(version: string): Json {
  return {
    openapi: '3.1.0',
    info: { title: 'Trefoil node', version, description: 'A permissioned Byzantine-fault-tolerant ledger node.' },
    paths: paths(),
    components: { schemas: componentSchemas() },
  };
}

const read = (summary: string, schema: SchemaName, parameters: readonly Json[] = []): Json =>
  operation(summary, { 200: answer(summary, reference(schema)) }, parameters);

function paths(): Json {
  const waitParameters = queryParameters(submitQuerySchema);
  return {
    [ROUTES.submit]: { post: submitOperation() },
    [template(ROUTES.transaction)]: {
      get: read('What this node knows about a transaction', 'TransactionStatus', [
        pathParameter('id'),
        ...waitParameters,
      ]),
    },
    [template(ROUTES.account)]: {
      get: read('An account: as executed here; with a height, a time or a proof, as of a final block', 'Account', [
        pathParameter('address'),
        ...queryParameters(stateQuerySchema),
      ]),
    },
    [template(ROUTES.block)]: { get: read('A final block', 'Block', [pathParameter('height')]) },
    ...dataPaths(),
    ...membershipPaths(),
    [ROUTES.status]: { get: read('The node and its network', 'Status') },
    [ROUTES.offences]: { get: read('What validators were caught at, with proof', 'Offences') },
    [ROUTES.livez]: { get: read('The process answers', 'Live') },
    [ROUTES.readyz]: {
      get: operation('Whether the node can commit transactions, and why not', {
        200: answer('Ready', reference('Ready')),
        503: answer('Not ready', reference('NotReady'), PROBLEM_MEDIA_TYPE),
      }),
    },
    [ROUTES.events]: { get: eventsOperation() },
    [ROUTES.openapi]: { get: operation('This document', { 200: answer('OpenAPI', { type: 'object' }) }) },
  };
}

function eventsOperation(): Json {
  const events = ['TransactionEvent', 'BlockEvent', 'ProgressEvent', 'PrunedEvent'] as const;
  return operation(
    'Final transactions and blocks as server-sent events',
    {
      200: answer(
        '`transaction` and `block` events; `progress`, where a stream is told of nothing for a while; `pruned`, where blocks are gone',
        { oneOf: events.map(reference) },
        'text/event-stream',
      ),
      409: answer(
        'EVENT_ID_AHEAD: this node has not got as far as that event',
        reference('Problem'),
        PROBLEM_MEDIA_TYPE,
      ),
      503: answer(
        'TOO_MANY_STREAMS; or NOT_READY: this node has not got as far as that event, and knows that it is behind',
        { oneOf: [reference('Problem'), reference('NotReady')] },
        PROBLEM_MEDIA_TYPE,
      ),
    },
    [
      ...queryParameters(eventsQuerySchema),
      {
        name: 'Last-Event-ID',
        in: 'header',
        schema: { type: 'string' },
        description: `Go on right after this event, at most ${EVENT_HEIGHTS_AHEAD_MAX} heights above this node's head`,
      },
    ],
  );
}

/** Namespaces and what stands in them. Keys may have slashes, so each is URL-encoded in a path. */
function dataPaths(): Json {
  const [name, key] = [pathParameter('name'), pathParameter('key')];
  const point = queryParameters(stateQuerySchema);
  const set = [...queryParameters(listQuerySchema), ...queryParameters(memberQuerySchema)];
  return {
    [template(ROUTES.namespace)]: { get: read('A namespace', 'Namespace', [name, ...point]) },
    [template(ROUTES.entries)]: {
      get: read('Entries of a namespace', 'Entries', [name, ...queryParameters(listQuerySchema)]),
    },
    [template(ROUTES.entry)]: { get: read('An entry, or that there is none', 'Entry', [name, key, ...point]) },
    [template(ROUTES.history)]: {
      get: read('What stood under a key, version by version', 'History', [
        name,
        key,
        ...queryParameters(historyQuerySchema),
      ]),
    },
    [template(ROUTES.counter)]: { get: read('A counter', 'Counter', [name, key, ...point]) },
    [template(ROUTES.set)]: {
      get: operation(
        'The members of a set; or, with "member", whether one is there',
        { 200: answer('A list, or one member', { oneOf: [reference('Members'), reference('Member')] }) },
        [name, key, ...new Map(set.map((parameter) => [parameter['name'], parameter])).values()],
      ),
    },
  };
}

/** Who validates, by which rules, and what is voted on. */
function membershipPaths(): Json {
  const at = queryParameters(heightQuerySchema);
  return {
    [ROUTES.validators]: { get: read('All validators, those that are gone among them', 'Validators', at) },
    [template(ROUTES.validator)]: {
      get: read('A validator, and what it was caught at', 'Validator', [
        pathParameter('index'),
        ...queryParameters(stateQuerySchema),
      ]),
    },
    [template(ROUTES.evidence)]: {
      get: read('The newest evidence against a validator, as `trefoil forensics verify` checks it offline', 'Report', [
        pathParameter('index'),
      ]),
    },
    [ROUTES.epoch]: { get: read('The epoch that runs: who votes with what power, and by which rules', 'Epoch', at) },
    [template(ROUTES.handOver)]: {
      get: read('How the validators of an epoch follow from those of the one before', 'HandOver', [
        pathParameter('epoch'),
      ]),
    },
    [ROUTES.proposals]: { get: read('What validators vote on, and what they decided lately', 'Proposals', at) },
    [template(ROUTES.proposal)]: { get: read('A proposal', 'Proposal', [pathParameter('id'), ...at]) },
  };
}

function submitOperation(): Json {
  const one = reference('TransactionStatus');
  const either = { oneOf: [one, reference('BatchResponse')] };
  return {
    ...operation(
      'Submit one signed transaction, or a batch',
      {
        200: answer('Nothing is left to wait for', either),
        202: answer('Taken in; Location names the transaction', either),
      },
      queryParameters(submitQuerySchema),
    ),
    requestBody: {
      required: true,
      content: {
        [JSON_MEDIA_TYPE]: { schema: reference('SignedTransaction') },
        [SSZ_MEDIA_TYPE]: binary(TRANSACTION_BYTES_MAX),
        [BATCH_MEDIA_TYPE]: binary(BATCH_BYTES_MAX),
      },
    },
  };
}

const operation = (summary: string, responses: Json, parameters: readonly Json[] = []): Json => ({
  summary,
  ...(parameters.length === 0 ? {} : { parameters }),
  responses: { ...responses, default: answer('A refusal', reference('Problem'), PROBLEM_MEDIA_TYPE) },
});

/** `/v1/blocks/:height` as OpenAPI writes it. */
const template = (route: string): string => route.replace(/:([a-z]+)/g, '{$1}').replace('*', '{key}');

const pathParameter = (name: string): Json => ({ name, in: 'path', required: true, schema: { type: 'string' } });

function queryParameters(schema: z.ZodObject): readonly Json[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { $schema: _schema, description, ...rest } = z.toJSONSchema(field, { io: 'input' });
    return { name, in: 'query', schema: rest, ...(description === undefined ? {} : { description }) };
  });
}

function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _schema, $id: _id, ...schema }]) => [name, schema]),
  );
}

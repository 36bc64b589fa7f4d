/**
 * Every way in which the interface says no: RFC 9457 problems. The codes are part of the interface and never change their
 * meaning; `hint` tells a person what to do about it.
 */
import { z } from 'zod';
import { KEY_CHARACTERS_MAX, NAMESPACE_CHARACTERS_MAX, TRANSACTION_BYTES_MAX } from '../ledger/limits.ts';
import { BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX } from './limits.ts';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly hint: string;
}

export const PROBLEMS = {
  // The request itself.
  BAD_REQUEST: {
    status: 400,
    title: 'The request is not valid',
    hint: 'The detail names the part that is wrong; /openapi.json describes every request.',
  },
  MALFORMED_HTTP: {
    status: 400,
    title: 'Not a valid HTTP request',
    hint: 'Send HTTP/1.1 with one Host header; this port does not speak TLS.',
  },
  MALFORMED_JSON: {
    status: 400,
    title: 'The body is not valid JSON',
    hint: 'Amounts are decimal strings, hashes hexadecimal, addresses bech32m; see /openapi.json.',
  },
  BAD_ADDRESS: {
    status: 400,
    title: 'Not an address of this network',
    hint: "Use the bech32m form with this network's prefix, or the 64 hexadecimal digits of the public key.",
  },
  BAD_HASH: {
    status: 400,
    title: 'Not a transaction id',
    hint: 'An id is 64 hexadecimal digits, the SHA-256 of the signed bytes.',
  },
  BAD_HEIGHT: {
    status: 400,
    title: 'Not a height',
    hint: 'Use a decimal number, or "latest".',
  },
  BAD_NAMESPACE: {
    status: 400,
    title: 'Not the name of a namespace',
    hint: `Names have 1 to ${NAMESPACE_CHARACTERS_MAX} characters: a to z, 0 to 9, and - but not as the first.`,
  },
  BAD_KEY: {
    status: 400,
    title: 'Not a key',
    hint:
      `Keys, and members of sets, have 1 to ${KEY_CHARACTERS_MAX} characters of visible ASCII, no space, and are neither . nor ..; ` +
      'in a path each is URL-encoded.',
  },
  BAD_CURSOR: {
    status: 400,
    title: 'Not a place where this list goes on',
    hint: 'Give "next" of the page before as it is, URL-encoded; it is for the same list, and says its height itself.',
  },
  BAD_EVENT_ID: {
    status: 400,
    title: 'Not an event id',
    hint: 'Last-Event-ID has the form height:index, as events carry it.',
  },
  EVENT_ID_AHEAD: {
    status: 409,
    title: 'This node has not got as far as that event',
    hint: 'Use another node; if all say so, the id is of another chain or was never given: begin again without one.',
  },
  HOST_NOT_ALLOWED: {
    status: 403,
    title: 'This node does not answer to that host name',
    hint: 'Use 127.0.0.1 or localhost with the port, or add the name to the allowed hosts of the node.',
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    title: 'Requests from other web sites are refused',
    hint: 'Call the node from a program, or from a page that the node itself serves.',
  },
  NOT_FOUND: {
    status: 404,
    title: 'No such resource',
    hint: '/openapi.json lists what there is.',
  },
  BLOCK_NOT_FOUND: {
    status: 404,
    title: 'No final block at this height',
    hint: 'The newest final height is in /v1/status; this node may also still be catching up.',
  },
  VALIDATOR_NOT_FOUND: {
    status: 404,
    title: 'No validator has that index',
    hint: '/v1/validators lists those that there are.',
  },
  EPOCH_NOT_FOUND: {
    status: 404,
    title: 'No epoch has that number, or none follows another here',
    hint: 'The first epoch has number 0, and its validators stand in the genesis; /v1/status names the newest.',
  },
  EVIDENCE_NOT_FOUND: {
    status: 404,
    title: 'This node holds no evidence against that validator',
    hint: 'Ask another node; where all say so, it was not caught at anything, or so long ago that it does not count any more.',
  },
  PROPOSAL_NOT_FOUND: {
    status: 404,
    title: 'No proposal has that number',
    hint: '/v1/proposals lists those that are kept; a newer one takes the place of one that was decided long ago.',
  },
  HEIGHT_UNKNOWN: {
    status: 404,
    title: 'No final block at this height or time',
    hint: 'The newest final height is in /v1/status; this node may also still be catching up.',
  },
  HEIGHT_PRUNED: {
    status: 410,
    title: 'The state of this height is not kept any more',
    hint: 'oldestHeight says from which height on it is here; a node that keeps more may have it.',
  },
  HEIGHT_UNPROVED: {
    status: 503,
    title: 'No certificate proves this height yet',
    hint: 'Ask again later, or for an older height; a certificate comes within a few blocks.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'This resource does not have that method',
    hint: 'The Allow header lists the methods.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'The request took too long to arrive',
    hint: 'Send the whole request at once.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    hint: `At most ${BATCH_TRANSACTIONS_MAX} transactions, and ${BATCH_BYTES_MAX} bytes; split the batch.`,
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: 'This media type is not understood here',
    hint: 'Use application/json, application/octet-stream or application/vnd.trefoil.transactions.',
  },
  EXPECTATION_FAILED: {
    status: 417,
    title: 'The expectation cannot be met',
    hint: 'Leave out the Expect header.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The headers are too large',
    hint: 'The interface needs no cookies and no long headers.',
  },
  TOO_MANY_WAITING: {
    status: 503,
    title: 'Too many requests wait for a commit',
    hint: 'Submit without waiting and ask for the transaction later, or follow /v1/events.',
  },
  TOO_MANY_STREAMS: {
    status: 503,
    title: 'Too many event streams are open',
    hint: 'Close streams that nobody reads, or use another node.',
  },
  TOO_BUSY: {
    status: 503,
    title: 'The node has more to answer than it has time for',
    hint: 'Ask again later, ask less often, or use another node; the clients of a node are answered in turn.',
  },
  NOT_READY: {
    status: 503,
    title: 'The node is not ready',
    hint: 'The reasons say what is missing; most go away by themselves once it is back.',
  },
  STOPPING: {
    status: 503,
    title: 'The node is stopping',
    hint: 'Use another node, or try again when it has restarted.',
  },
  INTERNAL: {
    status: 500,
    title: 'The node failed to answer',
    hint: "This is a bug or a broken disk; the node's log says more.",
  },
  // A submitted transaction: these are also the codes inside the results of a batch.
  MALFORMED: {
    status: 400,
    title: 'The bytes are not a signed transaction',
    hint: 'Send the SSZ form of SignedTransaction, exactly as it was signed.',
  },
  NON_CANONICAL: {
    status: 400,
    title: 'The bytes are not the canonical encoding',
    hint: 'One transaction has one encoding; send exactly the bytes that encoding gives.',
  },
  TOO_LARGE: {
    status: 413,
    title: 'The transaction is too large',
    hint: `At most ${TRANSACTION_BYTES_MAX} bytes, 16 operations and a memo of 256 bytes.`,
  },
  NO_OPERATIONS: {
    status: 422,
    title: 'The transaction does nothing',
    hint: 'Give it 1 to 16 operations.',
  },
  TOO_HEAVY: {
    status: 422,
    title: 'The transaction is too heavy for any block',
    hint: 'Split it, or let it carry less data: this network allows less weight in a block.',
  },
  WRONG_CHAIN: {
    status: 422,
    title: 'Signed for another chain',
    hint: 'Sign again with the chainId in /v1/status.',
  },
  BAD_SIGNATURE: {
    status: 422,
    title: "The signature is not the sender's",
    hint: 'Sign with the key of the sender, over the transaction exactly as it is sent.',
  },
  NONCE_TOO_LOW: {
    status: 409,
    title: 'The nonce was used by another transaction',
    hint: 'Sign again with the pendingNonce of the account.',
  },
  NONCE_TAKEN: {
    status: 409,
    title: 'Another transaction with this nonce is waiting',
    hint: 'Wait for that one, or sign again with the pendingNonce of the account.',
  },
  NONCE_TOO_HIGH: {
    status: 409,
    title: 'The nonce is too far ahead',
    hint: 'Submit the transactions before it first; the account shows its pendingNonce.',
  },
  EXPIRED: {
    status: 409,
    title: 'The transaction has expired',
    hint: 'Sign again with a later expiresAt, or 0 for never.',
  },
  FEE_TOO_LOW: {
    status: 422,
    title: 'The fee is too low',
    hint: 'Sign again with a higher maxFee.',
  },
  INSUFFICIENT_BALANCE: {
    status: 422,
    title: 'The sender cannot pay',
    hint: 'Fund the account first; its balance has to cover the fee and all that is pending.',
  },
  MEMPOOL_FULL: {
    status: 503,
    title: 'Too many transactions are waiting',
    hint: 'Submit the same bytes again later; that is safe, an id is committed once.',
  },
  NODE_HALTED: {
    status: 503,
    title: 'The node has stopped',
    hint: 'Submit the same bytes to another node; that is safe, an id is committed once.',
  },
  SENDER_LIMIT: {
    status: 429,
    title: 'Too many transactions of this sender are waiting',
    hint: 'Wait until some are committed, then submit the same bytes again.',
  },
  // No node gives it: each refusal has a code of its own. It stays, since a code of the interface never goes away.
  REFUSED: {
    status: 422,
    title: 'The transaction was refused',
    hint: 'The detail says why.',
  },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof PROBLEMS;

const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const problemSchema = z.object({
  type: z.string().describe('urn:trefoil:problem: and the code'),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().describe('What was wrong this time'),
  code: z.enum(PROBLEM_CODES),
  hint: z.string().describe('What to do about it'),
  id: z.string().optional().describe('The transaction that was refused, where its bytes were readable'),
  oldestHeight: z.int().nonnegative().optional().describe('The oldest height whose state is here'),
});
export type Problem = z.infer<typeof problemSchema>;

/** The problem with this code; `detail` says what was wrong this time. */
export function problem(code: ProblemCode, detail: string): Problem {
  const { status, title, hint } = PROBLEMS[code];
  return { type: `urn:trefoil:problem:${code}`, title, status, detail, code, hint };
}

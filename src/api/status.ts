/** How a node and its network are. */
import { z } from 'zod';
import { offenceSchema } from './block.ts';
import { problemSchema } from './problems.ts';
import { amountText, hashText, natural, validatorNumber } from './scalars.ts';

const misbehaviourSchema = z.object({
  validator: validatorNumber.nullable(),
  code: z.string(),
  count: natural,
  last: z.string().describe('What the newest one was'),
});
/** Broken rules that are no evidence: garbage, bad signatures, stale messages. One entry for each validator and code; the
 *  validator is null for a peer that is none. */
export type Misbehaviour = z.infer<typeof misbehaviourSchema>;

export const statusSchema = z.object({
  chainId: hashText,
  name: z.string(),
  dev: z.boolean().describe('A network with publicly known keys'),
  addressPrefix: z.string(),
  version: z.string(),
  rulesVersion: natural.describe('Of the rules that this software knows'),
  upgrade: z
    .object({
      version: natural,
      height: natural.describe('From here on these rules count'),
      known: z.boolean().describe('Whether this software knows them; if not, it stops before that height'),
    })
    .nullable()
    .describe('The newest change of the rules that is decided'),
  index: validatorNumber.nullable().describe('Which validator this node is; null for an observer'),
  peerId: z.string(),
  epoch: natural,
  view: natural,
  active: z.boolean().describe('False while the view changes'),
  primary: validatorNumber,
  height: natural.describe('Newest executed height'),
  certifiedHeight: natural.describe('Newest final height'),
  blockHash: hashText.describe('Of the block at certifiedHeight'),
  oldestHeight: natural.describe('Oldest height whose state can be read, with ?height='),
  quorum: z.object({
    total: amountText,
    required: amountText.describe('Least power that is more than two thirds'),
    connected: amountText.describe('Power that this node sees, its own included'),
    met: z.boolean(),
  }),
  validators: z.array(
    z.object({
      index: validatorNumber,
      name: z.string(),
      power: amountText,
      peerId: z.string(),
      connected: z.boolean(),
      height: natural.optional().describe('What it last said it had executed'),
    }),
  ),
  followers: z
    .array(
      z.object({
        name: z.string(),
        peerId: z.string(),
        connected: z.boolean(),
        height: natural.optional().describe('What it last said it had executed'),
      }),
    )
    .describe('Nodes without a vote that the epoch admits: observers, and validators without a seat'),
  mempool: z.object({ size: natural, bytes: natural }),
  misbehaviour: z.array(misbehaviourSchema),
  offences: z.array(offenceSchema),
});
export type StatusJson = z.infer<typeof statusSchema>;

/** Why a node is not ready. */
const READINESS_CODES = [
  'STARTING',
  'KEY_IN_USE',
  'QUORUM_MISSING',
  'CATCHING_UP',
  'NO_PROGRESS',
  'STOPPING',
  'HALTED',
] as const;

const reasonSchema = z.object({ code: z.enum(READINESS_CODES), detail: z.string() });
export type ReadinessReason = z.infer<typeof reasonSchema>;

export const livezSchema = z.object({ live: z.literal(true) });

export const readySchema = z.object({ ready: z.literal(true), reasons: z.array(reasonSchema).length(0) });

/** The problem NOT_READY with its reasons. */
export const notReadySchema = problemSchema.extend({ ready: z.literal(false), reasons: z.array(reasonSchema).min(1) });

/** Answer of /readyz, either way. */
export const readinessSchema = z.discriminatedUnion('ready', [readySchema, notReadySchema]);
export type Readiness = z.infer<typeof readinessSchema>;

/** Who validates, by which rules, and what validators vote on: as of a final block. */
import { z } from 'zod';
import { VALIDATORS_MAX } from '../ledger/limits.ts';
import { changeField } from '../ledger/membership/change.ts';
import { PARAMETER_NAMES } from '../ledger/membership/parameters.ts';
import { proposalStatusField } from '../ledger/membership/proposal.ts';
import { VALIDATOR_STATUSES } from '../ledger/membership/validator-record.ts';
import { nameField, peerIdField, publicKeyField } from '../ledger/operations/membership-fields.ts';
import { offenceSchema } from './block.ts';
import { certificateSchema, headerSchema } from './header.ts';
import { addressText, amountText, natural, validatorNumber } from './scalars.ts';
import { stateProofSchema, stateQuerySchema, stoodShape } from './state.ts';

const MODES = ['equal', 'stake'] as const;
const validatorNumbers = z.array(validatorNumber).max(VALIDATORS_MAX);

const recordShape = {
  index: validatorNumber.describe('It keeps it for ever'),
  name: nameField.schema,
  status: z.enum(VALIDATOR_STATUSES),
  since: natural.describe('The height at which it came to have this status'),
  stake: amountText.describe('Bonded, in the smallest unit; 0 where each validator has one vote'),
  power: amountText.describe('In the epoch of the next block; 0 without a seat'),
  kept: z
    .boolean()
    .describe('An alarm: it would have left, and keeps its seat because too few would be left without it'),
  account: addressText.describe('Whose stake it is, and who speaks for the validator'),
  publicKey: publicKeyField.schema.describe('ed25519 key of its votes'),
  peerId: peerIdField.schema.describe('Of its node'),
  offences: natural.describe('On record'),
  slashed: amountText.describe('What penalties took from it, in all'),
  unbonding: z
    .array(z.object({ amount: amountText, epoch: natural.describe('The last in which it may have given power') }))
    .describe(
      'Taken out of the stake, and still cut for offences up to then; it can be withdrawn in the first epoch that is more than ' +
        'membership.unbondingEpochs after it',
    ),
  jailedUntil: natural.describe('The first epoch in which it may ask to leave jail, when it was last sent there'),
  missed: natural.describe('Epochs in a row, up to the last that ended, in which no certificate named it'),
  missedBefore: validatorNumbers.describe('Who proposed blocks in these epochs'),
  left: natural.describe('The first epoch without a seat, when it lost its last one; 0 where it never did'),
};

const listedSchema = z.object(recordShape);
export type ListedValidator = z.infer<typeof listedSchema>;

export const validatorsSchema = z.object({
  height: natural.describe('Of the final block after which it is this'),
  epoch: natural.describe('Of the block after it'),
  validators: z.array(listedSchema).max(VALIDATORS_MAX).describe('By growing index, those that are gone among them'),
});
export type ValidatorsJson = z.infer<typeof validatorsSchema>;

export const validatorSchema = z.object({
  ...recordShape,
  epoch: natural.describe('Of the block after this one; nothing proves it, nor power and kept'),
  explanation: z.string().describe('What its status means, for people'),
  evidence: z.array(offenceSchema).describe('What it was caught at, as far as this node holds the proof'),
  ...stoodShape,
  proof: stateProofSchema
    .optional()
    .describe(
      'Its key in the state is validator/ and five digits of the index, its value in SSZ is Container(index: uint16, name: List[Bytes1, ' +
        '32], account: Bytes32, publicKey: Bytes32, peerId: List[Bytes1, 52], status: uint8, since: uint64, stake: uint64, unbonding: ' +
        'List[Container(amount: uint64, epoch: uint64), 65], slashed: uint64, offences: uint64, jailedUntil: uint64, missed: uint64, ' +
        'missedBefore: Bitvector[64], left: uint64)',
    ),
});
export type ValidatorJson = z.infer<typeof validatorSchema>;

/** An amount where it is one, and else a number: as in a genesis. */
const parametersSchema = z.object({
  consensus: z.object({ epochLength: natural, baseTimeoutTicks: natural, timeoutCapTicks: natural }),
  ledger: z.object({
    blockWeightMax: natural,
    weightPrice: amountText,
    minimumBalance: amountText,
    depositPerByte: amountText,
    newEntriesMax: natural,
    historyHeights: natural,
  }),
  membership: z.object({
    maxValidators: natural,
    minStake: amountText,
    holderShareMax: natural,
    unbondingEpochs: natural,
    equivocationPenalty: natural,
    amnesiaPenalty: natural,
    downtimePenalty: natural,
    burntShare: natural,
    downtimeEpochs: natural,
    jailEpochs: natural,
  }),
});
export type ParametersJson = z.infer<typeof parametersSchema>;

const nodeSchema = z.object({ name: nameField.schema, peerId: peerIdField.schema });

export const epochSchema = z.object({
  height: natural.describe('Of the final block after which it is this'),
  epoch: natural.describe('Of the block after it'),
  mode: z.enum(MODES).describe('Whether each validator has one vote, or its stake'),
  fixed: z
    .object({ window: natural, blockWeightMax: natural.describe('More than this no proposal can set') })
    .describe('What the genesis fixes, as far as rules are judged by it'),
  firstHeight: natural,
  lastHeight: natural.describe('Its block says who is in the next epoch'),
  total: amountText.describe('Power of all'),
  quorum: amountText.describe('Least power that is more than two thirds'),
  validators: z.array(
    z.object({
      index: validatorNumber,
      name: nameField.schema,
      publicKey: publicKeyField.schema,
      peerId: peerIdField.schema,
      power: amountText,
    }),
  ),
  kept: validatorNumbers.describe('Who would have left, and keeps its seat because too few would be left'),
  observers: z.array(nodeSchema).describe('Nodes without a vote that the network admits'),
  followers: z
    .array(nodeSchema)
    .describe('Validators without a seat whom it admits: those that wait for one, or lost it lately'),
  parameters: parametersSchema,
  changeable: z.array(z.enum(PARAMETER_NAMES)).describe('Which of the parameters a proposal may set'),
  upgrade: z
    .object({ version: natural, height: natural })
    .nullable()
    .describe('From this height on blocks follow the rules of this version'),
});
export type EpochJson = z.infer<typeof epochSchema>;

/** How the set of an epoch follows from the one before it. */
export const handOverSchema = z.object({
  epoch: natural,
  header: headerSchema.describe('Of the last block before the epoch: it commits to the validators of the epoch'),
  certificate: certificateSchema.describe('Of that block, by the validators of the epoch before'),
  validators: z
    .array(z.object({ index: validatorNumber, publicKey: publicKeyField.schema, power: amountText }))
    .max(VALIDATORS_MAX)
    .describe('By growing index'),
});
export type HandOverJson = z.infer<typeof handOverSchema>;

const proposalShape = {
  id: natural,
  kind: z.string().describe('Of the change'),
  status: proposalStatusField.schema,
  since: natural.describe('The height at which it came to have this status'),
  proposer: validatorNumber,
  change: changeField.schema,
  votes: z
    .object({ yes: amountText, no: amountText })
    .describe('Powers for and against it, in the epoch of the next block'),
  yes: validatorNumbers.describe('Who is for it'),
  no: validatorNumbers.describe('Who is against it'),
  quorum: amountText.describe('Power that is enough to pass it'),
  total: amountText.describe('Power of all'),
  expires: natural.describe('The last height at which votes count'),
  failure: z.string().nullable().describe('Of one that passed and could not be done: why'),
};

export const proposalSchema = z.object({ ...proposalShape, height: stoodShape.height });
export type ProposalJson = z.infer<typeof proposalSchema>;

export const proposalsSchema = z.object({
  height: natural.describe('Of the final block after which it is this'),
  proposals: z.array(z.object(proposalShape)).describe('The newest first, as far back as they are kept'),
});
export type ProposalsJson = z.infer<typeof proposalsSchema>;

/** Of what is read without a proof. */
export const heightQuerySchema = stateQuerySchema.pick({ height: true, time: true });

/** Evidence as it goes from hand to hand. */
export { type Report, reportSchema } from '../forensics/report.ts';

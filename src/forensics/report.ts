/**
 * What is found, as a file that goes from hand to hand: whoever has the genesis can check it, offline and without any node.
 * Powers are decimal text, messages that are no evidence hexadecimal of their bytes.
 */
import { z } from 'zod';
import type { Epoch, ValidatorIndex } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { fromHex, toHex } from '../codec/hex.ts';
import { type Authority, authorityOf } from '../consensus/authenticate.ts';
import { signedNewViewCodec } from '../consensus/messages.ts';
import type { EpochSet } from '../ledger/epoch.ts';
import { evidenceFromJson, evidenceSchema, evidenceToJson } from '../ledger/evidence-json.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { VALIDATORS_MAX } from '../ledger/limits.ts';
import { powerOf, validatorAt, validatorsHash } from '../ledger/validators.ts';
import { checkProof, type Findings, type Proof } from './culprits.ts';

const REPORT_FORMAT = 'trefoil/forensics/v1';

const natural = z.int().nonnegative();
const hashText = z.string().regex(/^[0-9a-f]{64}$/);
const powerText = z.string().regex(/^(0|[1-9][0-9]{0,19})$/);

const newViewProofSchema = z.object({
  kind: z.literal('new-view'),
  newView: z
    .string()
    .max(2 * signedNewViewCodec.bytesMax)
    .regex(/^([0-9a-f]{2})*$/),
});

export const reportSchema = z.object({
  format: z.literal(REPORT_FORMAT),
  chainId: hashText,
  epoch: natural,
  /** Names the keys and powers of the epoch's validators, as headers do. */
  validatorsHash: hashText,
  validators: z.array(z.object({ index: natural, publicKey: hashText, power: powerText })).max(VALIDATORS_MAX),
  fork: z
    .object({ height: natural, kind: z.enum(['checkpoint', 'commit']), hashes: z.array(hashText).max(VALIDATORS_MAX) })
    .nullable(),
  culprits: z
    .array(
      z.object({
        index: natural,
        power: powerText,
        evidence: z.discriminatedUnion('kind', [...evidenceSchema.options, newViewProofSchema]),
      }),
    )
    .max(VALIDATORS_MAX),
  power: powerText,
  total: powerText,
});
export type Report = z.infer<typeof reportSchema>;

/** A report of what was found in the authority's epoch. */
export function reportOf(
  { chainId, epoch, validators }: Pick<Authority, 'chainId' | 'epoch' | 'validators'>,
  findings: Findings,
): Report {
  const { fork, culprits, power, total } = findings;
  return {
    format: REPORT_FORMAT,
    chainId,
    epoch,
    validatorsHash: validatorsHash(validators),
    validators: keysAndPowers(validators),
    fork: fork === undefined ? null : { ...fork, hashes: [...fork.hashes] },
    culprits: culprits.map((culprit) => ({
      index: culprit.index,
      power: culprit.power.toString(),
      evidence: proofToJson(culprit.proof),
    })),
    power: power.toString(),
    total: total.toString(),
  };
}

const keysAndPowers = (set: Authority['validators']): Report['validators'] =>
  set.members.map(({ index, publicKey, power }) => ({
    index,
    publicKey: toHex(publicKey),
    power: power.toString(),
  }));

type ProofJson = Report['culprits'][number]['evidence'];

const proofToJson = (proof: Proof): ProofJson =>
  proof.kind === 'new-view'
    ? { kind: 'new-view', newView: toHex(signedNewViewCodec.encode(proof.newView)) }
    : evidenceToJson(proof);

function proofFromJson(json: ProofJson): Result<Proof> {
  if (json.kind !== 'new-view') return ok(evidenceFromJson(json));
  const decoded = signedNewViewCodec.decode(fromHex(json.newView));
  return decoded.ok ? ok({ kind: 'new-view', newView: decoded.value }) : decoded;
}

/** What a report is checked against. `epochs`: which validators an epoch has; the report's word is not taken for it. */
export interface Ground {
  readonly genesis: Pick<Genesis, 'chainId' | 'consensus'>;
  /** Who voted in an epoch; undefined where that is not known. */
  readonly epochs: { of(epoch: Epoch): EpochSet | undefined };
  readonly verify: Authority['verify'];
}

/** Whether all that a report says holds. That it explains a fork is not asked. Errors: MALFORMED, WRONG_CHAIN, UNKNOWN_EPOCH,
 *  ANOTHER_SET, OUT_OF_ORDER, WRONG_POWER, and those of `checkProof`. */
export function checkReport({ genesis, epochs, verify }: Ground, json: unknown): Result<Report> {
  const parsed = reportSchema.safeParse(json);
  if (!parsed.success) return fail('MALFORMED', z.prettifyError(parsed.error));
  const report = parsed.data;
  if (report.chainId !== genesis.chainId)
    return fail('WRONG_CHAIN', `the report is about chain ${report.chainId}, the genesis is ${genesis.chainId}`);
  const epoch = epochs.of(report.epoch as Epoch);
  if (epoch === undefined) return fail('UNKNOWN_EPOCH', `nobody knows the validators of epoch ${report.epoch}`);
  const authority = authorityOf(epoch, genesis, verify);
  const same = JSON.stringify(keysAndPowers(epoch.validators)) === JSON.stringify(report.validators);
  if (!same || validatorsHash(epoch.validators) !== report.validatorsHash)
    return fail('ANOTHER_SET', `the validators are not those of epoch ${report.epoch}`);
  const checked = checkCulprits(authority, report);
  return checked.ok ? ok(report) : checked;
}

function checkCulprits(authority: Authority, { culprits, power, total }: Report): Result<true> {
  let last = -1;
  for (const { index, power: own, evidence } of culprits) {
    if (index <= last) return fail('OUT_OF_ORDER', 'culprits stand in the order of their indices, each once');
    last = index;
    const validator = validatorAt(authority.validators, index);
    if (validator === undefined) return fail('NOT_A_VALIDATOR', `no validator ${index}`);
    if (validator.power.toString() !== own)
      return fail('WRONG_POWER', `validator ${index} has the power ${validator.power}, not ${own}`);
    const proof = proofFromJson(evidence);
    if (!proof.ok) return proof;
    const checked = checkProof(authority, index as ValidatorIndex, proof.value);
    if (!checked.ok) return fail(checked.error.code, `validator ${index}: ${checked.error.message}`);
  }
  const sum = powerOf(
    authority.validators,
    culprits.map(({ index }) => index),
  ).toString();
  if (sum !== power) return fail('WRONG_POWER', `the culprits have the power ${sum}, not ${power}`);
  if (authority.validators.total.toString() === total) return ok(true);
  return fail('WRONG_POWER', `all have the power ${authority.validators.total}, not ${total}`);
}

/** Validators, proposals and the epoch that runs, as of a final block: the newest, or that of a height or time. */
import type { FastifyInstance } from 'fastify';
import type {
  EpochJson,
  HandOverJson,
  ProposalJson,
  ProposalsJson,
  ValidatorJson,
  ValidatorsJson,
} from '../api/membership.ts';
import { ROUTES } from '../api/routes.ts';
import type { Epoch, Height, Power, ValidatorIndex } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import { ok, type Result } from '../base/result.ts';
import { reportOf } from '../forensics/report.ts';
import type { Header } from '../ledger/block.ts';
import type { KnownEpoch } from '../ledger/epoch.ts';
import { PROPOSALS_MAX, VALIDATORS_MAX } from '../ledger/limits.ts';
import { EPOCHS, knownEpochOf } from '../ledger/membership/epoch-record.ts';
import { PROPOSALS, slotOf } from '../ledger/membership/proposal.ts';
import { VALIDATORS } from '../ledger/membership/validator-record.ts';
import { offenceOf } from '../ledger/offence.ts';
import type { EntryKind } from '../ledger/state/entry-kind.ts';
import { powerOf } from '../ledger/validators.ts';
import { parsePointQuery, parseUnprovedQuery } from './data-query.ts';
import { explain } from './explanation.ts';
import type { Gateway } from './gateway.ts';
import type { LongAnswers } from './long-answers.ts';
import type { EntryPage, ListCursor, StatePoint, StateRead, StateReadError } from './readable-state.ts';
import { refuse, unreadable } from './refuse.ts';
import type { Renderer } from './render.ts';
import { renderEpoch, renderHandOver, renderProposal, renderValidator } from './render-membership.ts';

interface MembershipContext {
  readonly gateway: Gateway;
  readonly renderer: Renderer;
  readonly addressPrefix: string;
  readonly answers: LongAnswers;
}

export function membershipRoutes(app: FastifyInstance, context: MembershipContext): void {
  epochRoute(app, context);
  handOverRoute(app, context);
  validatorsRoute(app, context);
  validatorRoute(app, context);
  evidenceRoute(app, context);
  proposalRoutes(app, context);
}

function epochRoute(app: FastifyInstance, { gateway, answers }: MembershipContext): void {
  app.get(ROUTES.epoch, async ({ query }, reply) => {
    const asked = parseUnprovedQuery(query);
    if (!asked.ok) return refuse(reply, asked.error.code, asked.error.message);
    const found = await runningAt(gateway, asked.value);
    if (!found.ok) return unreadable(reply, found.error);
    const { height, epoch } = found.value;
    const { mode, ...fixed } = gateway.status().fixed;
    return answers.send(reply, () => ({ height, mode, fixed, ...renderEpoch(epoch) }) satisfies EpochJson);
  });
}

function handOverRoute(app: FastifyInstance, { gateway, answers }: MembershipContext): void {
  app.get<{ Params: { epoch: string } }>(ROUTES.handOver, async ({ params }, reply) => {
    const epoch = numberOf(params.epoch);
    if (epoch === undefined) return refuse(reply, 'BAD_REQUEST', 'the path has no number of an epoch');
    const handOver = await gateway.handOver(epoch as Epoch);
    const block = handOver && (await gateway.block(handOver.height));
    if (handOver === undefined || block === undefined || block.certificate === null)
      return refuse(reply, 'EPOCH_NOT_FOUND', `no final block begins epoch ${epoch} here`);
    const { record, certificate } = block;
    return answers.send(reply, () => renderHandOver(handOver, record.header, certificate) satisfies HandOverJson);
  });
}

function validatorsRoute(app: FastifyInstance, { gateway, addressPrefix, answers }: MembershipContext): void {
  app.get(ROUTES.validators, async ({ query }, reply) => {
    const asked = parseUnprovedQuery(query);
    if (!asked.ok) return refuse(reply, asked.error.code, asked.error.message);
    return answers.page(reply, async () => {
      const found = await runningAt(gateway, asked.value);
      if (!found.ok) return unreadable(reply, found.error);
      const { height, epoch } = found.value;
      const records = await allOf(gateway, VALIDATORS, VALIDATORS_MAX, height);
      if (!records.ok) return unreadable(reply, records.error);
      return () =>
        ({
          height,
          epoch: epoch.epoch,
          validators: records.value.map((record) => renderValidator(record, epoch, addressPrefix)),
        }) satisfies ValidatorsJson;
    });
  });
}

function validatorRoute(app: FastifyInstance, context: MembershipContext): void {
  const { gateway, renderer, addressPrefix, answers } = context;
  app.get<{ Params: { index: string } }>(ROUTES.validator, async ({ params, query }, reply) => {
    const index = numberOf(params.index);
    if (index === undefined) return refuse(reply, 'BAD_REQUEST', 'the path has no index of a validator');
    const asked = parsePointQuery(query);
    if (!asked.ok) return refuse(reply, asked.error.code, asked.error.message);
    const { at, proof: withProof } = asked.value;
    const read = await gateway.state.read(VALIDATORS.key(index as ValidatorIndex), at, withProof);
    if (!read.ok) return unreadable(reply, read.error);
    const { header, value, proof } = read.value;
    if (value === undefined) return refuse(reply, 'VALIDATOR_NOT_FOUND', `there is no validator ${index}`);
    const running = await epochAfter(gateway, header);
    if (!running.ok) return unreadable(reply, running.error);
    const { height, timestampMs, stateRoot } = header;
    const evidence = gateway.offences().filter((each) => offenceOf(each).validator === index);
    return answers.send(
      reply,
      () =>
        ({
          ...renderValidator(value, running.value, addressPrefix),
          epoch: running.value.epoch,
          explanation: explain(value, running.value, gateway.status().fixed.mode, evidence.map(offenceOf)),
          evidence: evidence.map(renderer.offence),
          height,
          timestampMs,
          stateRoot,
          ...(proof && { proof: renderer.stateProof(proof) }),
        }) satisfies ValidatorJson,
    );
  });
}

/** Evidence in the form that goes from hand to hand: with the keys and powers of its epoch. */
function evidenceRoute(app: FastifyInstance, { gateway, answers }: MembershipContext): void {
  app.get<{ Params: { index: string } }>(ROUTES.evidence, async ({ params }, reply) => {
    const index = numberOf(params.index) as ValidatorIndex | undefined;
    if (index === undefined) return refuse(reply, 'BAD_REQUEST', 'the path has no index of a validator');
    const proof = gateway
      .offences()
      .filter((each) => offenceOf(each).validator === index)
      .toSorted((a, b) => offenceOf(a).epoch - offenceOf(b).epoch)
      .at(-1);
    if (proof === undefined) return refuse(reply, 'EVIDENCE_NOT_FOUND', `nothing against validator ${index}`);
    const { epoch } = offenceOf(proof);
    const read = await gateway.state.read(EPOCHS.key(epoch), { height: 'latest' }, false);
    if (!read.ok) return unreadable(reply, read.error);
    const { value } = read.value;
    if (value === undefined) return refuse(reply, 'EVIDENCE_NOT_FOUND', `epoch ${epoch} does not count any more`);
    const { validators } = knownEpochOf(value);
    const { chainId } = gateway.status();
    const power = powerOf(validators, [index]) as Power;
    const findings = { fork: undefined, culprits: [{ index, power, proof }], power, total: validators.total };
    return answers.send(reply, () => reportOf({ chainId, epoch, validators }, findings));
  });
}

function proposalRoutes(app: FastifyInstance, { gateway, addressPrefix, answers }: MembershipContext): void {
  app.get(ROUTES.proposals, async ({ query }, reply) => {
    const asked = parseUnprovedQuery(query);
    if (!asked.ok) return refuse(reply, asked.error.code, asked.error.message);
    return answers.page(reply, async () => {
      const found = await runningAt(gateway, asked.value);
      if (!found.ok) return unreadable(reply, found.error);
      const { height, epoch } = found.value;
      const proposals = await allOf(gateway, PROPOSALS, PROPOSALS_MAX, height);
      if (!proposals.ok) return unreadable(reply, proposals.error);
      const newestFirst = proposals.value.toSorted((a, b) => b.id - a.id);
      const render = () => newestFirst.map((proposal) => renderProposal(proposal, epoch, addressPrefix));
      return () => ({ height, proposals: render() }) satisfies ProposalsJson;
    });
  });

  app.get<{ Params: { id: string } }>(ROUTES.proposal, async ({ params, query }, reply) => {
    const id = numberOf(params.id);
    if (id === undefined) return refuse(reply, 'BAD_REQUEST', 'the path has no number of a proposal');
    const asked = parseUnprovedQuery(query);
    if (!asked.ok) return refuse(reply, asked.error.code, asked.error.message);
    const read = await gateway.state.read(PROPOSALS.key(slotOf(id)), asked.value, false);
    if (!read.ok) return unreadable(reply, read.error);
    const { header, value } = read.value;
    if (value?.id !== id) return refuse(reply, 'PROPOSAL_NOT_FOUND', `there is no proposal ${id}`);
    const running = await epochAfter(gateway, header);
    if (!running.ok) return unreadable(reply, running.error);
    return answers.send(
      reply,
      () => ({ ...renderProposal(value, running.value, addressPrefix), height: header.height }) satisfies ProposalJson,
    );
  });
}

const numberOf = (text: string): number | undefined => (/^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : undefined);

/** The epoch of the block after the one that the point names. */
async function runningAt(
  gateway: Gateway,
  at: StatePoint,
): StateRead<{ readonly height: Height; readonly epoch: KnownEpoch }> {
  // The first epoch's key does for any: what is wanted is the header that comes with it.
  const read = await gateway.state.read(EPOCHS.key(0 as Epoch), at, false);
  if (!read.ok) return read;
  const { header } = read.value;
  const epoch = await epochAfter(gateway, header);
  return epoch.ok ? ok({ height: header.height, epoch: epoch.value }) : epoch;
}

/** The epoch of the block after this one. */
async function epochAfter({ state }: Gateway, { height, epoch }: Header): StateRead<KnownEpoch> {
  const own = await state.read(EPOCHS.key(epoch), { height }, false);
  if (!own.ok) return own;
  const known = knownEpochOf(present(own.value.value, 'the epoch of a block, in the state after it'));
  if (height < known.lastHeight) return ok(known);
  const next = await state.read(EPOCHS.key((epoch + 1) as Epoch), { height }, false);
  return next.ok ? ok(knownEpochOf(present(next.value.value, 'the next epoch, after the last block of one'))) : next;
}

/** All entries of a kind, of which there are no more than `count`, in the order of their keys. */
async function allOf<V>(
  { state }: Gateway,
  kind: EntryKind<never, V>,
  count: number,
  height: Height,
): StateRead<readonly V[]> {
  const all: V[] = [];
  for (let at: StatePoint | ListCursor | undefined = { height }; at !== undefined; ) {
    const page: Result<EntryPage<V>, StateReadError> = await state.list({ kind, prefix: '', limit: count }, at);
    if (!page.ok) return page;
    all.push(...page.value.entries.map(({ value }) => value));
    at = page.value.next;
  }
  return ok(all);
}

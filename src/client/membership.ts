/** Reads of validators, of the epoch that runs, and of what validators vote on. */
import {
  type EpochJson,
  epochSchema,
  proposalSchema,
  proposalsSchema,
  validatorSchema,
  validatorsSchema,
} from '../api/membership.ts';
import { type Report, reportSchema } from '../api/membership.ts';
import { epochPath, evidencePath, proposalPath, proposalsPath, validatorPath, validatorsPath } from '../api/routes.ts';
import { read, requireSame } from './answers.ts';
import {
  type ListedTold,
  listedFromJson,
  type ProposalTold,
  proposalFromJson,
  type ValidatorTold,
  validatorFromJson,
  verifyValidator,
} from './membership-values.ts';
import type { ReadOptions, StateReads } from './state-reads.ts';

/** All methods throw ClientError: a node's refusal with its problem, UNREACHABLE, TIMED_OUT or BAD_RESPONSE; with a proof also BAD_PROOF
 *  and NO_GENESIS. Without a height they are of the newest final block. Nothing proves lists, epochs and proposals. */
export class MembershipReads {
  readonly #reads: StateReads;

  constructor(reads: StateReads) {
    this.#reads = reads;
  }

  /** By growing index, those that are gone among them. */
  async validators(
    height?: number,
  ): Promise<{ readonly height: number; readonly epoch: number; readonly validators: readonly ListedTold[] }> {
    const answer = await this.#reads.get(validatorsPath({ height }));
    const { validators, ...told } = read(validatorsSchema, answer);
    if (height !== undefined) requireSame(answer, 'height', told.height, height);
    return { ...told, validators: validators.map(listedFromJson) };
  }

  validator(index: number, options: ReadOptions = {}): Promise<ValidatorTold> {
    return this.#reads.read(
      {
        path: (query) => validatorPath(index, query),
        schema: validatorSchema,
        of: (json, answer) => {
          requireSame(answer, 'validator', json.index, index);
          return validatorFromJson(json);
        },
        verify: verifyValidator,
      },
      options,
    );
  }

  /** The newest evidence against a validator, with the keys and powers of its epoch: `trefoil forensics verify` checks it offline. Refused
   *  with EVIDENCE_NOT_FOUND where the node has none. */
  async evidence(index: number): Promise<Report> {
    return read(reportSchema, await this.#reads.get(evidencePath(index)));
  }

  /** Who votes with what power, and by which rules, from the next block on. */
  async epoch(height?: number): Promise<EpochJson> {
    const answer = await this.#reads.get(epochPath({ height }));
    const epoch = read(epochSchema, answer);
    if (height !== undefined) requireSame(answer, 'height', epoch.height, height);
    return epoch;
  }

  /** The newest first, as far back as they are kept. */
  async proposals(): Promise<readonly ProposalTold[]> {
    const { proposals } = read(proposalsSchema, await this.#reads.get(proposalsPath()));
    return proposals.map(proposalFromJson);
  }

  async proposal(id: number): Promise<ProposalTold> {
    const answer = await this.#reads.get(proposalPath(id));
    const { height: _height, ...proposal } = read(proposalSchema, answer);
    requireSame(answer, 'proposal', proposal.id, id);
    return proposalFromJson(proposal);
  }
}

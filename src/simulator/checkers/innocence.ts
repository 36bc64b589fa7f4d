/**
 * Nobody honest is ever accused or punished for a lie, whatever it went through; and nobody is punished for less than a lie, but for having
 * been away.
 */
import { equalBytes } from '../../codec/codec.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Evidence } from '../../ledger/evidence.ts';
import { type Offence, offenceOf } from '../../ledger/offence.ts';
import { validatorAt } from '../../ledger/validators.ts';
import type { Body } from '../../ledger/block.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';
import type { Members } from './members-model.ts';

interface World {
  readonly epochs: Epochs;
  readonly nodes: readonly SimulatedNode[];
}

export function innocence({ epochs, nodes }: World, violate: Violate): Checker {
  /** Nodes that had the validator's key in that epoch: it may have another one by now, or another node. */
  const holdersOf = ({ epoch, validator }: Pick<Offence, 'epoch' | 'validator'>): readonly SimulatedNode[] => {
    const known = epochs.of(epoch);
    const key = known && validatorAt(known.validators, validator)?.publicKey;
    return key === undefined ? [] : nodes.filter(({ publicKey }) => publicKey !== null && equalBytes(publicKey, key));
  };
  const judge = (evidence: Evidence, where: string): void => {
    const offence = offenceOf(evidence);
    const { kind, epoch, validator, height } = offence;
    if (holdersOf(offence).some(({ isLiar }) => isLiar)) return;
    violate(`honest validator ${validator} of epoch ${epoch} is accused ${where}: ${kind} at height ${height}`);
  };
  return {
    name: 'innocence',
    accused: (node, evidence) => judge(evidence, `by node ${node.slot}`),
    finalized(_, { body: { body } }) {
      for (const evidence of body.evidence) judge(evidence, 'in the chain');
    },
  };
}

/** Whoever lost stake in a block of that body, without evidence against it there and without going to jail for having been away. */
export function robbed(before: Members, after: Members, { evidence }: Pick<Body, 'evidence'>): string | undefined {
  for (const [index, { slashed, status }] of after.validators) {
    if (slashed <= (before.validators.get(index)?.slashed ?? 0n)) continue;
    if (status === 'jailed' || evidence.some((each) => offenceOf(each).validator === index)) continue;
    return `validator ${index} loses stake for nothing`;
  }
  return undefined;
}

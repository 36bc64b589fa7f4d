/** A replica that holds two votes which prove a lie reports it: none is too many to be remembered, or too late. */
import type { Ed25519 } from '../../crypto/ed25519.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { offenceKey, type Offence, offenceOf, placeKey } from '../../ledger/offence.ts';
import { validatorAt } from '../../ledger/validators.ts';
import { type SignedVote, voteSigningBytes } from '../../ledger/vote.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';

/** Places of one epoch in which an honest node gets two votes of one validator until somebody has the proof: it may be
 *  between views, or done with the height, when the second comes. */
const PLACES_MAX = 8;

interface World {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
  readonly scheme: Pick<Ed25519, 'verify'>;
}

export function witness({ genesis, epochs, scheme }: World, violate: Violate): Checker {
  /** By node and place, the first vote. Of the newest epochs only. */
  const seen = new Map<string, SignedVote>();
  /** By node and offence, places of two votes. */
  const shown = new Map<string, Set<string>>();
  const proved = new Set<string>();
  const isSigned = ({ vote, voter, signature }: SignedVote): boolean => {
    const epoch = epochs.of(vote.epoch);
    const publicKey = epoch && validatorAt(epoch.validators, voter)?.publicKey;
    return publicKey !== undefined && scheme.verify(publicKey, voteSigningBytes(genesis.chainId, vote), signature);
  };
  /** Whether the node looks at votes of this place now. */
  const isOpen = ({ driver }: SimulatedNode, { vote: { kind, epoch, view, height } }: SignedVote): boolean => {
    const status = driver?.status();
    if (status === undefined || status.epoch !== epoch || height > status.finalHeight + genesis.consensus.window)
      return false;
    const known = epochs.of(epoch);
    if (known === undefined || height > known.lastHeight) return false;
    return kind === 'checkpoint' ? view === 0 : status.active && status.view === view && height > status.finalHeight;
  };
  return {
    name: 'witness',
    accused: (_, evidence) => void proved.add(offenceKey(offenceOf(evidence))),
    voted(node, signed) {
      const { vote, voter } = signed;
      const offence: Offence = { ...vote, validator: voter };
      if (!node.isHonest || proved.has(offenceKey(offence)) || !isOpen(node, signed)) return;
      const place = `${node.slot}/${node.life}/${placeKey(offence)}`;
      const first = seen.get(place);
      if (first === undefined) return void seen.set(place, signed);
      if (first.vote.hash === vote.hash || !isSigned(first) || !isSigned(signed)) return;
      const key = `${node.slot}/${offenceKey(offence)}`;
      const places = (shown.get(key) ?? new Set()).add(place);
      shown.set(key, places);
      if (places.size > PLACES_MAX)
        violate(`node ${node.slot} got two votes of validator ${voter} in ${places.size} places, and accuses nobody`);
    },
  };
}

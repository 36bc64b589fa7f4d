/** A replica that holds a COMMIT, and takes a VIEW-CHANGE of the same validator that hides it, accuses (A4). */
import type { Ed25519 } from '../../crypto/ed25519.ts';
import { authenticate, type Authority, authorityOf } from '../../consensus/authenticate.ts';
import { hides } from '../../consensus/evidence.ts';
import { claimsOf, type SignedViewChange } from '../../consensus/messages.ts';
import { isSigned } from '../../forensics/statements.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { offenceKey, offenceOf } from '../../ledger/offence.ts';
import type { SignedVote } from '../../ledger/vote.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';

/** Views to which a liar moves, and hides from a node what it holds, until it is accused. The node may look at one of the two
 *  messages when it is of no use any more. */
const VIEWS_MAX = 1;
/** COMMITs of liars that are remembered here: more than those of the windows of all nodes. */
const COMMITS_MAX = 4096;

interface World {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
  readonly scheme: Pick<Ed25519, 'verify'>;
}

export function amnesia({ genesis, epochs, scheme }: World, violate: Violate): Checker {
  /** By node, voter and height, the newest COMMIT that the node looked at. */
  const commits = new Map<string, SignedVote>();
  /** By node and voter, views to which it moved and hid one of them. */
  const hidden = new Map<string, Set<number>>();
  const proved = new Set<string>();
  const isHidden = (authority: Authority, node: SimulatedNode, { viewChange }: SignedViewChange): boolean => {
    const whose = `${node.slot}/${node.life}/${viewChange.voter}/`;
    const low = (node.driver?.status().finalHeight ?? 0) - genesis.consensus.window;
    for (const [key, commit] of commits) {
      if (!key.startsWith(whose) || commit.vote.height <= low) continue;
      if (hides(commit, claimsOf(viewChange)) && isSigned(authority, commit)) return true;
    }
    return false;
  };
  return {
    name: 'amnesia',
    accused: (_, evidence) => void proved.add(offenceKey(offenceOf(evidence))),
    voted(node, signed) {
      if (!node.isHonest || !isOpen(node, signed)) return;
      const key = `${node.slot}/${node.life}/${signed.voter}/${signed.vote.height}`;
      commits.delete(key);
      commits.set(key, signed);
      const oldest = commits.keys().next().value;
      if (commits.size > COMMITS_MAX && oldest !== undefined) commits.delete(oldest);
    },
    moved(node, _, signed) {
      const { voter, epoch, view } = signed.viewChange;
      const status = node.driver?.status();
      const known = epochs.of(epoch);
      if (!node.isHonest || known === undefined || status?.epoch !== epoch) return;
      if (view < status.view || (view === status.view && status.active)) return;
      const authority = authorityOf(known, genesis, scheme.verify);
      if (proved.has(offenceKey({ epoch, validator: voter })) || !isHidden(authority, node, signed)) return;
      if (!authenticate(authority, { kind: 'view-change', viewChange: signed }).ok) return;
      const key = `${node.slot}/${epoch}/${voter}`;
      const views = (hidden.get(key) ?? new Set()).add(view);
      hidden.set(key, views);
      if (views.size > VIEWS_MAX)
        violate(`validator ${voter} hid from node ${node.slot} in ${views.size} views what it committed to`);
    },
  };
}

/** Whether the node looks at COMMITs of this place now. */
function isOpen({ driver }: SimulatedNode, { vote: { kind, epoch, view, height } }: SignedVote): boolean {
  const status = driver?.status();
  if (kind !== 'commit' || status === undefined) return false;
  return status.epoch === epoch && status.active && status.view === view && height > status.finalHeight;
}

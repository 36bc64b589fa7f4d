/** What goes into the core, as inputs, and what comes out of it, as effects. */
import type { Hash, Height, ValidatorIndex, View } from '../base/brand.ts';
import type { Evidence } from '../ledger/evidence.ts';
import type { Certificate, SignedVote } from '../ledger/vote.ts';
import type { Verified } from './authenticate.ts';
import type { CommitCertificate, Message, Status } from './messages.ts';
import type { PromiseRecord } from './promises.ts';

export type Input =
  /** `tickMs` of the genesis went by. */
  | { readonly kind: 'tick' }
  /** A message whose signatures and certificates were checked; of another replica. */
  | { readonly kind: 'message'; readonly from: ValidatorIndex; readonly message: Verified<Message> }
  /** The primary owes a body: a valid transaction waits, or an idle block is due. Or it owes none any more. */
  | { readonly kind: 'demand'; readonly waiting: boolean }
  /** Whether replicas of a quorum's power are connected, with ourselves. */
  | { readonly kind: 'reach'; readonly quorum: boolean }
  /** The primary leaves out transactions that it had room for. */
  | { readonly kind: 'censored'; readonly view: View }
  /** A body to propose at `nextProposal`'s place; it is durable. */
  | { readonly kind: 'propose'; readonly view: View; readonly height: Height; readonly bodyHash: Hash }
  /** Answer to `check-body`: valid means valid, complete and durable. */
  | {
      readonly kind: 'body-checked';
      readonly view: View;
      readonly height: Height;
      readonly bodyHash: Hash;
      readonly valid: boolean;
    }
  /** Answer to `execute`: the block is durable. */
  | { readonly kind: 'block-executed'; readonly height: Height; readonly blockHash: Hash }
  /** Blocks up to the certificate's were fetched, checked and executed, and are durable. */
  | { readonly kind: 'synced'; readonly certificate: Certificate }
  /** A certificate, checked, that proves blocks below it which were fetched. A `block-executed` for each of them comes
   *  after. */
  | { readonly kind: 'proved'; readonly certificate: Certificate };

/** Carried out in order. A `persist` is durable before anything after it happens. */
export type Effect =
  | { readonly kind: 'persist'; readonly record: PromiseRecord }
  /** To one replica, or to all others. A PRE-PREPARE travels with its body. */
  | { readonly kind: 'send'; readonly to: ValidatorIndex | 'all'; readonly message: Message }
  /** Is this body valid? `repeat`: it was proposed in an earlier view and is exempt from the clock. */
  | {
      readonly kind: 'check-body';
      readonly view: View;
      readonly height: Height;
      readonly bodyHash: Hash;
      readonly repeat: boolean;
    }
  /** Committed (4.2 "committed-local"), by these COMMITs: execute it, in the order of heights, each once. */
  | {
      readonly kind: 'execute';
      readonly height: Height;
      readonly bodyHash: Hash;
      readonly commits: CommitCertificate;
    }
  /** A finality certificate, of growing heights; some heights may have none of their own. */
  | { readonly kind: 'certified'; readonly certificate: Certificate }
  /** The certificate of a height below the newest one. */
  | { readonly kind: 'certified-late'; readonly certificate: Certificate }
  /** This replica is behind: blocks up to `height` exist, as `peer` says, or as a certificate proves where `peer` is
   *  null. The driver begins state transfer. */
  | { readonly kind: 'behind'; readonly height: Height; readonly peer: ValidatorIndex | null }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  | { readonly kind: 'view-change-started'; readonly view: View; readonly reason: ViewChangeReason }
  | { readonly kind: 'view-entered'; readonly view: View; readonly primary: ValidatorIndex };

export type ViewChangeReason = 'timeout' | 'joined' | 'invalid-body' | 'censorship' | 'stranded';

export type Emit = (effect: Effect) => void;

/** Message constructors, to keep the sending code readable. */
export const voteMessage = (vote: SignedVote): Message => ({ kind: 'vote', vote });
export const statusMessage = (status: Status): Message => ({ kind: 'status', status });

/** What a message is about, in a few words. */
import { offenceOf } from '../../ledger/offence.ts';
import { unreachable } from '../../base/invariant.ts';
import { decodePeerMessage, type PeerMessage } from '../../driver/wire/wire.ts';

export interface About {
  /** Of a vote its own kind. */
  readonly kind: string;
  readonly view: number | null;
  readonly height: number | null;
}

/** Kind and place of a message of the protocol; of all others the kind alone. */
export function aboutOf(message: PeerMessage): About {
  if (message.kind === 'vote' || message.kind === 'pre-prepare') return message.vote.vote;
  const { kind } = message;
  if (kind === 'view-change') return { kind, view: message.viewChange.viewChange.view, height: null };
  if (kind === 'new-view') return { kind, view: message.newView.newView.view, height: null };
  return { kind, view: null, height: null };
}

/** Enough of a hash to tell it from others by eye. */
export const shortHash = (hash: string): string => hash.slice(0, 8);

/** `prepare epoch 0 view 0 height 12 hash 1a2b3c4d by 2, 180 bytes`: kind, place, hash and size of what is on the wire. */
export function describeMessage(bytes: Uint8Array): string {
  const decoded = decodePeerMessage(bytes);
  const text = decoded.ok ? describe(decoded.value) : `unreadable ${decoded.error.code}`;
  return `${text}, ${bytes.length} bytes`;
}

function describe(message: PeerMessage): string {
  const { kind } = message;
  switch (kind) {
    case 'vote':
    case 'pre-prepare': {
      const { vote, voter } = message.vote;
      const place = `epoch ${vote.epoch} view ${vote.view} height ${vote.height}`;
      return `${vote.kind} ${place} hash ${shortHash(vote.hash)} by ${voter}${kind === 'vote' ? '' : ' with its body'}`;
    }
    case 'view-change': {
      const { epoch, view, voter, stable, prepared } = message.viewChange.viewChange;
      const shown = prepared.map(({ height, bodyHash }) => `${height}/${shortHash(bodyHash)}`).join(' ');
      return `${kind} epoch ${epoch} view ${view} by ${voter} stable ${stable?.height ?? '-'} prepared ${shown || '-'}`;
    }
    case 'new-view': {
      const { epoch, view, voter, viewChanges, prePrepares } = message.newView.newView;
      const askers = viewChanges.map(({ viewChange }) => viewChange.voter).join(' ');
      const again = prePrepares.map(({ vote }) => `${vote.height}/${shortHash(vote.hash)}`).join(' ');
      return `${kind} epoch ${epoch} view ${view} by ${voter} asked for by ${askers} proposes ${again || '-'}`;
    }
    case 'status': {
      const { epoch, view, stableHeight, executedHeight } = message.status;
      return `${kind} epoch ${epoch} view ${view} stable ${stableHeight} executed ${executedHeight}`;
    }
    case 'certificate': {
      const { epoch, height, blockHash } = message.certificate;
      return `${kind} epoch ${epoch} height ${height} hash ${shortHash(blockHash)}`;
    }
    case 'transactions':
      return `${kind} ${message.transactions.length}`;
    case 'fetch-transactions':
      return `${kind} ${message.ids.map(shortHash).join(' ')}`;
    case 'fetch-body':
      return `${kind} height ${message.height} hash ${shortHash(message.hash)}`;
    case 'body':
      return `${kind} height ${message.height}`;
    case 'fetch-blocks':
      return `${kind} height ${message.from} count ${message.count}`;
    case 'blocks':
      return `${kind} ${message.blocks.map(({ header }) => header.height).join(' ') || '-'}`;
    case 'evidence':
      return `${kind} ${message.evidence
        .map(offenceOf)
        .map(({ validator, epoch }) => `against ${validator} in epoch ${epoch}`)
        .join(', ')}`;
    default:
      return unreachable(kind);
  }
}

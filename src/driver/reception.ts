/** Messages of peers, once they are paid for: decoded, and given to whom they concern. What each was good for is told. */
import type { Height, ValidatorIndex } from '../base/brand.ts';
import type { Message, Status } from '../consensus/messages.ts';
import { newViewFor } from '../consensus/status.ts';
import { type Body, bodyHash, type FullBody } from '../ledger/block.ts';
import type { SignedVote } from '../ledger/vote.ts';
import type { Bodies } from './bodies/bodies.ts';
import type { Intake } from './transactions/intake.ts';
import type { PeerId } from './ports.ts';
import type { Outbox } from './peers/outbox.ts';
import { Outsiders } from './peers/outsiders.ts';
import type { Punish } from './peers/punish.ts';
import type { Roster } from './peers/roster.ts';
import type { Protocol } from './agreement/protocol.ts';
import type { Questions } from './fairness/questions.ts';
import type { Server } from './sync/server.ts';
import type { StateTransfer } from './sync/state-transfer.ts';
import { decodePeerMessage, type PeerMessage } from './wire/wire.ts';

interface ReceptionContext {
  readonly roster: Roster;
  readonly outbox: Outbox;
  readonly intake: Intake;
  readonly server: Server;
  readonly bodies: Bodies;
  readonly protocol: Protocol;
  readonly stateTransfer: StateTransfer;
  readonly questions: Questions;
  readonly punish: Punish;
}

export class Reception {
  readonly #context: ReceptionContext;
  readonly #outsiders = new Outsiders();

  constructor(context: ReceptionContext) {
    this.#context = context;
  }

  /** A message that is paid for. True when it was of use. */
  look(peer: PeerId, message: Uint8Array): boolean {
    // It may have left while its message waited.
    if (!this.#context.roster.isConnected(peer)) return false;
    const decoded = decodePeerMessage(message);
    if (decoded.ok) return this.#onMessage(peer, decoded.value, message.length);
    this.#context.punish(peer, decoded.error.code, decoded.error.message);
    return false;
  }

  /** True when it was of use. Transactions are paid for one by one. */
  #onMessage(peer: PeerId, message: PeerMessage, bytes: number): boolean {
    this.#context.outbox.overhear(peer, message);
    switch (message.kind) {
      case 'transactions':
        this.#context.intake.receive(peer, message.transactions);
        return false;
      case 'fetch-transactions':
        this.#context.server.transactions(peer, message.ids);
        return false;
      case 'fetch-body':
        this.#context.server.body(peer, message.height, message.hash);
        return false;
      case 'fetch-blocks':
        this.#context.server.blocks(peer, message.from, message.count);
        return false;
      case 'body':
        return this.#onBody(peer, message.height, message.fullBody);
      case 'blocks': {
        const { blocks } = message;
        const wasAsked = this.#context.questions.takeBlocks(peer, blocks[0]?.header.height);
        const refused = this.#context.stateTransfer.answered(peer, { blocks, bytes, wasAsked });
        if (refused !== null) this.#context.punish(peer, refused.code, refused.message);
        return wasAsked;
      }
      case 'evidence': {
        const told = this.#context.protocol.told(message.evidence);
        if (!told.ok) this.#context.punish(peer, told.error.code, told.error.message);
        return false;
      }
      case 'pre-prepare':
        return this.#onPrePrepare(peer, message.vote, message.body);
      case 'vote':
        return this.#onProtocol(peer, message.vote.voter, message);
      case 'view-change':
        // Anybody can make a new one at any time: it counts, and is paid for.
        this.#onProtocol(peer, this.#context.roster.validatorOf(peer), message);
        return false;
      case 'new-view':
        return this.#onProtocol(peer, this.#context.roster.validatorOf(peer), message);
      case 'certificate':
      case 'status': {
        const from = this.#context.roster.validatorOf(peer);
        if (message.kind === 'status') {
          const { epoch } = this.#context.protocol.authority;
          this.#context.server.passCertificate(peer, message.status, { epoch, isReplica: from !== undefined });
          if (from === undefined) this.#onOutsider(peer, message.status);
        }
        return this.#onProtocol(peer, from, message);
      }
    }
  }

  #onBody(peer: PeerId, height: Height, fullBody: FullBody): boolean {
    const { body, transactions } = fullBody;
    const hash = bodyHash(body);
    const asked = this.#context.questions.takeBody(peer, hash);
    if (this.#context.bodies.answered(height, hash, body, peer)) this.#context.intake.receive(peer, transactions);
    return asked;
  }

  #onPrePrepare(peer: PeerId, vote: SignedVote, body: Body): boolean {
    const { height, hash } = vote.vote;
    if (bodyHash(body) !== hash) {
      this.#context.punish(peer, 'BODY_MISMATCH', 'not the body of the PRE-PREPARE');
      return false;
    }
    const useful = this.#onProtocol(peer, vote.voter, { kind: 'vote', vote });
    // A primary can sign any number of bodies, for its later views too: only the one that counts is kept.
    if (!this.#context.protocol.isProposed(height, hash)) return useful;
    this.#context.bodies.offered(height, hash, body, peer);
    return useful;
  }

  /** Where somebody stands who is no validator in our epoch: in the one that runs elsewhere it may be one. Its word says whom to ask. */
  #onOutsider(peer: PeerId, status: Status): void {
    const { roster, stateTransfer, protocol, outbox } = this.#context;
    roster.stands(peer, status);
    stateTransfer.claimed(peer, status.stableHeight);
    const newView = newViewFor(protocol.replica, status, this.#outsiders.stood(peer, status));
    if (newView !== null) outbox.sendTo(peer, { kind: 'new-view', newView });
  }

  /** True when it told something new. */
  #onProtocol(peer: PeerId, from: ValidatorIndex | undefined, message: Message): boolean {
    if (from === undefined) return false;
    if (message.kind === 'status') this.#context.roster.stands(peer, message.status);
    const received = this.#context.protocol.receive(from, message);
    if (received.ok) return received.value;
    this.#context.punish(peer, received.error.code, received.error.message);
    return false;
  }
}

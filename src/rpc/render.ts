/** From the ledger's types to the JSON of the interface. */
import type { Hash } from '../base/brand.ts';
import { present, unreachable } from '../base/invariant.ts';
import { toHex } from '../codec/hex.ts';
import { formatAddress } from '../crypto/address.ts';
import type { AccountJson, BlockJson, OffenceJson } from '../api/block.ts';
import type { BlockEvent, TransactionEvent } from '../api/events.ts';
import type { CertificateJson } from '../api/header.ts';
import type { ProblemCode } from '../api/problems.ts';
import type { StateProofJson } from '../api/state.ts';
import type { StatusJson } from '../api/status.ts';
import type { CommittedTransactionJson, RefusedTransaction, TransactionStatus } from '../api/transaction.ts';
import { receiptToJson } from '../api/transaction-json.ts';
import type { AccountView, FinalizedBlock } from '../driver/ports.ts';
import type { CommittedTransaction, Refusal, TransactionState } from '../driver/transactions/fate.ts';
import type { Receipt } from '../ledger/block.ts';
import { offenceOf } from '../ledger/offence.ts';
import { OPERATIONS } from '../ledger/operations/table.ts';
import { RULES_VERSION } from '../ledger/upgrade.ts';
import { requiredPower, sumOfPowers } from '../ledger/validators.ts';
import { encodeTreeProof } from '../ledger/tree/proof-codec.ts';
import type { Evidence } from '../ledger/evidence.ts';
import { evidenceToJson } from '../ledger/evidence-json.ts';
import type { Certificate } from '../ledger/vote.ts';
import { type EventFilter, isWatched, transactionAt } from './event-filter.ts';
import type { NodeStatus } from './gateway.ts';
import type { StateProof } from './readable-state.ts';

export interface Renderer {
  readonly transaction: (id: Hash, state: TransactionState) => TransactionStatus;
  readonly refusal: (refusal: Refusal) => RefusedTransaction;
  readonly account: (account: AccountView) => AccountJson;
  readonly stateProof: (proof: StateProof) => StateProofJson;
  /** A block without its transactions. */
  readonly blockFrame: (block: FinalizedBlock) => BlockJson;
  readonly blockTransaction: (receipt: Receipt) => BlockJson['transactions'][number];
  readonly blockEvent: (block: FinalizedBlock) => BlockEvent;
  /** The executed transaction at this index of the block, which has it. */
  readonly transactionEvent: (block: FinalizedBlock, index: number) => CommittedTransactionJson;
  /** The same for a stream with a filter, which chose it. */
  readonly chosenEvent: (block: FinalizedBlock, index: number, filter: EventFilter) => TransactionEvent;
  readonly status: (status: NodeStatus, offences: readonly Evidence[]) => StatusJson;
  readonly offence: (evidence: Evidence) => OffenceJson;
}

/** Renderer of a network whose addresses begin with `addressPrefix`. */
export function createRenderer(addressPrefix: string): Renderer {
  return {
    transaction: (id, state) => renderTransaction(id, state, addressPrefix),
    refusal: renderRefusal,
    account: ({ address, balance, ...rest }) => ({
      address: formatAddress(address, addressPrefix),
      balance: balance.toString(),
      ...rest,
    }),
    stateProof: renderStateProof,
    blockFrame: renderFrame,
    blockTransaction: (receipt) => {
      const { transactionId, ...rest } = receiptToJson(receipt, addressPrefix);
      return { id: transactionId, ...rest };
    },
    blockEvent: ({ hash, record: { header, receipts } }) => ({
      height: header.height,
      hash,
      epoch: header.epoch,
      timestampMs: header.timestampMs,
      proposer: header.proposer,
      transactions: receipts.length,
    }),
    transactionEvent: (block, index) => renderExecuted(block, index, addressPrefix),
    chosenEvent: (block, index, filter) => renderChosen(block, index, filter, addressPrefix),
    status: (status, offences) => renderStatus(status, offences, addressPrefix),
    offence: renderOffence,
  };
}

function renderTransaction(id: Hash, state: TransactionState, prefix: string): TransactionStatus {
  switch (state.status) {
    case 'unknown':
    case 'pending':
      return { id, status: state.status };
    case 'committed':
      return renderCommitted(state, prefix);
    case 'rejected':
      return { id, status: state.status, code: state.code satisfies ProblemCode };
    default:
      return unreachable(state);
  }
}

function renderRefusal({ id, code, message }: Refusal): RefusedTransaction {
  return { ...(id !== undefined && { id }), code: code satisfies ProblemCode, detail: message };
}

function renderCommitted(
  { height, index, blockHash, receipt }: Omit<CommittedTransaction, 'status'>,
  prefix: string,
): CommittedTransactionJson {
  const { transactionId: id, code } = receipt;
  return { id, status: 'committed', height, index, blockHash, code, receipt: receiptToJson(receipt, prefix) };
}

function renderExecuted({ hash, record }: FinalizedBlock, index: number, prefix: string): CommittedTransactionJson {
  const receipt = present(record.receipts[index], 'receipt');
  return renderCommitted({ height: record.header.height, index, blockHash: hash, receipt }, prefix);
}

function renderChosen(block: FinalizedBlock, index: number, filter: EventFilter, prefix: string): TransactionEvent {
  const { sender, operations } = transactionAt(block, index);
  const event = { ...renderExecuted(block, index, prefix), sender: formatAddress(sender, prefix) };
  if (filter.namespace === undefined) return event;
  const { events } = present(block.record.receipts[index], 'receipt');
  // Each operation of a transaction that succeeded has one event.
  const changes = events.flatMap((change, position) =>
    isWatched(filter, change)
      ? [OPERATIONS.changeToJson(change, present(operations[position], 'operation'), prefix)]
      : [],
  );
  return { ...event, changes };
}

function renderFrame({ hash, record, body: { body }, certificate }: FinalizedBlock): BlockJson {
  const executed = new Set(record.executed);
  return {
    height: record.header.height,
    hash,
    header: { ...record.header },
    certificate: certificate === null ? null : renderCertificate(certificate),
    transactions: [],
    skipped: body.transactionIds.filter((_, position) => !executed.has(position)),
    offences: body.evidence.map(renderOffence),
  };
}

export function renderCertificate({ epoch, height, blockHash, signers, signatures }: Certificate): CertificateJson {
  return { epoch, height, blockHash, signers: signers.getTrueBitIndexes(), signatures: signatures.map(toHex) };
}

const renderStateProof = ({ tree, headers, certificate }: StateProof): StateProofJson => ({
  tree: toHex(encodeTreeProof(tree)),
  headers: headers.map((header) => ({ ...header })),
  certificate: renderCertificate(certificate),
});

const renderOffence = (evidence: Evidence): OffenceJson => ({
  ...offenceOf(evidence),
  evidence: evidenceToJson(evidence),
});

function renderStatus(status: NodeStatus, offences: readonly Evidence[], addressPrefix: string): StatusJson {
  const { validators } = status;
  const total = sumOfPowers(validators);
  const connected = sumOfPowers(validators.filter((validator) => validator.connected));
  const required = requiredPower({ total });
  return {
    chainId: status.chainId,
    name: status.name,
    dev: status.dev,
    addressPrefix,
    version: status.version,
    rulesVersion: RULES_VERSION,
    upgrade: status.upgrade && { ...status.upgrade, known: status.upgrade.version <= RULES_VERSION },
    index: status.index,
    peerId: status.peerId,
    epoch: status.epoch,
    view: status.view,
    active: status.active,
    primary: status.primary,
    height: status.height,
    certifiedHeight: status.finalHeight,
    blockHash: status.blockHash,
    oldestHeight: status.oldestHeight,
    quorum: {
      total: total.toString(),
      required: required.toString(),
      connected: connected.toString(),
      met: connected >= required,
    },
    followers: status.followers.map(({ name, peerId, ...rest }) => ({ name, peerId, ...rest })),
    validators: validators.map(({ power, ...rest }) => ({ ...rest, power: power.toString() })),
    mempool: { ...status.mempool },
    misbehaviour: status.misbehaviour.map((entry) => ({ ...entry })),
    offences: offences.map(renderOffence),
  };
}

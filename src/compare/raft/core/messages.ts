/**
 * Messages between the servers of a cluster: the two RPCs of Ongaro & Ousterhout 2014 (figure 2) and their answers, and
 * the pre-vote of Ongaro's thesis (2014, 9.6), which is a RequestVote that binds nobody. Answers are messages of their
 * own and repeat what they answer, so that a late or a lost one does no harm. Who sends is what the connection says.
 */
import { BooleanType, ByteListType, ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { type Codec, codec } from '../../../codec/codec.ts';
import { uint64, unionByKind } from '../../../codec/types.ts';
import { ENTRIES_PER_MESSAGE_MAX, PAYLOAD_BYTES_MAX } from './limits.ts';

/** One place in the log. In a message it takes 16 bytes and its payload: term (8), and where both begin (4 + 4). */
const EntryType = new ContainerType({
  /** Of the leader that made it. */
  term: uint64(),
  /** Opaque. Empty: the entry with which a leader begins its term. */
  payload: new ByteListType(PAYLOAD_BYTES_MAX),
});

const MessageType = unionByKind({
  'request-vote': new ContainerType({
    /** Would you, if I asked? Its term is the one that the sender would stand in. */
    preVote: new BooleanType(),
    term: uint64(),
    /** The sender's last entry; 0 and 0 where its log is empty. */
    lastIndex: uint64(),
    lastTerm: uint64(),
  }),
  vote: new ContainerType({
    preVote: new BooleanType(),
    /** The voter's; of a pre-vote that is granted the one that was asked about. */
    term: uint64(),
    granted: new BooleanType(),
  }),
  'append-entries': new ContainerType({
    term: uint64(),
    /** The entry before `entries`; 0 and 0 where they begin the log. */
    previousIndex: uint64(),
    previousTerm: uint64(),
    /** The leader's commit index. */
    commit: uint64(),
    /** By growing index without gaps; none in a heartbeat. */
    entries: new ListCompositeType(EntryType, ENTRIES_PER_MESSAGE_MAX),
  }),
  'append-reply': new ContainerType({
    term: uint64(),
    success: new BooleanType(),
    /** On success the last index up to which the logs are known to agree; else the `previousIndex` that was refused. */
    index: uint64(),
    /** Where to go on after a refusal (end of 5.3): the term that stands at `index` instead, and its first index. Term 0:
     *  the log ends before `index`, and `conflictIndex` is the first one that is missing. */
    conflictTerm: uint64(),
    conflictIndex: uint64(),
  }),
});

export type Entry = Readonly<ValueOf<typeof EntryType>>;
export type Message = Readonly<ValueOf<typeof MessageType>>;
export type MessageOf<K extends Message['kind']> = Readonly<Extract<Message, { kind: K }>>;

/** Bytes of a full AppendEntries, the longest of all. */
const MESSAGE_BYTES_MAX = 64 + ENTRIES_PER_MESSAGE_MAX * (16 + PAYLOAD_BYTES_MAX);

export const messageCodec: Codec<Message> = codec('RaftMessage', MessageType, MESSAGE_BYTES_MAX);

/** Length of the encoding, in bytes, without making it. */
export const messageBytes = (message: Message): number => MessageType.value_serializedSize(message);

/** All the ways in which a validator can be made to lie, by name. */
import type { StrategyFactory } from '../driver/wire/strategy.ts';
import { hoard, oversize, privateTransactions } from './bodies.ts';
import { corrupt } from './corrupt.ts';
import { equivocate } from './equivocate.ts';
import { late } from './late.ts';
import { deluge } from './deluge.ts';
import { conceal, whisper } from './hiders.ts';
import { censor, invalidBody, repeat, skip, slander, slow, usurp, withhold, wrongTime } from './primaries.ts';
import { floodFetch, floodProposals, floodTransactions, floodViewChanges, floodVotes } from './floods.ts';
import { badNewView, shortNewView, twoNewViews } from './new-views.ts';
import { restless } from './restless.ts';
import { oneShort } from './one-short.ts';
import { edge, lure, plotter, turncoat, whisperView } from './plotters.ts';
import { silent } from './silent.ts';
import { stingy } from './stingy.ts';
import { floodStrangers } from './strangers.ts';
import {
  forgeCertificate,
  forgePrepared,
  hidePrepared,
  lieStatus,
  spamViewChange,
  stalePrepared,
} from './view-changers.ts';
import { doubleCheckpoint, doubleVote, favour, impersonate, replay, returning, stray } from './voters.ts';

export interface Liar {
  /** One sentence, without a subject: what it does. */
  readonly describe: string;
  readonly factory: StrategyFactory;
}

const liar = (name: string, describe: string, factory: StrategyFactory): [string, Liar] => [
  name,
  { describe, factory },
];

/** Those that send more than anybody can handle: a run with one of them takes long. */
export const FLOODS: ReadonlyMap<string, Liar> = new Map([
  liar('flood-fetch', 'asks for bodies, ranges and unknown ids all the time, in bursts', floodFetch),
  liar(
    'flood-transactions',
    'passes on bundles of expired, far-off and known transactions, in bursts',
    floodTransactions,
  ),
  liar('flood-strangers', 'passes on bundles of transactions of senders whom nobody knows, in bursts', floodStrangers),
  liar('flood-proposals', 'proposes the largest bodies for views to come, in bursts', floodProposals),
  liar('flood-votes', 'votes for bodies that nobody has, in bursts', floodVotes),
  liar(
    'deluge',
    'fills the time of one peer for half a minute: with proposals out of turn, dead transactions and idle questions',
    deluge,
  ),
  liar('flood-view-changes', 'asks for ever higher views with true certificates, in bursts', floodViewChanges),
]);

export const strategies: ReadonlyMap<string, Liar> = new Map([
  liar('silent', 'says nothing', silent),
  liar('return', 'hears all, but sends nothing for a while, again and again', returning),
  liar(
    'equivocate',
    'as primary sends two bodies to two halves, and votes for both; as backup votes twice',
    equivocate,
  ),
  liar('corrupt', 'sends bad signatures, wrong hashes, stale, malformed and oversized messages', corrupt),
  liar('double-vote', 'signs two different PRE-PREPAREs, PREPAREs and COMMITs, and sends both to all', doubleVote),
  liar('double-checkpoint', 'signs CHECKPOINTs of two blocks at each height', doubleCheckpoint),
  liar('favour', 'sends its votes to one half of the others only', favour),
  liar('impersonate', 'votes in the name of everybody else', impersonate),
  liar('stray', 'votes for heights to come, and bodies that nobody has', stray),
  liar('replay', 'sends its old messages again, and its votes as those of other views, epochs and chains', replay),
  liar('slow', 'as primary proposes just before the others lose patience', slow),
  liar('censor', 'as primary leaves out half of all transactions', censor),
  liar('repeat', 'as primary proposes transactions twice', repeat),
  liar('late', 'as primary begins its views just before the others lose patience, and then votes for nothing', late),
  liar('skip', 'as primary proposes at the end of the window and never fills the gap', skip),
  liar('withhold', 'as primary proposes bodies that it gives to nobody', withhold),
  liar('invalid-body', 'as primary proposes bodies in the name of another', invalidBody),
  liar('wrong-time', 'as primary proposes bodies with a time long past', wrongTime),
  liar('slander', 'accuses the honest with made-up proofs, as primary in its bodies', slander),
  liar('oversize', 'as primary proposes bodies beyond all limits, and gives them to one backup', oversize),
  liar('hoard', 'as primary proposes a window of full bodies, and keeps back one transaction of each', hoard),
  liar(
    'private-transactions',
    'gives transactions to the primary alone, as primary to one backup alone',
    privateTransactions,
  ),
  liar('usurp', 'as backup proposes in the place of the primary', usurp),
  liar(
    'forge-prepared',
    'shows forged prepared certificates in its VIEW-CHANGEs and NEW-VIEWs',
    restless(forgePrepared),
  ),
  liar('stale-prepared', 'shows old certificates in its VIEW-CHANGEs and NEW-VIEWs', restless(stalePrepared)),
  liar('hide-prepared', 'hides what it prepared in its VIEW-CHANGEs and NEW-VIEWs', restless(hidePrepared)),
  liar('bad-new-view', 'begins views that drop, reorder, null-fill or invent what was prepared', restless(badNewView)),
  liar('short-new-view', 'begins views that nobody else asked for', restless(shortNewView)),
  liar(
    'two-new-views',
    'begins one view in two valid ways, one for each half, then both for all',
    restless(twoNewViews),
  ),
  liar('spam-view-change', 'asks for ever higher views all the time', spamViewChange),
  liar('forge-certificate', 'passes on certificates that nobody signed', forgeCertificate),
  liar(
    'lure',
    'asks one honest validator after the other, alone, to come far ahead, and falls silent when one is there',
    lure,
  ),
  liar('one-short', 'gives the vote that a quorum lacks to one honest validator as late as it may', oneShort),
  liar('edge', 'ends epochs for one half of the others alone, and later', edge),
  liar('turncoat', 'falls silent, with all other liars, when a quorum needs them', turncoat),
  liar('whisper-view', 'asks each honest validator for another view', whisperView),
  liar('plan', 'carries out a plan with all other liars (--plan)', plotter),
  liar('conceal', 'signs CHECKPOINTs of two blocks, and as primary leaves all evidence out', conceal),
  liar('whisper', 'gives the transactions of its clients to one backup alone', whisper),
  liar('stingy', 'says that it is ahead, and gives who catches up one block at a time, just in time', stingy),
  liar('lie-status', 'claims impossible heights, and gives changed blocks to who catches up', lieStatus),
  ...FLOODS,
]);

/** Those that have something to do at an observer, who has no key: what the others say is worth nothing without a signature. */
export const KEYLESS: readonly string[] = [
  'silent',
  'corrupt',
  'replay',
  'stray',
  'withhold',
  'spam-view-change',
  'forge-certificate',
  'lie-status',
  'stingy',
  'plan',
];

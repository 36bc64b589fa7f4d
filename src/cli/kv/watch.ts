/** `trefoil kv watch`: what happens to the keys of a namespace, line by line. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ChangeJson, TransactionEvent } from '../../api/events.ts';
import { type EventId, formatEventId, idBefore, parseEventId } from '../../api/events.ts';
import type { WatchEvent } from '../../client/client.ts';
import { parseBase64 } from '../../codec/base64.ts';
import { parseCount, parseDuration, parseKey, parseNamespace } from '../arguments.ts';
import { CommandError, EXIT, type Output, type Run } from '../output.ts';
import { clientOf, type TargetOptions, withTarget } from '../target.ts';
import { describeValue } from './value-text.ts';

interface WatchOptions extends TargetOptions {
  readonly prefix?: string;
  readonly from?: ChangeId;
  readonly count?: number;
  readonly timeout?: number;
  readonly progress?: true;
}

/** The last change of a transaction has the transaction's event id, `17:3`; those before it say which one they are, `17:3/0`. */
interface ChangeId {
  readonly event: EventId;
  /** Undefined: all changes of the transaction. */
  readonly position: number | undefined;
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const HELP = `
Examples:
  trefoil kv watch orders
  trefoil kv watch orders --prefix 2027/ --json
  trefoil kv watch orders --from 17:3

Without --from it begins now. Every line of --json has an id; whoever keeps it with what comes of the line, and gives it to --from, of any
node, misses nothing and sees nothing twice. A line of kind "pruned" says that no node has the blocks any more that come next, and
at which height it goes on. Ctrl+C ends it, with exit code 0; so does --timeout, but with exit code 3 where --count was not reached.`;

export const watchCommand = (run: Run): Command =>
  withTarget(new Command('watch'))
    .description('What happens to the keys of a namespace from now on, or from an earlier event on, line by line.')
    .argument('<namespace>', 'a namespace; it need not be there yet', parseNamespace)
    .option('--prefix <prefix>', 'only keys that begin with this', parseKey)
    .option('--from <id>', 'go on after the line with this id, or after this version; 0:0 for all there is', parseFrom)
    .option('--count <number>', 'end after so many changes', parseCount)
    .addOption(new Option('--timeout <duration>', 'end after so long').argParser(parseDuration))
    .option('--progress', 'also a line now and then where nothing happens: from its id there is less to look through')
    .addHelpText('after', HELP)
    .action((namespace: string, options: WatchOptions) => run((output) => watch(namespace, options, output)));

function parseFrom(text: string): ChangeId {
  const [, id = '', position] = /^([^/]*)(?:\/([0-9]{1,2}))?$/.exec(text) ?? [];
  const event = parseEventId(id);
  if (!event.ok) throw new InvalidArgumentError('It is an id or a version, such as 17:3.');
  return { event: event.value, position: position === undefined ? undefined : Number(position) };
}

async function watch(namespace: string, options: WatchOptions, output: Output): Promise<undefined> {
  const { prefix, from, timeout, count = Number.POSITIVE_INFINITY } = options;
  const client = clientOf(options);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  let timedOut = false;
  const timeOut = (): void => {
    timedOut = true;
    stop();
  };
  const timer = timeout === undefined ? undefined : setTimeout(timeOut, timeout);
  const lines = new Lines(output, options, count);
  try {
    const wish = { namespace, ...(prefix !== undefined && { prefix }), ...(from && { from: placeOf(from) }) };
    for await (const event of client.watch({ ...wish, signal: stopping.signal })) {
      lines.write(event);
      if (lines.left <= 0) return;
    }
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
  if (timedOut && Number.isFinite(lines.left)) {
    const message = `${lines.left} of ${count} changes did not come in time`;
    throw new CommandError('TIMED_OUT', message, 'Give it more time, or fewer to wait for.', EXIT.timedOut);
  }
}

/** Where the stream has to begin. The transaction comes again if only part of it was seen. */
const placeOf = ({ event, position }: ChangeId): string =>
  position === undefined || event.height === 0 ? formatEventId(event.height, event.index) : idBefore(event);

class Lines {
  /** How many changes may still be written. */
  left: number;
  readonly #output: Output;
  readonly #from: ChangeId | undefined;
  readonly #withProgress: boolean;

  constructor(output: Output, { from, progress }: WatchOptions, count: number) {
    this.#output = output;
    this.#from = from;
    this.#withProgress = progress === true;
    this.left = count;
  }

  write(event: WatchEvent): void {
    switch (event.kind) {
      case 'transaction':
        return this.#changes(event.id, event.transaction);
      case 'progress':
        return this.#withProgress ? this.#line(event, `nothing more up to height ${event.height}`) : undefined;
      case 'pruned':
        return this.#line(event, `no node has what comes next any more; it goes on at height ${event.nextHeight}`);
    }
  }

  #changes(id: string, transaction: TransactionEvent): void {
    const { changes = [], height, index, sender, id: transactionId } = transaction;
    for (const [position, change] of changes.entries()) {
      if (this.left <= 0) return;
      if (this.#wasSeen(height, index, position)) continue;
      const changeId = position === changes.length - 1 ? id : `${id}/${position}`;
      const value = change.kind === 'delete' ? { value: null } : {};
      const json = { id: changeId, ...change, ...value, height, sender, transactionId };
      this.#line(json, describe(change));
      this.left--;
    }
  }

  #wasSeen(height: number, index: number, position: number): boolean {
    if (this.#from?.position === undefined) return false;
    const { event, position: last } = this.#from;
    return event.height === height && event.index === index && position <= last;
  }

  #line(json: { readonly id: string }, text: string): void {
    this.#output.answer({ json, text: `${json.id.padEnd(12)} ${text}` });
  }
}

/** One short line. */
function describe(change: ChangeJson): string {
  switch (change.kind) {
    case 'put':
      return `${change.key} = ${describeValue(parseBase64(change.value) ?? new Uint8Array(0))}`;
    case 'delete':
      return `${change.key} deleted`;
    case 'lease':
      return `${change.key} leased by ${change.owner} until height ${change.until}`;
    case 'release':
      return `${change.key} released`;
    case 'add':
      return `${change.key} counts ${change.value}`;
    case 'insert':
      return `${change.key} has ${change.member}`;
    case 'remove':
      return `${change.key} has ${change.member} no more`;
    case 'require':
      return `${change.key} as required`;
    case 'create-namespace':
      return `namespace made by ${change.owner}`;
    case 'set-owner':
      return `namespace given to ${change.owner}`;
    case 'set-writers':
      return `writers of the namespace: ${change.writers.join(', ') || 'its owner alone'}`;
  }
}

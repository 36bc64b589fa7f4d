/** `trefoil namespace`: who may write where. */
import { Command } from 'commander';
import type { NamespaceTold } from '../client/data-values.ts';
import { parseNamespace } from './arguments.ts';
import { type Answer, CommandError, EXIT, type Run } from './output.ts';
import { addressOf } from './people.ts';
import { type ReadPointOptions, pointOf, readerOf, stoodLines, withReadPoint } from './read-point.ts';
import { type SubmissionOptions, submit, withSubmission } from './submission.ts';

interface WriterOptions extends SubmissionOptions {
  readonly writer?: readonly string[];
  readonly nobody?: boolean;
}

interface OwnerOptions extends SubmissionOptions {
  readonly to: string;
}

export function namespaceCommand(run: Run): Command {
  return new Command('namespace')
    .description('Make namespaces, in which data stands, and say who may write in them.')
    .addCommand(createCommand(run))
    .addCommand(showCommand(run))
    .addCommand(setWritersCommand(run))
    .addCommand(setOwnerCommand(run));
}

const NAME = 'its name: a to z, 0 to 9 and -, up to 32 of them';

const collect = (who: string, earlier: readonly string[] = []): readonly string[] => [...earlier, who];

function createCommand(run: Run): Command {
  return withSubmission(new Command('create'), 'who will own it')
    .description('Make a namespace. Its owner may write in it, and those who are named as writers.')
    .argument('<name>', NAME, parseNamespace)
    .option('--writer <who>', 'who may write too: a name or an address; again for each, up to 16', collect)
    .addHelpText(
      'after',
      `
Examples:
  trefoil namespace create orders --from alice --wait
  trefoil namespace create orders --from alice --writer bob --writer tre1… --wait --json`,
    )
    .action((name: string, options: WriterOptions) => run(() => create(name, options)));
}

function showCommand(run: Run): Command {
  return withReadPoint(new Command('show'))
    .description('Who owns a namespace, and who may write in it. Exit code 1 where there is none.')
    .argument('<name>', NAME, parseNamespace)
    .addHelpText(
      'after',
      '\nExamples:\n  trefoil namespace show orders\n  trefoil namespace show orders --height 7 --proof --json',
    )
    .action((name: string, options: ReadPointOptions) => run(() => show(name, options)));
}

function setWritersCommand(run: Run): Command {
  return withSubmission(new Command('set-writers'), 'its owner')
    .description('Say anew who may write in a namespace beside its owner. Who is not named may not any more.')
    .argument('<name>', NAME, parseNamespace)
    .option('--writer <who>', 'who may write: a name or an address; again for each, up to 16', collect)
    .option('--nobody', 'only the owner may write')
    .addHelpText(
      'after',
      `
Examples:
  trefoil namespace set-writers orders --from alice --writer bob --wait
  trefoil namespace set-writers orders --from alice --nobody --wait`,
    )
    .action((name: string, options: WriterOptions) => run(() => setWriters(name, options)));
}

function setOwnerCommand(run: Run): Command {
  return withSubmission(new Command('set-owner'), 'its owner until now')
    .description('Give a namespace to another owner. The one before may write only if it is among the writers.')
    .argument('<name>', NAME, parseNamespace)
    .requiredOption('--to <who>', 'the new owner: a name or an address')
    .addHelpText('after', '\nExamples:\n  trefoil namespace set-owner orders --from alice --to bob --wait')
    .action((name: string, options: OwnerOptions) => run(() => setOwner(name, options)));
}

const create = (name: string, options: WriterOptions): Promise<Answer> =>
  submit(options, `namespace ${name} of ${options.from}`, async ({ directory }) => {
    const writers = await Promise.all((options.writer ?? []).map((who) => addressOf(who, directory)));
    return [{ kind: 'create-namespace', name, writers }];
  });

async function setWriters(name: string, options: WriterOptions): Promise<Answer> {
  const { writer: named = [], nobody = false } = options;
  if (nobody === named.length > 0) {
    const hint = 'Name each with --writer, or say --nobody.';
    throw new CommandError('USAGE', 'either writers or nobody', hint, EXIT.usage);
  }
  const who = nobody ? 'its owner only' : named.join(', ');
  return submit(options, `writers of ${name}: ${who}`, async ({ directory }) => {
    const writers = await Promise.all(named.map((each) => addressOf(each, directory)));
    return [{ kind: 'set-writers', name, writers }];
  });
}

const setOwner = (name: string, options: OwnerOptions): Promise<Answer> =>
  submit(options, `${name} from ${options.from} to ${options.to}`, async ({ directory }) => [
    { kind: 'set-owner', name, owner: await addressOf(options.to, directory) },
  ]);

async function show(name: string, options: ReadPointOptions): Promise<Answer> {
  const client = await readerOf(options);
  const told = await client.data.namespace(name, pointOf(options));
  const exitCode = told.owner === null ? EXIT.failed : EXIT.done;
  return { json: told, text: describe(told), exitCode };
}

function describe(told: NamespaceTold): string {
  const { name, owner, writers, deposit } = told;
  const lines =
    owner === null
      ? [`there is no namespace ${name}`]
      : [
          `name           ${name}`,
          `owner          ${owner}`,
          `writers        ${writers.length === 0 ? 'the owner only' : writers.join('\n               ')}`,
          `deposit        ${deposit}`,
        ];
  return [...lines, ...stoodLines(told)].join('\n');
}

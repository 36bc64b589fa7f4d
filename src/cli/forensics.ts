/** `trefoil forensics`: who forked the chain, and whether a report of that holds. Offline: it asks no node. */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Epoch } from '../base/brand.ts';
import type { Result } from '../base/result.ts';
import { authorityOf } from '../consensus/authenticate.ts';
import { selectEd25519 } from '../crypto/select-ed25519.ts';
import { readTranscript } from '../driver/durability/hearsay.ts';
import { read } from '../driver/stored/reading.ts';
import { explainsFork, type Findings, findCulprits } from '../forensics/culprits.ts';
import { FILE_BYTES_MAX } from '../forensics/limits.ts';
import { checkReport, type Ground, type Report, reportOf } from '../forensics/report.ts';
import { epochsIn, type Transcript } from '../forensics/transcript.ts';
import { transcriptFromJson, transcriptToJson } from '../forensics/transcript-json.ts';
import { epochsOf } from '../ledger/epoch.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { openLevelStore } from '../storage/level-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import { readBoundedFile } from './files.ts';
import { type Answer, CommandError, EXIT, type Run } from './output.ts';
import { readGenesis } from './target.ts';
import { DEFAULT_DIR, genesisFile } from './testnet/layout.ts';

interface ForensicsOptions {
  readonly genesis: string;
  readonly dir?: readonly string[];
  readonly out?: string;
}

export function forensicsCommand(run: Run): Command {
  const verify = new Command('verify')
    .configureHelp({ showGlobalOptions: true })
    .description('Check a report: each proof, by the genesis alone. Exit code 4 when something does not hold.')
    .argument('<report>', 'the file')
    .action((file: string, _: object, command: Command) => run(() => verifyReport(file, command.optsWithGlobals())));
  const extract = new Command('extract')
    .configureHelp({ showGlobalOptions: true })
    .description(
      'Print what a node heard of others, from its data folder, as a transcript for somebody else. It must not run.',
    )
    .argument('<folder>', 'its data_dir')
    .action((folder: string, _: object, command: Command) =>
      run(() => extractTranscript(folder, command.optsWithGlobals())),
    );
  return (
    new Command('forensics')
      .description('After a fork: name those who lied, each with signed messages that prove it.')
      .argument('[files...]', 'transcripts of nodes, blocks of the HTTP interface, or their certificates')
      .option('--dir <folder>', 'data_dir of a node that does not run; may be repeated', collect)
      .option('--out <file>', 'write the report to a file too')
      // Its own, and those of the commands below.
      .option('--genesis <file>', 'genesis of the network', genesisFile(DEFAULT_DIR))
      .option('--json', 'print one JSON object')
      .addHelpText('after', FORENSICS_HELP)
      .action((files: readonly string[], options: ForensicsOptions) => run(() => nameCulprits(files, options)))
      .addCommand(verify)
      .addCommand(extract)
  );
}

const FORENSICS_HELP = `
Examples:
  trefoil forensics --dir a/data --dir b/data --genesis genesis.json --out report.json
  trefoil forensics a.json b.json                       two blocks of one height: trefoil block show 7 --json
  trefoil forensics extract a/data > a.json             to send to somebody else
  trefoil forensics verify report.json                  anybody can, who has the genesis

What convicts, why more than a third is named, and what to do after a fork: src/forensics/FORENSICS.md.`;

const collect = (folder: string, before: readonly string[] = []): readonly string[] => [...before, folder];

const HINT =
  'Name a transcript (`trefoil forensics extract`), or a block as `trefoil block show HEIGHT --json` prints it.';

/** Throws CommandError: codes of `readGenesis`, `jsonOf`, `storedTranscript`; NOTHING_TO_COMPARE. */
async function nameCulprits(files: readonly string[], options: ForensicsOptions): Promise<Answer> {
  const folders = options.dir ?? [];
  if (files.length + folders.length === 0)
    throw new CommandError('NOTHING_TO_COMPARE', 'neither a file nor a folder is named', HINT, EXIT.usage);
  const { genesis, ground } = await groundOf(options);
  const transcripts: Transcript[] = [];
  for (const file of files) transcripts.push(orThrow(file, transcriptFromJson(genesis.chainId, await jsonOf(file))));
  for (const folder of folders) transcripts.push(await storedTranscript(folder));
  const report = newestOrForked(ground, transcripts);
  if (options.out !== undefined) await writeFile(options.out, `${JSON.stringify(report.json, null, 2)}\n`);
  return { json: report.json, text: reportText(report.json, report.findings) };
}

interface Found {
  readonly findings: Findings;
  readonly json: Report;
}

/** What was found in the first epoch that forked; else in the first that has a culprit; else in the last. */
function newestOrForked({ genesis, epochs, verify }: Ground, transcripts: readonly Transcript[]): Found {
  const numbers = [...new Set(transcripts.flatMap(epochsIn))].sort((a, b) => a - b);
  let best: Found | undefined;
  for (const number of numbers.length === 0 ? [0 as Epoch] : numbers) {
    const epoch = epochs.of(number);
    if (epoch === undefined) continue;
    const authority = authorityOf(epoch, genesis, verify);
    const findings = findCulprits(authority, transcripts);
    const found = { findings, json: reportOf(authority, findings) };
    if (findings.fork !== undefined) return found;
    if (best === undefined || best.findings.culprits.length === 0) best = found;
  }
  if (best === undefined) throw new CommandError('UNKNOWN_EPOCH', 'nobody knows the validators of these epochs', HINT);
  return best;
}

function reportText({ epoch, culprits, fork }: Report, findings: Findings): string {
  const { power, total } = findings;
  const share = `${power} of ${total}`;
  const where =
    fork === null
      ? `no fork in epoch ${epoch}`
      : `epoch ${epoch} forked at height ${fork.height}: two quorums signed different ${fork.kind}s`;
  const named = culprits.map(
    (culprit) => `  validator ${culprit.index}, power ${culprit.power}: ${culprit.evidence.kind}`,
  );
  const enough = explainsFork(findings)
    ? `culprits of power ${share} are named, more than a third`
    : `culprits of power ${share} are named, not more than a third: others lied too, and transcripts of more nodes may show who`;
  const isShort = fork === null && culprits.length === 0;
  return [where, ...named, isShort ? 'nobody is proved to have lied' : enough].join('\n');
}

async function verifyReport(file: string, options: ForensicsOptions): Promise<Answer> {
  const { ground } = await groundOf(options);
  const checked = checkReport(ground, await jsonOf(file));
  if (!checked.ok) {
    const { code, message } = checked.error;
    return {
      json: { valid: false, code, message },
      text: `does not hold: ${code}: ${message}`,
      exitCode: EXIT.violated,
    };
  }
  const { epoch, culprits, power, total } = checked.value;
  const { length } = culprits;
  return {
    json: { valid: true, epoch, culprits: culprits.map(({ index }) => index), power, total },
    text: `holds: ${length} ${length === 1 ? 'culprit' : 'culprits'} of power ${power} of ${total} in epoch ${epoch}`,
  };
}

async function extractTranscript(folder: string, options: ForensicsOptions): Promise<Answer> {
  const { genesis } = await groundOf(options);
  const json = transcriptToJson(genesis.chainId, await storedTranscript(folder));
  return { json, text: JSON.stringify(json) };
}

async function groundOf({ genesis: file }: ForensicsOptions): Promise<{ genesis: Genesis; ground: Ground }> {
  const genesis = await readGenesis(file);
  const ed25519 = await selectEd25519();
  const verify: Ground['verify'] = (...check) => ed25519.verify(...check);
  return { genesis, ground: { genesis, epochs: epochsOf(genesis), verify } };
}

const notJson = (message: string): CommandError => new CommandError('MALFORMED', message, HINT);

/** Throws CommandError: FILE_UNREADABLE, MALFORMED. */
async function jsonOf(file: string): Promise<unknown> {
  const bytes = await readBoundedFile(file, FILE_BYTES_MAX, notJson);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw notJson(`${file} is no JSON`);
  }
}

/** Throws CommandError with the code of the store, which another process may have open. */
async function storedTranscript(folder: string): Promise<Transcript> {
  try {
    const store = await openLevelStore(folder);
    try {
      const result = await new Promise<Result<Transcript>>((resolve) => read(store, readTranscript(), resolve));
      return orThrow(folder, result);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new CommandError(error.code, `${folder}: ${error.message}`, 'Stop the node first, or copy its data folder.');
  }
}

function orThrow<T>(what: string, result: Result<T>): T {
  if (result.ok) return result.value;
  throw new CommandError(result.error.code, `${what}: ${result.error.message}`, HINT);
}

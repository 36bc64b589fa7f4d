/** A node's configuration: one TOML file, whose relative paths count from its own folder. */
import { randomUUID } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { z } from 'zod';
import { present } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { parseAddress } from '../network/addresses.ts';
import { DEVELOPMENT_VALIDATORS_MAX } from './development.ts';
import { LOG_LEVELS } from './logger.ts';

const FILE_BYTES_MAX = 64 * 1024;
const PATH_MAX = 4096;
const BOOTSTRAP_MAX = 256;
/** As many as a chain may list. */
const ADMITTED_MAX = 64;
const ALLOWED_HOSTS_MAX = 32;
/** More workers than this are more than any machine has use for. */
const VERIFIER_WORKERS_MAX = 64;

const text = (what: string) => z.string({ error: `must be ${what}` }).min(1, { error: `must be ${what}` });
const path = text('a path').max(PATH_MAX, { error: `must be a path of at most ${PATH_MAX} characters` });

const whole = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const list = <T extends z.ZodType>(entry: T, max: number) =>
  z.array(entry, { error: 'must be a list' }).max(max, { error: `must be a list of at most ${max}` });

const host = text('an IP address').refine((value) => isIP(value) !== 0, { error: 'must be an IP address' });
/** 0 picks a free port. */
const port = whole(0, 65_535);

const bootstrapAddress = z.string({ error: 'must be a multiaddress' }).superRefine((value, context) => {
  const parsed = parseAddress(value);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.error.message });
});

const peerId = z
  .string({ error: 'must be a peer id' })
  .regex(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/, { error: 'must be the peer id of an ed25519 key' });

const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape, { error: 'must be a table' });

/** The chain gave the validator these keys in an epoch that the data folder does not know yet. */
const rotated = z.boolean({ error: 'must be true or false' }).optional();

const configFile = section({
  /** Genesis file of the network. */
  genesis: path,
  /** Folder of the node's LevelDB. */
  data_dir: path,
  /** Keystores of the two keys, of an observer of the node's alone; or the number of a publicly known pair, which only a development network
   *  takes. */
  keys: z.union(
    [
      section({ validator: path.optional(), node: path, rotated }),
      section({ development: whole(0, DEVELOPMENT_VALIDATORS_MAX - 1), rotated }),
    ],
    { error: `must have node and validator (paths), or development (0 to ${DEVELOPMENT_VALIDATORS_MAX - 1})` },
  ),
  p2p: section({
    host,
    port,
    /** Where peers are to be found: `/ip4/…/tcp/…/p2p/…`. */
    bootstrap: list(bootstrapAddress, BOOTSTRAP_MAX).default([]),
    /** Peers that this node admits beside those of the chain, and that follow it: whoever is no validator, and is not listed there. */
    admit: list(peerId, ADMITTED_MAX).default([]),
    /** Find and be found on the local network. */
    mdns: z.boolean({ error: 'must be true or false' }).default(false),
  }),
  http: section({
    host: host.default('127.0.0.1'),
    port,
    /** Names by which clients may ask, beside localhost and addresses. */
    allowed_hosts: list(text('a host name'), ALLOWED_HOSTS_MAX).default([]),
  }),
  log: section({
    level: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
    /** Absent: standard error. */
    file: path.optional(),
  }).prefault({}),
  /** Threads that check signatures. */
  verifier: section({ workers: whole(1, VERIFIER_WORKERS_MAX).default(1) }).prefault({}),
  /** How this validator lies; development networks only. */
  byzantine: text('the name of a strategy').optional(),
});

/** What the file says, defaults filled in. */
export type NodeConfig = z.output<typeof configFile>;
/** What may be written to a file. */
export type ConfigFile = z.input<typeof configFile>;
export type KeysConfig = NodeConfig['keys'];

export interface ConfigError {
  readonly code: 'CONFIG_UNREADABLE' | 'CONFIG_INVALID';
  /** CONFIG_INVALID: `file: field: what is wrong`. */
  readonly message: string;
}

/** The configuration, its paths absolute. Errors: CONFIG_UNREADABLE, CONFIG_INVALID. */
export async function readConfig(file: string): Promise<Result<NodeConfig, ConfigError>> {
  let content: string;
  try {
    if ((await stat(file)).size > FILE_BYTES_MAX) {
      return fail('CONFIG_INVALID', `${file}: longer than ${FILE_BYTES_MAX} bytes`);
    }
    content = await readFile(file, 'utf8');
  } catch (error) {
    return fail('CONFIG_UNREADABLE', `${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parseConfig(content);
  if (!parsed.ok) return fail(parsed.error.code, `${file}: ${parsed.error.message}`);
  return ok(withAbsolutePaths(parsed.value, dirname(resolve(file))));
}

/** Writes a configuration that `readConfig` reads; the file is there whole, or as it was before. */
export async function writeConfig(file: string, config: ConfigFile): Promise<void> {
  const content = `# A Trefoil node. Relative paths count from the folder of this file.\n${stringify(configFile.parse(config))}\n`;
  const draft = `${file}.${randomUUID()}.draft`;
  await writeFile(draft, content);
  await rename(draft, file);
}

/** Error: CONFIG_INVALID, `field: what is wrong`. */
export function parseConfig(content: string): Result<NodeConfig, ConfigError> {
  let table: unknown;
  try {
    table = parse(content);
  } catch (error) {
    return fail('CONFIG_INVALID', error instanceof Error ? error.message.trimEnd() : String(error));
  }
  const parsed = configFile.safeParse(table);
  return parsed.success ? ok(parsed.data) : fail('CONFIG_INVALID', describeIssue(parsed.error));
}

function describeIssue(error: z.ZodError): string {
  const issue = present(error.issues[0], 'an issue of a failed parse');
  if (issue.code === 'unrecognized_keys') return `${fieldOf([...issue.path, issue.keys[0] ?? ''])}: unknown field`;
  return `${fieldOf(issue.path)}: ${issue.message}`;
}

/** `p2p.bootstrap[2]`. */
const fieldOf = (steps: readonly PropertyKey[]): string =>
  steps
    .map((step, depth) => (typeof step === 'number' ? `[${step}]` : `${depth === 0 ? '' : '.'}${String(step)}`))
    .join('');

function withAbsolutePaths(config: NodeConfig, folder: string): NodeConfig {
  const { keys, log } = config;
  const inFolder = (file: string): string => resolve(folder, file);
  return {
    ...config,
    genesis: resolve(folder, config.genesis),
    data_dir: resolve(folder, config.data_dir),
    keys:
      'development' in keys
        ? keys
        : {
            rotated: keys.rotated,
            node: inFolder(keys.node),
            ...(keys.validator !== undefined && { validator: inFolder(keys.validator) }),
          },
    log: { ...log, ...(log.file !== undefined && { file: resolve(folder, log.file) }) },
  };
}

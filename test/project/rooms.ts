/** The order of the rooms, and what each may import. The design's section 7, as rules. */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Import } from './imports.ts';

/** A room imports only from itself and the rooms before it. */
const ROOMS = [
  'base',
  'codec',
  'crypto',
  'ledger',
  'consensus',
  'forensics',
  'pow',
  'api',
  'driver',
  'strategies',
  'storage',
  'network',
  'simulator',
  'compare',
  'miners',
  'rpc',
  'node',
  'client',
  'cli',
] as const;

/** Inside of a large room: its folders and files, each of which imports only from itself and those before it. */
const INSIDE: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'driver',
    [
      'ports.ts',
      'limits.ts',
      'wire',
      'stored',
      'state',
      'durability',
      'fairness',
      'peers',
      'bodies',
      'transactions',
      'sync',
      'agreement',
      'reception.ts',
      'assembly.ts',
      'reports.ts',
      'driver.ts',
    ],
  ],
  ['simulator', ['world', 'checkers', 'events.ts', 'simulation.ts', 'faults', 'story', 'search', 'transcripts']],
]);

/** What the client may use: it runs in browsers, on machines that trust no node. */
const CLIENT_MAY_USE: readonly string[] = ['base', 'codec', 'crypto', 'ledger', 'consensus', 'api', 'client'];

/** Packages of the pure rooms: encodings, schemas, portable cryptography and streams of chance from a seed, pure themselves. */
const PURE_PACKAGES = /^(?:@chainsafe\/ssz|@noble\/[\w-]+|@scure\/base|pure-rand|zod)(?:\/|$)/;

export interface SourceFile {
  /** Path from the project's root, with slashes. */
  readonly path: string;
  readonly imports: readonly Import[];
}

export interface Rules {
  /** Files that compile without Node's types: those of tsconfig.pure.json. */
  readonly isPure: (path: string) => boolean;
}

const rank = (room: string): number => ROOMS.findIndex((known) => known === room);

const roomOf = (path: string): string => path.split('/')[1] ?? '';

/** The folder or file of its room that a path lies in. */
const entryOf = (path: string): string => path.split('/')[2] ?? '';

/** Path of the project file that a relative specifier means; undefined for packages and built-in modules. */
export function targetOf(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
}

/** What is wrong with a file, one sentence for each, beginning with `path:line`. */
export function complaintsAbout(file: SourceFile, rules: Rules): string[] {
  const complaints = complaintsAboutName(file.path);
  for (const { specifier, line } of file.imports) {
    const complaint =
      specifier === undefined ? 'imports what only running it tells' : about(file.path, specifier, rules);
    if (complaint !== undefined) complaints.push(`${file.path}:${line} ${complaint}`);
  }
  return complaints;
}

function complaintsAboutName(path: string): string[] {
  const complaints: string[] = [];
  const room = roomOf(path);
  if (!ROOMS.some((known) => known === room)) complaints.push(`${path} is in no known room`);
  if (INSIDE.get(room)?.includes(entryOf(path)) === false)
    complaints.push(`${path} has no place in the order of ${room}`);
  const name = posix.basename(path);
  if (/^index\.[cm]?tsx?$/.test(name)) complaints.push(`${path} is a barrel`);
  if (/^(?:utils?|helpers?|misc|common)\./.test(name)) complaints.push(`${path} has a name that says nothing`);
  return complaints;
}

function about(path: string, specifier: string, rules: Rules): string | undefined {
  const target = targetOf(path, specifier);
  return target === undefined ? aboutPackage(path, specifier, rules) : aboutArrow(path, target, rules);
}

function aboutPackage(path: string, specifier: string, rules: Rules): string | undefined {
  const room = roomOf(path);
  const isBuiltin = specifier.startsWith('node:') || builtinModules.includes(specifier);
  if (rules.isPure(path)) {
    return PURE_PACKAGES.test(specifier) ? undefined : `is pure and may not import '${specifier}'`;
  }
  if (isBuiltin && (room === 'client' || room === 'api')) return `runs in browsers and may not import '${specifier}'`;
  if (isBuiltin && !specifier.startsWith('node:')) return `imports '${specifier}' without 'node:'`;
  return undefined;
}

function aboutArrow(path: string, target: string, rules: Rules): string | undefined {
  if (!target.startsWith('src/')) return `reaches out of src for ${target}`;
  const [room, targetRoom] = [roomOf(path), roomOf(target)];
  if (rules.isPure(path) && !rules.isPure(target)) return `is pure and may not import ${target}, which is not`;
  if (room === 'client') {
    if (!CLIENT_MAY_USE.includes(targetRoom)) return `runs in browsers and may not import ${target}`;
    if (targetRoom === 'crypto' && !rules.isPure(target)) return `runs in browsers and may not import ${target}`;
  }
  if (room === targetRoom) return aboutInside(room, entryOf(path), target);
  return rank(targetRoom) < rank(room) ? undefined : `runs up: ${room} may not import ${target}`;
}

function aboutInside(room: string, entry: string, target: string): string | undefined {
  const order = INSIDE.get(room);
  if (order === undefined || order.indexOf(entryOf(target)) <= order.indexOf(entry)) return undefined;
  return `runs up: ${room}/${entry} may not import ${target}`;
}

/** One cycle of imports, as the paths along it, or undefined. */
export function findCycle(files: readonly SourceFile[]): string[] | undefined {
  const arrows = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.flatMap(({ specifier }) => (specifier === undefined ? [] : (targetOf(path, specifier) ?? []))),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const target of arrows.get(path) ?? []) {
      const cycle = visit(target, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/**
 * How commands speak: the answer on stdout (with --json one JSON object and nothing else), progress and errors on stderr,
 * colours only where a person looks at a terminal.
 */
import picocolors from 'picocolors';
import { InvariantViolation } from '../base/invariant.ts';
import { ClientError } from '../client/errors.ts';

/** Exit codes, as scripts may rely on them. */
export const EXIT = { done: 0, failed: 1, usage: 2, timedOut: 3, violated: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type Colours = ReturnType<typeof picocolors.createColors>;

/** What a command has to say when it is done. */
export interface Answer {
  /** For scripts. Amounts are bigints here and decimal strings in the output. */
  readonly json: object;
  /** For people; without the last line break. */
  readonly text: string;
  readonly exitCode?: ExitCode;
}

/** Runs a command and prints its answer; undefined when the command has printed it and gone on. */
export type Run = (action: (output: Output) => Promise<Answer | undefined>) => Promise<void>;

/** Why a command could not do what it was asked. Everything a command throws on purpose. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;
  readonly hint: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, hint: string, exitCode: ExitCode = EXIT.failed) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Terminal {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const CLEAR_LINE = '\r\u001b[K';

export class Output {
  readonly json: boolean;
  /** For text on stdout. */
  readonly colours: Colours;
  readonly #terminal: Terminal;
  #hasLiveLine = false;

  constructor(terminal: Terminal, json: boolean) {
    this.json = json;
    this.#terminal = terminal;
    this.colours = coloursOf(terminal, terminal.stdout);
  }

  answer({ json, text }: Answer): void {
    if (this.#hasLiveLine) this.#terminal.stderr.write(CLEAR_LINE);
    this.#hasLiveLine = false;
    this.#terminal.stdout.write(this.json ? `${toJson(json)}\n` : `${text}\n`);
  }

  /** A line about what is going on. */
  progress(line: string): void {
    this.#terminal.stderr.write(`${this.#hasLiveLine ? CLEAR_LINE : ''}${line}\n`);
    this.#hasLiveLine = false;
  }

  /** A line that the next one replaces. Only on a terminal; elsewhere use `progress` now and then. */
  live(line: string): void {
    // A terminal that does not know its width says 0.
    const width = this.#terminal.stderr.columns || 80;
    this.#terminal.stderr.write(`${CLEAR_LINE}${line.slice(0, width - 1)}`);
    this.#hasLiveLine = true;
  }

  /** Whether a person watches the progress. */
  get isLive(): boolean {
    return this.#terminal.stderr.isTTY === true;
  }

  error(error: CommandError): void {
    const { code, message, hint } = error;
    if (this.json) {
      this.#terminal.stdout.write(`${toJson({ error: { code, message, hint } })}\n`);
      return;
    }
    const { red, dim } = coloursOf(this.#terminal, this.#terminal.stderr);
    this.#terminal.stderr.write(`${red(`error ${code}:`)} ${message}\n${dim('hint:')} ${hint}\n`);
  }
}

/** https://no-color.org: any value but the empty one. */
function coloursOf({ env }: Terminal, sink: Sink): Colours {
  const refused = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  return picocolors.createColors(sink.isTTY === true && !refused);
}

/** One line. */
const toJson = (value: object): string =>
  JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? String(field) : field));

function exitCodeOf({ code }: ClientError): ExitCode {
  if (code === 'TIMED_OUT') return EXIT.timedOut;
  return code === 'BAD_PROOF' ? EXIT.violated : EXIT.failed;
}

/** Any failure as what a person is told. */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof ClientError) {
    return new CommandError(error.code, error.message, error.hint, exitCodeOf(error));
  }
  const reported = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const code = error instanceof InvariantViolation ? 'INVARIANT' : 'INTERNAL';
  return new CommandError(code, reported, 'This is a bug in Trefoil; please report it with the lines above.');
}

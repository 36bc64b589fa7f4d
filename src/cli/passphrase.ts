/** Passphrases: from a file, or typed by a person without being shown. Never from the command line, which others can read. */
import { readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError } from './output.ts';

const FILE_BYTES_MAX = 4096;

export interface PassphraseSource {
  readonly file: string | undefined;
  /** What a person is asked. */
  readonly prompt: string;
}

/** Throws CommandError: PASSPHRASE_NEEDED, PASSPHRASE_UNREADABLE, PASSPHRASE_EMPTY. */
export async function readPassphrase({ file, prompt }: PassphraseSource): Promise<string> {
  const passphrase = file === undefined ? await ask(prompt) : readFile(file);
  if (passphrase !== '') return passphrase;
  throw new CommandError('PASSPHRASE_EMPTY', 'the passphrase is empty', 'Choose one that nobody guesses.');
}

/** For a new key: typed twice, since it is not seen. */
export async function newPassphrase(file: string | undefined, name: string): Promise<string> {
  const passphrase = await readPassphrase({ file, prompt: `New passphrase for ${name}: ` });
  if (file !== undefined || passphrase === (await ask('Once more: '))) return passphrase;
  throw new CommandError('PASSPHRASES_DIFFER', 'the two passphrases differ', 'Try again.');
}

function readFile(path: string): string {
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw new Error(`longer than ${FILE_BYTES_MAX} bytes`);
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const message = `${path}: ${error instanceof Error ? error.message : String(error)}`;
    throw new CommandError('PASSPHRASE_UNREADABLE', message, 'Name a file that holds the passphrase and nothing else.');
  }
}

async function ask(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new CommandError(
      'PASSPHRASE_NEEDED',
      'a passphrase is needed and nobody is there to ask',
      'Use --passphrase-file.',
    );
  }
  process.stderr.write(prompt);
  // What is typed is echoed to a place where nobody looks.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const interrupted = new AbortController();
  lines.on('SIGINT', () => interrupted.abort());
  try {
    return await lines.question('', { signal: interrupted.signal });
  } catch {
    throw new CommandError('CANCELLED', 'no passphrase given', 'Nothing was changed.');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

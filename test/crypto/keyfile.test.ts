import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readKeyFile, writeKeyFile } from '../../src/crypto/keyfile.ts';

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe.skipIf(process.platform === 'win32')('key files (where files have modes)', () => {
  let root: string;
  let folder: string;
  let path: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'trefoil-keyfile-'));
    folder = join(root, 'keys');
    path = join(folder, 'validator.json');
  });
  afterEach(() => rm(root, { recursive: true }));

  it('reads what was written: 0600 in a folder 0700, and nothing else is left there', async () => {
    expect(await writeKeyFile(path, 'secret\n')).toEqual({ ok: true, value: undefined });
    expect(await readKeyFile(path)).toEqual({ ok: true, value: 'secret\n' });
    expect(await modeOf(path)).toBe('600');
    expect(await modeOf(folder)).toBe('700');
    expect(await readdir(folder)).toEqual(['validator.json']);
  });

  it('a lax umask does not show', async () => {
    const before = process.umask(0);
    try {
      await writeKeyFile(path, 'secret');
    } finally {
      process.umask(before);
    }
    expect([await modeOf(path), await modeOf(folder)]).toEqual(['600', '700']);
  });

  it('a key is never overwritten', async () => {
    await writeKeyFile(path, 'first');
    expect(await writeKeyFile(path, 'second')).toMatchObject({ ok: false, error: { code: 'ALREADY_EXISTS' } });
    expect(await readKeyFile(path)).toEqual({ ok: true, value: 'first' });
    expect(await readdir(folder)).toEqual(['validator.json']);
  });

  it('of many writers at once one wins, whole', async () => {
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(1_000));
    const results = await Promise.all(texts.map((text) => writeKeyFile(path, text)));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await readKeyFile(path)).toEqual({ ok: true, value: texts[results.findIndex(({ ok }) => ok)] });
  });

  it.each([0o640, 0o604, 0o644, 0o620, 0o601, 0o666])('a file of mode %o is refused', async (mode) => {
    await writeKeyFile(path, 'secret');
    await chmod(path, mode);
    const result = await readKeyFile(path);
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'INSECURE_MODE', hint: expect.stringContaining('chmod 600') },
    });
    if (!result.ok) expect(result.error.message).toContain(path);
  });

  it.each([0o750, 0o701, 0o777])('a folder of mode %o is refused, to read and to write', async (mode) => {
    await writeKeyFile(path, 'secret');
    await chmod(folder, mode);
    const refusal = { ok: false, error: { code: 'INSECURE_MODE', hint: expect.stringContaining('chmod 700') } };
    expect(await readKeyFile(path)).toMatchObject(refusal);
    expect(await writeKeyFile(join(folder, 'node.json'), 'secret')).toMatchObject(refusal);
    expect(await readdir(folder)).toEqual(['validator.json']);
  });

  it('a stricter mode is welcome', async () => {
    await writeKeyFile(path, 'secret');
    await chmod(path, 0o400);
    expect(await readKeyFile(path)).toEqual({ ok: true, value: 'secret' });
  });

  it('through a link, the mode of the file itself counts', async () => {
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(root, 'elsewhere'), 'secret', { mode: 0o644 });
    await symlink(join(root, 'elsewhere'), path);
    expect(await readKeyFile(path)).toMatchObject({ ok: false, error: { code: 'INSECURE_MODE' } });
  });

  it('no file, a folder, and a file that is too large are told apart from keys', async () => {
    expect(await readKeyFile(path)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
    await mkdir(path, { recursive: true, mode: 0o700 });
    expect(await readKeyFile(path)).toMatchObject({ ok: false, error: { code: 'NOT_A_KEY_FILE' } });
    await writeFile(join(folder, 'large'), new Uint8Array(65_537), { mode: 0o600 });
    expect(await readKeyFile(join(folder, 'large'))).toMatchObject({ ok: false, error: { code: 'NOT_A_KEY_FILE' } });
  });

  it('a folder that cannot be made is an error, not an exception', async () => {
    await writeFile(folder, 'in the way');
    expect(await writeKeyFile(join(folder, 'deeper', 'key'), 'secret')).toMatchObject({
      ok: false,
      error: { code: 'IO_ERROR' },
    });
  });
});

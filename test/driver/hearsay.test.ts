/** What nodes keep of what others signed, so that culprits of a fork can be named. */
import { expect, test } from 'vitest';
import { nobodyLied } from '../forensics/nobody.ts';
import { readTranscript } from '../../src/driver/durability/hearsay.ts';
import { HEARD_HEIGHTS, HEARD_VIEWS } from '../../src/driver/limits.ts';
import { read } from '../../src/driver/stored/reading.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { kindOfBytes } from '../../src/driver/wire/wire.ts';
import { EMPTY_TRANSCRIPT, type Transcript } from '../../src/forensics/transcript.ts';
import { EVIDENCE_EPOCHS_MAX } from '../../src/ledger/limits.ts';
import { Cluster } from './cluster.ts';

function heardBy(cluster: Cluster, index: number): Transcript {
  let heard: Transcript = EMPTY_TRANSCRIPT;
  read(cluster.node(index).disk, readTranscript(), (result) => {
    if (result.ok) heard = result.value;
  });
  cluster.run(50);
  return heard;
}

test('COMMITs of each body that was committed here, the NEW-VIEW of each view that was entered, and certificates', () => {
  const cluster = new Cluster(4, ({ consensus }) => Object.assign(consensus, { idleBlockMs: 100 }));
  // The primary of view 0 proposes nothing from some height on.
  cluster.link = (from, _to, bytes) =>
    from !== 0 || kindOfBytes(bytes) !== 'pre-prepare' || cluster.node(1).blocks.length < 3;
  cluster.startAll();
  expect(cluster.until(() => [1, 2, 3].every((index) => cluster.node(index).blocks.length >= 6), 60_000)).toBe(true);
  cluster.run(50);
  const heard = [1, 2].map((index) => heardBy(cluster, index));
  for (const { commits, newViews, certificates } of heard) {
    const heights = commits.map(({ height }) => height as number);
    expect(heights).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 6]));
    expect(new Set(heights).size).toBe(heights.length);
    expect(newViews.map(({ newView }) => newView.view as number)).toContain(1);
    expect(certificates.map(({ height }) => height as number)).toEqual(expect.arrayContaining([1, 2, 3, 4, 5]));
  }
  expect(nobodyLied(cluster.genesis, heard)).toEqual([]);
});

test('rings, whose keys are used again', () => {
  expect(KEYS.heardCommits((HEARD_HEIGHTS + 7) as never)).toBe(KEYS.heardCommits(7 as never));
  expect(KEYS.heardNewView(EVIDENCE_EPOCHS_MAX as never, HEARD_VIEWS as never)).toBe(
    KEYS.heardNewView(0 as never, 0 as never),
  );
  expect(KEYS.heardCommits(8 as never)).not.toBe(KEYS.heardCommits(7 as never));
});

// It would keep a validator from starting for the sake of what it never reads.
test('damaged, it is left out, and what is sound is read', () => {
  const cluster = new Cluster(4, ({ consensus }) => Object.assign(consensus, { idleBlockMs: 100 }));
  cluster.startAll();
  expect(cluster.until(() => cluster.node(1).blocks.length >= 3, 10_000)).toBe(true);
  const before = heardBy(cluster, 1).commits.length;
  const key = KEYS.heardCommits(2 as never);
  cluster.node(1).disk.write([{ kind: 'put', key, value: Uint8Array.of(1) }], () => undefined);
  cluster.crash(1);
  cluster.run(1);
  expect(heardBy(cluster, 1).commits).toHaveLength(before - 1);
  cluster.start(1);
  expect(cluster.until(() => cluster.node(1).blocks.length >= 6, 20_000)).toBe(true);
});

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, expect, test } from 'vitest';

import { writePoints } from '../../../../src/editor/metrics/writePoints.ts';
import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { OpenLog } from '../../../../src/engine/log/openLog.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { until } from '../../../fixtures/log/openedLog.ts';

const scanScript = fileURLToPath(new URL('../../../../src/engine/log/scan/scanWorker.ts', import.meta.url));
const work = workFolder();
const path = join(work.path, 'train.log');
const csv = join(work.path, 'train.csv');

afterAll(() => {
  work.remove();
});

async function pointsWritten(log: OpenLog): Promise<string> {
  await writeFile(csv, '');
  try {
    const goal = { kind: 'csv', patterns: [], names: null, path: csv } as const;
    await writePoints(log, goal, new AbortController().signal, () => undefined);
    return await readFile(csv, 'utf8');
  } finally {
    await log.close();
  }
}

test('all points of a log are written', async () => {
  await writeFile(path, 'step 1 loss=0.5\nstep 2 loss=0.25\n');
  const rows = await pointsWritten(new OpenLog(new FileSource(path), systemClock, scanScript));
  expect(rows.trim().split('\n')).toHaveLength(2);
});

test('nothing is waited for of a log that is not there', async () => {
  const log = new OpenLog(new FileSource(join(work.path, 'never.log')), systemClock, scanScript);
  await expect(pointsWritten(log)).rejects.toThrow('This file is not there any more.');
});

test('nothing is waited for of a log that is there no longer', async () => {
  await writeFile(path, 'step 1 loss=0.5\n'.repeat(10_000));
  const log = new OpenLog(new FileSource(path), systemClock, scanScript);
  void log.follow();
  await until(log, () => log.outline.counted);
  await rm(path);
  await until(log, () => log.outline.problem !== null);
  await expect(pointsWritten(log)).rejects.toThrow('This file is not there any more.');
});

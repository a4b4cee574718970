import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, expect, test, vi } from 'vitest';

import { parseUserPatterns } from '../../../../src/core/metrics/userPattern.ts';
import { RunCurves } from '../../../../src/editor/metrics/runCurves.ts';
import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { OpenLog } from '../../../../src/engine/log/openLog.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';

const scanScript = fileURLToPath(new URL('../../../../src/engine/log/scan/scanWorker.ts', import.meta.url));
const work = workFolder();
const path = join(work.path, 'train.log');
let curves: RunCurves | undefined;

afterEach(() => {
  curves?.dispose();
});

afterAll(() => {
  work.remove();
});

/** What a panel would know by now: name to how many points. */
class Known {
  readonly #lengths = new Map<string, number>();
  resets = 0;
  mostTogether = 0;

  take(from: RunCurves): Readonly<Record<string, number>> {
    for (const { anew, series } of from.take()) {
      if (anew) {
        this.resets += 1;
        this.#lengths.clear();
      }
      this.mostTogether = Math.max(this.mostTogether, series.length);
      for (const { name, length } of series) {
        this.#lengths.set(name, length);
      }
    }
    return Object.fromEntries(this.#lengths);
  }
}

test('hundreds of metrics come in messages of a few, none of them lost', async () => {
  const names = Array.from({ length: 400 }, (_, index) => `loss_${index}`);
  const line = (step: number): string => `step ${step} ${names.map((name) => `${name}=${step}.5`).join(' ')}\n`;
  await writeFile(path, `${line(1)}${line(2)}`);
  const looked = new RunCurves(new OpenLog(new FileSource(path), systemClock, scanScript), [], () => undefined);
  curves = looked;
  const known = new Known();
  await vi.waitFor(
    () => {
      expect(known.take(looked)).toEqual(Object.fromEntries(names.map((name) => [name, 2])));
    },
    { timeout: 20_000, interval: 20 },
  );
  expect(known.mostTogether).toBe(16);
  expect(known.resets).toBe(1);
});

test(
  'a pattern that never ends is named and left out, and what is found without it stays',
  { timeout: 60_000 },
  async () => {
    await writeFile(path, `step 1 loss 3.5\nstep 2 loss 2.5\n${'a'.repeat(60)}!\n`);
    const known = new Known();
    const { patterns } = parseUserPatterns({ slow: '(?<value>(?:a+)+)$' });
    const looked = new RunCurves(new OpenLog(new FileSource(path), systemClock, scanScript), patterns, () => undefined);
    curves = looked;
    await vi.waitFor(
      () => {
        expect(looked.problem).toContain('slow');
        expect(known.take(looked)).toEqual({ loss: 2 });
      },
      { timeout: 50_000, interval: 100 },
    );
    expect(looked.progress).toBe(1);
  },
);

test('follows a log, and begins anew when it is rewritten', async () => {
  await writeFile(path, 'step 1 loss 3.5\nstep 2 loss 2.5\n');
  const changed = vi.fn<() => void>();
  const looked = new RunCurves(new OpenLog(new FileSource(path), systemClock, scanScript), [], changed);
  curves = looked;
  const known = new Known();
  const knows = async (expected: Readonly<Record<string, number>>): Promise<void> => {
    await vi.waitFor(
      () => {
        expect(known.take(looked)).toEqual(expected);
        expect(looked.progress).toBe(1);
      },
      { timeout: 20_000, interval: 20 },
    );
  };
  await knows({ loss: 2 });
  await appendFile(path, 'step 3 loss 1.5\nstep 1 acc 0.5\nstep 2 acc 0.6\n');
  await knows({ loss: 3, acc: 2 });
  expect(known.resets).toBe(1);
  await truncate(path, 0);
  await knows({});
  await appendFile(path, 'step 1 ppl 30\nstep 2 ppl 29\n');
  await knows({ ppl: 2 });
  expect(known.resets).toBeGreaterThan(1);
  expect(changed).toHaveBeenCalled();
  expect(looked.problem).toBeNull();
});

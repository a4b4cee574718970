import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { sampledCurve } from '../../../src/engine/runCurve.ts';
import { workFolder } from '../../fixtures/engine/engineParts.ts';

const work = workFolder();
const { signal } = new AbortController();

afterAll(() => {
  work.remove();
});

function file(name: string, content: string): string {
  const path = join(work.path, name);
  writeFileSync(path, content);
  return path;
}

const steps = (count: number, text: (step: number) => string): string =>
  Array.from({ length: count }, (_, step) => `${text(step)}\n`).join('');

test('of a short log every point counts, and the loss is what people look at first', async () => {
  const path = file(
    'short.log',
    steps(3_000, (step) => `step ${step} | lr 1e-4 | loss ${3 - step / 1_000}`),
  );
  const curve = await sampledCurve([path], signal);
  expect([curve?.name, curve?.length]).toEqual(['loss', 3_000]);
});

test('of a long log there are points from its start to its end, and none of half a line', async () => {
  const path = file(
    'long.log',
    steps(200_000, (step) => `step ${step} | loss ${step}.25 and some more text to make it long`),
  );
  const curve = await sampledCurve([path], signal);
  const points = curve?.points() ?? [];
  expect(curve?.length).toBeLessThan(100_000);
  expect(points[0]?.firstX).toBe(0);
  expect(points.at(-1)?.lastX).toBe(199_999);
  expect(points.every(({ firstX, lastX, min, max }) => min === firstX + 0.25 && max === lastX + 0.25)).toBe(true);
});

test('of a bar that never ends its line there are points to its newest', async () => {
  const path = file(
    'bar.log',
    Array.from(
      { length: 60_000 },
      (_, step) => `step ${step} | loss ${step}.25 and some more text to make it long\r`,
    ).join(''),
  );
  const points = (await sampledCurve([path], signal))?.points() ?? [];
  expect(points.at(-1)?.lastX).toBe(59_999);
  expect(points.every(({ firstX, lastX, min, max }) => min === firstX + 0.25 && max === lastX + 0.25)).toBe(true);
});

test('of many streams only some are looked at, each at its beginning and its end', async () => {
  const text = steps(5_000, (step) => `step ${step} | loss 0.25 and some more text to make it long`);
  const some = Array.from({ length: 32 }, (_, index) => file(`stream${index}.log`, text));
  const others = Array.from({ length: 1_000 }, () => join(work.path, 'none.log'));
  const points = (await sampledCurve([...some, ...others], signal))?.points() ?? [];
  expect([points[0]?.firstX, points.at(-1)?.lastX]).toEqual([0, 4_999]);
});

test('the stream that has more to tell is chosen', async () => {
  const few = file('stderr.log', 'step 1 loss 2\nstep 2 loss 1\n');
  const many = file(
    'stdout.log',
    steps(10, (step) => `step ${step} loss 1.5`),
  );
  expect((await sampledCurve([few, many], signal))?.length).toBe(10);
});

test('there is none without a metric, a file that is not there says so, and it can be given up', async () => {
  expect(await sampledCurve([file('plain.log', 'hello\nworld\n'), file('empty.log', '')], signal)).toBeNull();
  await expect(sampledCurve([join(work.path, 'none.log')], signal)).rejects.toThrow('ENOENT');
  await expect(sampledCurve([file('any.log', 'x\n')], AbortSignal.abort())).rejects.toThrow('aborted');
});

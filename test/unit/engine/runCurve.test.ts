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

const curveOf = async (streams: readonly string[], until: AbortSignal) =>
  await sampledCurve({ streams, isAtRest: false }, [], until);

const steps = (count: number, text: (step: number) => string): string =>
  Array.from({ length: count }, (_, step) => `${text(step)}\n`).join('');

test('of a short log every point counts, and the loss is what people look at first', async () => {
  const path = file(
    'short.log',
    steps(3_000, (step) => `step ${step} | lr 1e-4 | loss ${3 - step / 1_000}`),
  );
  const curve = await curveOf([path], signal);
  expect([curve?.name, curve?.length]).toEqual(['loss', 3_000]);
});

test('of a long log there are points from its start to its end, and none of half a line', async () => {
  const path = file(
    'long.log',
    steps(200_000, (step) => `step ${step} | loss ${step}.25 and some more text to make it long`),
  );
  const curve = await curveOf([path], signal);
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
  const points = (await curveOf([path], signal))?.points() ?? [];
  expect(points.at(-1)?.lastX).toBe(59_999);
  expect(points.every(({ firstX, lastX, min, max }) => min === firstX + 0.25 && max === lastX + 0.25)).toBe(true);
});

test('the last line counts without a line feed once nothing more is expected, in files of any length', async () => {
  for (const count of [10, 200_000]) {
    const path = file(
      `rest${count}.log`,
      `${steps(count, (step) => `step ${step} | loss 0.25`)}step ${count} | loss 0.125`,
    );
    const last = async (isAtRest: boolean) =>
      (await sampledCurve({ streams: [path], isAtRest }, [], signal))?.points().at(-1);
    expect(await last(true)).toMatchObject({ lastX: count, last: 0.125 });
    expect(await last(false)).toMatchObject({ lastX: count - 1, last: 0.25 });
  }
});

test('what people do not want to see is not chosen', async () => {
  const path = file('hidden.log', 'step 1 loss 2 acc 0.1\nstep 2 loss 1 acc 0.2\n');
  const log = { streams: [path], isAtRest: true };
  expect((await sampledCurve(log, [], signal))?.name).toBe('loss');
  expect((await sampledCurve(log, ['loss'], signal))?.name).toBe('acc');
  expect(await sampledCurve(log, ['loss', 'acc'], signal)).toBeNull();
});

test('of many streams only some are looked at, each at its beginning and its end', async () => {
  const text = steps(5_000, (step) => `step ${step} | loss 0.25 and some more text to make it long`);
  const some = Array.from({ length: 32 }, (_, index) => file(`stream${index}.log`, text));
  const others = Array.from({ length: 1_000 }, () => join(work.path, 'none.log'));
  const points = (await curveOf([...some, ...others], signal))?.points() ?? [];
  expect([points[0]?.firstX, points.at(-1)?.lastX]).toEqual([0, 4_999]);
});

test('the stream that has more to tell is chosen', async () => {
  const few = file('stderr.log', 'step 1 loss 2\nstep 2 loss 1\n');
  const many = file(
    'stdout.log',
    steps(10, (step) => `step ${step} loss 1.5`),
  );
  expect((await curveOf([few, many], signal))?.length).toBe(10);
});

test('there is none without a metric, a file that is not there says so, and it can be given up', async () => {
  expect(await curveOf([file('plain.log', 'hello\nworld\n'), file('empty.log', '')], signal)).toBeNull();
  await expect(curveOf([join(work.path, 'none.log')], signal)).rejects.toThrow('ENOENT');
  await expect(curveOf([file('any.log', 'x\n')], AbortSignal.abort())).rejects.toThrow('aborted');
});

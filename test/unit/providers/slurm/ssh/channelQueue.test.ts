import { expect, test } from 'vitest';

import { ChannelQueue } from '../../../../../src/providers/slurm/ssh/channelQueue.ts';

const signal = new AbortController().signal;

/** Asks for a channel; `held` when it came. */
function ask(
  queue: ChannelQueue,
  longLived: boolean,
  until = signal,
): { held: (() => void) | null; readonly done: Promise<unknown> } {
  const asked: { held: (() => void) | null; readonly done: Promise<unknown> } = {
    held: null,
    done: queue.acquire(longLived, until).then((release) => {
      asked.held = release;
    }),
  };
  return asked;
}

const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('six are held at once, and the next comes first in the order it asked', async () => {
  const queue = new ChannelQueue();
  const asked = Array.from({ length: 9 }, () => ask(queue, false));
  await settled();
  expect(asked.map(({ held }) => held !== null)).toEqual([true, true, true, true, true, true, false, false, false]);
  asked[3]?.held?.();
  asked[3]?.held?.();
  await settled();
  expect(asked.map(({ held }) => held !== null).slice(6)).toEqual([true, false, false]);
});

test('what stays for long leaves room for what does not', async () => {
  const queue = new ChannelQueue();
  const long = Array.from({ length: 5 }, () => ask(queue, true));
  const short = Array.from({ length: 3 }, () => ask(queue, false));
  await settled();
  expect(long.map(({ held }) => held !== null)).toEqual([true, true, true, true, false]);
  expect(short.map(({ held }) => held !== null)).toEqual([true, true, false]);
  short[0]?.held?.();
  await settled();
  expect(long[4]?.held).toBeNull();
  expect(short[2]?.held).not.toBeNull();
});

test('whoever gives up takes no place', async () => {
  const queue = new ChannelQueue();
  const first = Array.from({ length: 6 }, () => ask(queue, false));
  const abort = new AbortController();
  const impatient = ask(queue, false, abort.signal);
  const patient = ask(queue, false);
  abort.abort(new Error('gave up'));
  await expect(impatient.done).rejects.toThrow('gave up');
  await settled();
  first[0]?.held?.();
  await settled();
  expect(patient.held).not.toBeNull();
});

test('a server that opens fewer is asked for fewer', async () => {
  const queue = new ChannelQueue();
  const asked = Array.from({ length: 4 }, () => ask(queue, false));
  await settled();
  expect(queue.shrink(false)).toBe(true);
  asked[3]?.held?.();
  const next = ask(queue, false);
  await settled();
  expect(next.held).toBeNull();
  asked[0]?.held?.();
  await settled();
  expect(next.held).not.toBeNull();
  for (const one of [...asked.slice(1, 3), next]) {
    one.held?.();
  }
  ask(queue, false);
  await settled();
  expect(queue.shrink(false)).toBe(false);
});

test('nobody waits in vain behind what stays for long on a server that opens two', async () => {
  const queue = new ChannelQueue();
  const long = [ask(queue, true), ask(queue, true)];
  const short = ask(queue, false);
  await settled();
  expect([...long, short].every(({ held }) => held !== null)).toBe(true);
  expect(queue.shrink(false)).toBe(false);
  short.held?.();
  // The next is tried, and told so, rather than left to wait.
  const next = ask(queue, false);
  await settled();
  expect(next.held).not.toBeNull();
});

import { describe, expect, it, vi } from 'vitest';

import { CancelWishes } from '../../../src/engine/cancelWishes.ts';
import { scriptedParts, submit } from '../../fixtures/engine/scriptedParts.ts';

const full = (): never => {
  throw new Error('the disk is full');
};

async function runningJob() {
  const parts = scriptedParts();
  await parts.control.setDefaultScript({ life: [{ state: 'queued', forMs: 0 }, { state: 'running' }] });
  const { runId } = await submit(parts);
  const stop = new AbortController();
  return { parts, runId, stop, wishes: new CancelWishes(parts, stop.signal) };
}

describe('a wish to cancel that the store cannot take down', () => {
  it('reaches the provider at once, is told, and is noted as soon as the store can be written again', async () => {
    const { parts, runId, wishes } = await runningJob();
    const request = vi.spyOn(parts.store, 'requestCancel').mockImplementation(full);
    vi.spyOn(parts.store, 'addEvent').mockImplementation(full);

    await expect(wishes.cancel(runId)).rejects.toMatchObject({
      tag: 'transient',
      message: 'The job was asked to end, but this could not be noted. the disk is full',
    });
    expect((await parts.control.jobs()).map(({ state }) => state)).toEqual(['cancelled']);
    expect(parts.store.job(runId)?.cancelRequestedAt).toBeNull();

    await parts.clock.until(() => request.mock.calls.length >= 3);
    request.mockRestore();
    await parts.clock.until(() => parts.store.job(runId)?.cancelRequestedAt !== null);
    await wishes.settled();
  });

  it('reaches the provider later when that does not answer now, although nothing can be noted', async () => {
    const { parts, runId, wishes } = await runningJob();
    await parts.control.addFault({ on: 'cancel', kind: 'fail', tag: 'transient' });
    vi.spyOn(parts.store, 'requestCancel').mockImplementation(full);
    vi.spyOn(parts.store, 'addEvent').mockImplementation(full);

    await expect(wishes.cancel(runId)).rejects.toMatchObject({ tag: 'transient' });
    const states = async () => (await parts.control.jobs()).map(({ state }) => state);
    expect(await states()).toEqual(['running']);
    await parts.clock.until(async () => (await states())[0] === 'cancelled');
  });

  it('is left to others when the window closes', async () => {
    const { parts, runId, stop, wishes } = await runningJob();
    vi.spyOn(parts.store, 'requestCancel').mockImplementation(full);
    await expect(wishes.cancel(runId)).rejects.toThrow();
    stop.abort();
    await expect(wishes.settled()).resolves.toBeUndefined();
  });
});

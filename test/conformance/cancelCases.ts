import { describe, expect, it } from 'vitest';
import { type Harness, never, readLog, rejection, tagOf } from './harness.ts';

export function describeCancel(harness: Harness): void {
  describe('cancel', () => {
    it('ends a running job', async () => {
      const handle = await harness.submit(harness.scenarios.endless.command);
      await readLog(harness.connection, handle, null, 1);
      await harness.connection.cancel(handle, never());
      expect(await harness.end(handle)).toMatchObject({ state: 'cancelled' });
    });

    harness.itWith('holdQueue', 'ends a queued job, which then never starts', async (holdQueue) => {
      const release = await holdQueue();
      const handle = await harness.submit(harness.scenarios.prints.command);
      expect((await harness.observe(handle)).state).toBe('queued');
      await harness.connection.cancel(handle, never());
      await release();
      expect(await harness.end(handle)).toMatchObject({ state: 'cancelled', startedAt: null });
      expect(await readLog(harness.connection, handle)).toEqual([]);
    });

    it('changes nothing after the end', async () => {
      const handle = await harness.submit(harness.scenarios.prints.command);
      const ended = await harness.end(handle);
      await harness.connection.cancel(handle, never());
      expect({ ...(await harness.observe(handle)), observedAt: 0 }).toEqual({ ...ended, observedAt: 0 });
    });

    it('can be asked twice, one after the other and at once', async () => {
      const handle = await harness.submit(harness.scenarios.endless.command);
      const other = await harness.open();
      await harness.connection.cancel(handle, never());
      await Promise.all(
        [harness.connection, other, harness.connection].map(async (connection) => connection.cancel(handle, never())),
      );
      expect(await harness.end(handle)).toMatchObject({ state: 'cancelled' });
    });

    it('races with the end, and whatever comes first stays', async () => {
      for (let round = 0; round < 5; round += 1) {
        const handle = await harness.submit(harness.scenarios.prints.command);
        await harness.connection.cancel(handle, never());
        const ended = await harness.end(handle);
        expect(['cancelled', 'succeeded']).toContain(ended.state);
        await harness.connection.cancel(handle, never());
        expect({ ...(await harness.observe(handle)), observedAt: 0 }).toEqual({ ...ended, observedAt: 0 });
      }
    });

    it('of one job leaves the others alone', async () => {
      const cancelled = await harness.submit(harness.scenarios.endless.command);
      const left = await harness.submit(harness.scenarios.slow.command);
      await harness.connection.cancel(cancelled, never());
      expect((await harness.end(cancelled)).state).toBe('cancelled');
      expect((await harness.end(left)).state).toBe('succeeded');
    });

    harness.itWith('loseReply', 'works though its reply was lost', async (loseReply) => {
      const handle = await harness.submit(harness.scenarios.endless.command);
      await loseReply('cancel');
      expect(tagOf(await rejection(harness.connection.cancel(handle, never())))).toBe('transient');
      expect(await harness.end(handle)).toMatchObject({ state: 'cancelled' });
    });
  });
}

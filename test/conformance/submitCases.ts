import { describe, expect, it } from 'vitest';
import { parseJobSpec } from '../../src/core/jobSpec.ts';
import { type Harness, never, rejection, specFor, tagOf } from './harness.ts';

export function describeSubmit(harness: Harness): void {
  describe('submit', () => {
    it('makes one job of a key that is submitted twice', async () => {
      const input = await harness.prepare(harness.scenarios.prints.command);
      const first = await harness.connection.submit(input, never());
      const second = await harness.connection.submit(input, never());
      expect(second.id).toBe(first.id);
      expect(await harness.count(input.key)).toBe(1);
    });

    it('makes one job of a key that several submit at once', async () => {
      const input = await harness.prepare(harness.scenarios.prints.command);
      const other = await harness.open();
      const both = [harness.connection, other, harness.connection, other, harness.connection];
      const handles = await Promise.all(both.map(async (connection) => connection.submit(input, never())));
      expect(new Set(handles.map(({ id }) => id)).size).toBe(1);
      expect(await harness.count(input.key)).toBe(1);
    });

    it('returns the first job after it has run and ended', async () => {
      const input = await harness.prepare(harness.scenarios.slow.command);
      const first = await harness.connection.submit(input, never());
      await harness.end(first);
      expect((await harness.connection.submit(input, never())).id).toBe(first.id);
      expect(await harness.count(input.key)).toBe(1);
    });

    it('makes another job of another attempt', async () => {
      const key = harness.key();
      const again = { ...key, attempt: 2 };
      harness.own(again);
      const first = await harness.submit(harness.scenarios.prints.command, key);
      const second = await harness.submit(harness.scenarios.prints.command, again);
      expect(second.id).not.toBe(first.id);
      expect([await harness.count(key), await harness.count(again)]).toEqual([1, 1]);
    });

    it('finds nothing before and the job after', async () => {
      const input = await harness.prepare(harness.scenarios.prints.command);
      expect(await harness.connection.find(input.key, never())).toBeNull();
      const handle = await harness.connection.submit(input, never());
      expect(await harness.connection.find(input.key, never())).toEqual(handle);
      const other = await harness.open();
      expect(await other.find(input.key, never())).toEqual(handle);
      expect(await other.find({ ...input.key, attempt: 2 }, never())).toBeNull();
    });

    it('lists the job with its key, handle, name and time', async () => {
      const before = Date.now();
      const key = harness.key();
      const spec = specFor(harness.scenarios.prints.command, { name: 'listed', outputs: ['out/**'] });
      const handle = await harness.submit(spec.command, key, { name: spec.name, outputs: spec.outputs });
      const found = (await harness.connection.list(never())).find((attempt) => attempt.key.runId === key.runId);
      expect(found).toMatchObject({ key, handle, name: 'listed' });
      expect(parseJobSpec(found?.spec)).toEqual({ ok: true, spec });
      // The backend's clock may not be ours.
      expect(Math.abs((found?.createdAt ?? 0) - before)).toBeLessThan(600_000);
    });

    it('gives a handle that survives being stored', async () => {
      const handle = await harness.submit(harness.scenarios.prints.command);
      expect(JSON.parse(JSON.stringify(handle))).toEqual(handle);
    });

    harness.itWith('loseReply', 'finds the job whose reply was lost, and submits no second one', async (loseReply) => {
      const input = await harness.prepare(harness.scenarios.prints.command);
      await loseReply('submit');
      expect(tagOf(await rejection(harness.connection.submit(input, never())))).toBe('transient');
      const found = await harness.connection.find(input.key, never());
      expect(found).not.toBeNull();
      expect(await harness.connection.submit(input, never())).toEqual(found);
      expect(await harness.count(input.key)).toBe(1);
    });

    harness.itWith(
      'loseRequest',
      'finds nothing after a lost request, and submits on asking again',
      async (loseRequest) => {
        const input = await harness.prepare(harness.scenarios.prints.command);
        await loseRequest('submit');
        expect(tagOf(await rejection(harness.connection.submit(input, never())))).toBe('transient');
        expect(await harness.connection.find(input.key, never())).toBeNull();
        await harness.connection.submit(input, never());
        expect(await harness.count(input.key)).toBe(1);
      },
    );

    harness.itWith('duplicateRequest', 'makes one job of a request that arrives twice', async (duplicateRequest) => {
      const input = await harness.prepare(harness.scenarios.prints.command);
      await duplicateRequest('submit');
      await harness.connection.submit(input, never());
      expect(await harness.count(input.key)).toBe(1);
    });

    it('hands secrets to the job and shows them nowhere', async () => {
      const value = 'correct-horse-battery-staple';
      const input = await harness.prepare(
        harness.scenarios.prints.command,
        harness.key(),
        { secrets: ['API_TOKEN'] },
        new Map([['API_TOKEN', value]]),
      );
      const handle = await harness.connection.submit(input, never());
      const observation = await harness.end(handle);
      const listed = await harness.connection.list(never());
      expect(JSON.stringify([input.plan, handle, observation, listed])).not.toContain(value);
    });
  });

  describe('remove', () => {
    it('removes an ended job for good, and twice is fine', async () => {
      const key = harness.key();
      const handle = await harness.submit(harness.scenarios.prints.command, key);
      await harness.end(handle);
      await harness.connection.remove(handle, never());
      await harness.connection.remove(handle, never());
      expect(await harness.connection.find(key, never())).toBeNull();
      expect(await harness.count(key)).toBe(0);
      expect((await harness.connection.observe([handle], never())).has(handle.id)).toBe(false);
    });
  });

  describe('dispose', () => {
    it('leaves the job running', async () => {
      const own = await harness.open();
      const input = await harness.prepare(harness.scenarios.slow.command);
      const handle = await own.submit(input, never());
      await own.dispose();
      expect(await harness.end(handle)).toMatchObject({ state: 'succeeded', exitCode: 0 });
    });

    it('can be done twice', async () => {
      const own = await harness.open();
      await own.list(never());
      await own.dispose();
      await own.dispose();
    });
  });
}

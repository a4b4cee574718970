import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Handle } from '../../src/core/provider.ts';
import { callOnce, makeSubject, methods } from './calls.ts';
import { type Harness, gather, never, readLog, rejection } from './harness.ts';
import { makeSnapshot } from './snapshot.ts';

/** After how many turns of the event loop a call is aborted; the long ones let some calls finish. */
const moments = [0, 1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 256, 1024];

export function describeAbort(harness: Harness): void {
  const expectSuccess = async (handles: readonly Handle[]): Promise<void> => {
    const ends = await Promise.all(handles.map(async (handle) => harness.end(handle)));
    expect(ends.map(({ state }) => state)).toEqual(handles.map(() => 'succeeded'));
  };

  describe('abort', () => {
    it.each(methods)('before %s: rejects with the reason of the signal', async (method) => {
      const subject = await makeSubject(harness);
      const reason = new Error('stopped by the test');
      const call = callOnce(harness.connection, harness, method, subject, AbortSignal.abort(reason));
      expect(await rejection(call)).toBe(reason);
      expect(await harness.connection.find(subject.input.key, never())).toBeNull();
      expect((await harness.observe(subject.handle)).state).toBe('succeeded');
    });

    it.each(methods)('at any moment of %s: rejects with the reason or finishes', async (method) => {
      const subject = await makeSubject(harness);
      for (const turns of moments) {
        const outcome = await abortAfter(turns, async (signal) =>
          callOnce(harness.connection, harness, method, subject, signal),
        );
        expect(['finished', 'aborted']).toContain(outcome);
      }
      await callOnce(harness.connection, harness, method, subject);
    });

    it('at any moment of submit: find tells the truth and no second job comes', async () => {
      const handles: Handle[] = [];
      for (const turns of moments) {
        const input = await harness.prepare(harness.scenarios.prints.command);
        await abortAfter(turns, async (signal) => harness.connection.submit(input, signal));
        const found = await harness.connection.find(input.key, never());
        const handle = await harness.connection.submit(input, never());
        expect(handle).toEqual(found ?? handle);
        expect(await harness.count(input.key)).toBe(1);
        handles.push(handle);
      }
      await expectSuccess(handles);
    });

    it('at any moment of stage: nothing half-sent is taken for whole', async () => {
      const handles: Handle[] = [];
      for (const turns of moments) {
        const { snapshot, dispose } = await makeSnapshot(`abort after ${turns}`);
        try {
          await abortAfter(turns, async (signal) => harness.connection.stage(snapshot, signal, () => undefined));
          const staged = await harness.connection.stage(snapshot, never(), () => undefined);
          const input = await harness.prepare(harness.scenarios.prints.command);
          handles.push(await harness.connection.submit({ ...input, staged }, never()));
        } finally {
          await dispose();
        }
      }
      await expectSuccess(handles);
    });

    it('while the log of a running job waits', async () => {
      const handle = await harness.submit(harness.scenarios.endless.command);
      await readLog(harness.connection, handle, null, 1);
      const outcome = await abortAfter(50, async (signal) => gather(harness.connection.logs(handle, null, signal)));
      expect(outcome).toBe('aborted');
    });

    harness.itWith('hang', 'of a call that is never answered', async (hang) => {
      for (const method of methods) {
        const subject = await makeSubject(harness);
        const untilItHangs = await hang(method);
        const stop = new AbortController();
        const reason = new Error('stopped by the test');
        const call = rejection(callOnce(harness.connection, harness, method, subject, stop.signal));
        await untilItHangs();
        stop.abort(reason);
        expect(await call, method).toBe(reason);
        expect(await harness.connection.find(subject.input.key, never()), method).toBeNull();
      }
    });

    harness.itWith('hangAfterWork', 'of a submit that was done: find has it', async (hangAfterWork) => {
      const input = await harness.prepare(harness.scenarios.prints.command);
      await hangAfterWork('submit');
      const stop = new AbortController();
      const reason = new Error('stopped by the test');
      const submitting = rejection(harness.connection.submit(input, stop.signal));
      while ((await harness.count(input.key)) === 0) {
        await turn();
      }
      stop.abort(reason);
      expect(await submitting).toBe(reason);
      const found = await harness.connection.find(input.key, never());
      expect(await harness.connection.submit(input, never())).toEqual(found);
      expect(await harness.count(input.key)).toBe(1);
    });
  });
}

/** What comes of a call that is aborted after some turns of the event loop: anything but the signal's reason is thrown. */
async function abortAfter(
  turns: number,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<'finished' | 'aborted'> {
  const controller = new AbortController();
  const reason = new Error('stopped by the test');
  const outcome = call(controller.signal).then(
    () => 'finished' as const,
    (error: unknown) => {
      if (error !== reason) {
        throw error;
      }
      return 'aborted' as const;
    },
  );
  // A rejection during the turns must find somebody who listens.
  outcome.catch(() => undefined);
  for (let passed = 0; passed < turns; passed += 1) {
    await turn();
  }
  controller.abort(reason);
  return outcome;
}

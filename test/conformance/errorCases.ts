import { describe, expect } from 'vitest';
import { isProviderError, providerErrorTags } from '../../src/core/providerError.ts';
import { callOnce, makeSubject, methods } from './calls.ts';
import { type Harness, never, rejection } from './harness.ts';

export function describeErrors(harness: Harness): void {
  describe('errors', () => {
    for (const tag of providerErrorTags) {
      harness.itWith('failNext', `${tag}: comes with its tag and the backend's own words`, async (failNext) => {
        const input = await harness.prepare(harness.scenarios.prints.command);
        const raw = await failNext('submit', tag);
        const error = await rejection(harness.connection.submit(input, never()));
        expect(isProviderError(error)).toBe(true);
        expect(error).toMatchObject({ tag, raw });
        expect(await harness.connection.find(input.key, never())).toBeNull();
        await harness.connection.submit(input, never());
        expect(await harness.count(input.key)).toBe(1);
      });
    }

    for (const method of methods) {
      harness.itWith('failNext', `${method}: fails with the tag, and works when asked again`, async (failNext) => {
        const subject = await makeSubject(harness);
        const raw = await failNext(method, 'auth');
        const error = await rejection(callOnce(harness.connection, harness, method, subject));
        expect(error).toMatchObject({ tag: 'auth', raw });
        await callOnce(harness.connection, harness, method, subject);
      });

      harness.itWith('loseRequest', `${method}: a dead connection is transient`, async (loseRequest) => {
        const subject = await makeSubject(harness);
        await loseRequest(method);
        const error = await rejection(callOnce(harness.connection, harness, method, subject));
        expect(error).toMatchObject({ tag: 'transient' });
        await callOnce(harness.connection, harness, method, subject);
      });
    }

    harness.itWith('rateLimitNext', 'rateLimited: says how long to wait', async (rateLimitNext) => {
      await rateLimitNext('list', 1500);
      const error = await rejection(harness.connection.list(never()));
      expect(error).toMatchObject({ tag: 'rateLimited', retryAfterMs: 1500 });
    });
  });
}

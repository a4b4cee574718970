import { Readable } from 'node:stream';
import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bytesOf } from '../../../../src/providers/azure/client/blobs.ts';

describe('the body of an answer of Azure’s storage', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const answer = (body: Readable): Parameters<typeof bytesOf>[0] => ({
    status: 206,
    headers: createHttpHeaders(),
    request: createPipelineRequest({ url: 'https://storage.example/x' }),
    readableStreamBody: body,
  });

  it('is given up as transient when it brings nothing for a minute', async () => {
    const body = new Readable({ read: () => undefined });
    body.push('some');
    const bytes = bytesOf(answer(body), new AbortController().signal);
    expect(Buffer.from((await bytes.next()).value ?? []).toString()).toBe('some');
    // However long whoever reads it takes, that is not the connection's silence.
    await vi.advanceTimersByTimeAsync(300_000);
    const next = bytes.next();
    const refused = expect(next).rejects.toMatchObject({ tag: 'transient', raw: 'Nothing came for 60 s.' });
    await vi.advanceTimersByTimeAsync(60_000);
    await refused;
    expect(body.destroyed).toBe(true);
  });

  it('leaves no timer behind', async () => {
    const body = Readable.from([Buffer.from('all')]);
    const all: Uint8Array[] = [];
    for await (const bytes of bytesOf(answer(body), new AbortController().signal)) {
      all.push(bytes);
    }
    expect(Buffer.concat(all).toString()).toBe('all');
    expect(vi.getTimerCount()).toBe(0);
  });
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type LogItem, streamText } from '../../../../../src/core/logChunk.ts';
import type { Observation } from '../../../../../src/core/provider.ts';
import { JobLogs } from '../../../../../src/providers/azure/logs/jobLogs.ts';
import { handleFor } from '../../../../fixtures/azure/connection.ts';
import { ManualClock } from '../../../../fixtures/engine/manualClock.ts';

describe('logs of a job that Azure prepares', () => {
  it('are those of Azure’s own programs once it takes long', async () => {
    const server = createServer((request, response) => {
      response.writeHead(206, { 'content-length': 5 }).end(request.url?.includes('lifecycler') ? 'pull\n' : 'none\n');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clock = new ManualClock();
    const began = clock.now();
    const logs = new JobLogs({
      observe: async (handles) => new Map(handles.map(({ id }) => [id, { state: 'provisioning' } as Observation])),
      history: {
        details: async () => ({
          status: 'Preparing',
          logFiles: { 'system_logs/lifecycler/lifecycler.log': `${url}/lifecycler` },
        }),
      },
      clock,
    });
    const stop = new AbortController();
    const items: LogItem[] = [];
    const reading = (async () => {
      for await (const item of logs.follow(handleFor('slow'), null, stop.signal)) {
        items.push(item);
        stop.abort(new Error('enough'));
      }
    })();
    await Promise.all([expect(reading).rejects.toThrow('enough'), clock.until(() => items.length > 0)]);
    expect(clock.now() - began).toBeGreaterThan(120_000);
    expect(items.map(({ stream }) => stream && streamText(stream))).toEqual(['lifecycler_lifecycler']);
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
});

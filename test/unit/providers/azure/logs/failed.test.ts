import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { streamText } from '../../../../../src/core/logChunk.ts';
import type { Observation } from '../../../../../src/core/provider.ts';
import { JobLogs } from '../../../../../src/providers/azure/logs/jobLogs.ts';
import { never } from '../../../../conformance/harness.ts';
import { handleFor } from '../../../../fixtures/azure/connection.ts';
import { type HttpStub, startStub } from '../../../../fixtures/azure/httpStub.ts';
import { ManualClock } from '../../../../fixtures/engine/manualClock.ts';

const printed = 'user_logs/std_log.txt';
const ofAzure = 'system_logs/lifecycler/lifecycler.log';
const ofOlderRuntime = 'azureml-logs/75_job_post-tvmps_0a1b_d.txt';

let files: HttpStub;

beforeAll(async () => {
  files = await startStub(({ headers }) => {
    const from = Number(/^bytes=(\d+)-/u.exec(headers.range ?? '')?.[1]);
    return { status: 206, body: 'a line\n'.slice(from) };
  });
});

afterAll(async () => {
  await files.stop();
});

/** Streams of the log of a job that failed so, in order. */
async function streamsOf(message: string, paths: readonly string[]): Promise<readonly string[]> {
  const clock = new ManualClock();
  const logs = new JobLogs({
    observe: async (handles) => new Map(handles.map(({ id }) => [id, { state: 'failed' } as Observation])),
    history: {
      details: async () => ({
        status: 'Failed',
        error: { error: { code: 'UserError', message } },
        logFiles: Object.fromEntries(paths.map((path) => [path, `${files.url}/${path}`])),
      }),
    },
    clock,
  });
  const streams: string[] = [];
  let done = false;
  const reading = (async () => {
    for await (const { stream } of logs.follow(handleFor('failed'), null, never())) {
      streams.push(stream === null ? '' : streamText(stream));
    }
    done = true;
  })();
  await Promise.all([reading, clock.until(() => done)]);
  return streams;
}

describe('the log of a job that failed', () => {
  it.each([
    ['The node was lost.', [printed, ofAzure], ['stdout', 'lifecycler_lifecycler']],
    ['The node was lost.', [printed, ofOlderRuntime], ['stdout', '75_job_post-tvmps_0a1b_d']],
    ["User process 'python' exited with status code 1.", [printed, ofAzure], ['stdout']],
    ["User process 'python' exited with status code 1.", [ofAzure], ['lifecycler_lifecycler']],
  ])('has Azure’s own logs unless the program itself said enough: %s %j', async (message, paths, streams) => {
    expect(await streamsOf(message, paths)).toEqual(streams);
  });
});

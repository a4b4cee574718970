import type { JsonObject } from '../../../src/core/provider.ts';
import type { ScriptedCloud } from './cloud.ts';
import { type Fault, scriptedError } from './fault.ts';
import { contentBytes } from './script.ts';
import type { ScriptedJob } from './scriptedJob.ts';

export interface StreamItem {
  readonly item: JsonObject;
  /** How much a `drop` fault counts it for. */
  readonly bytes: number;
}

/** The job's output from a position on, until the job has ended. */
export async function* followLog(
  cloud: ScriptedCloud,
  job: ScriptedJob,
  from: string,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  let position = from;
  for (;;) {
    cloud.settle(job);
    const read = job.read(position, cloud.clock.now(), cloud.conditions.chunkBytes);
    if (read !== null) {
      yield read;
      position = read.next;
    } else if (job.isEnded) {
      return;
    } else {
      await cloud.changes.next(job.nextChangeAt(position), cloud.clock, signal);
    }
  }
}

const fileChunkBytes = 65_536;

/** A result file in portions. Throws `notFound`. */
export async function* readFile(job: ScriptedJob, path: string): AsyncGenerator<StreamItem> {
  const content = Object.hasOwn(job.files, path) ? job.files[path] : undefined;
  if (content === undefined) {
    throw scriptedError('notFound', `NoSuchKey: ${path}`);
  }
  const bytes = contentBytes(content);
  for (let offset = 0; offset < bytes.length; offset += fileChunkBytes) {
    const chunk = bytes.subarray(offset, offset + fileChunkBytes);
    yield { item: { base64: Buffer.from(chunk).toString('base64') }, bytes: chunk.length };
  }
}

/** Each job as it is and whenever it changes; with `duplicate` everything twice, with `late` the past after the present. */
export async function* watchJobs(
  cloud: ScriptedCloud,
  fault: Fault | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  const seen = new Map<string, string>();
  for (;;) {
    let isQuiet = true;
    for (const job of [...cloud.jobs.values()].filter(({ visibility }) => visibility !== 'omitted')) {
      const { id } = job.identity;
      const observation = cloud.observation(cloud.settle(job), undefined);
      const text = JSON.stringify({ ...observation, observedAt: 0 });
      if (seen.get(id) !== text) {
        seen.set(id, text);
        isQuiet = false;
        yield { item: { id, observation }, bytes: 1 };
        if (fault?.kind === 'duplicate' || fault?.kind === 'late') {
          yield { item: { id, observation: cloud.observation(job, fault) }, bytes: 1 };
        }
      }
    }
    // While something was handed out, something else may have changed.
    if (isQuiet) {
      const times = [...cloud.jobs.values()].map((job) => job.nextChangeAt(null)).filter((time) => time !== null);
      await cloud.changes.next(times.length === 0 ? null : Math.min(...times), cloud.clock, signal);
    }
  }
}

import { eachAtOnce } from '../../core/eachAtOnce.ts';
import type { Clock } from '../../core/ports.ts';
import type { Handle } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import type { Bucket } from './client/bucket.ts';
import type { Jobs } from './client/jobs.ts';
import { dataOf, keyOf } from './handle.ts';
import { labelFilter } from './labels.ts';
import { runFolder } from './paths.ts';

const lookAgainMs = 500;
const goneWithinMs = 30_000;
/** Objects that are deleted at a time. */
const atOnce = 16;

/**
 * Deletes the job, and what the bucket has of the run; the output directory with its models and checkpoints stays. Code stays too:
 * other runs may have the same.
 */
export async function removeJob(
  { jobs, bucket, clock }: { readonly jobs: Jobs; readonly bucket: Bucket; readonly clock: Clock },
  handle: Handle,
  signal: AbortSignal,
): Promise<void> {
  const data = dataOf(handle);
  const key = keyOf(data);
  for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
    const left = await jobs.list(data.region, labelFilter(key), signal);
    if (left.length === 0) {
      break;
    }
    if (waitedMs >= goneWithinMs) {
      throw new ProviderError('transient', 'Vertex AI is still deleting the job.', { raw: left[0]?.state ?? '' });
    }
    if (waitedMs === 0) {
      await Promise.all(left.map(async ({ name }) => jobs.delete(data.region, name, signal)));
    } else {
      await clock.sleep(lookAgainMs, signal);
    }
  }
  const kept = await bucket.list(runFolder(key), signal);
  await eachAtOnce(atOnce, kept, async ({ name }) => {
    await bucket.remove(name, signal);
  });
}

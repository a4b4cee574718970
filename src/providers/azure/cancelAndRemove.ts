import type { Clock } from '../../core/ports.ts';
import type { Handle } from '../../core/provider.ts';
import type { AzureApi } from './client/api.ts';
import { hasStatus } from './client/apiError.ts';
import type { Workspace } from './client/workspace.ts';
import { dataOf } from './handle.ts';
import { stored } from './names.ts';
import { isEnded, stateOf } from './observe/observation.ts';
import { getJob } from './submit/submit.ts';

/** Asks; after the end, or when it is gone, there is nothing to ask for. */
export async function cancelJob(
  api: AzureApi,
  workspaceId: string,
  handle: Handle,
  signal: AbortSignal,
): Promise<void> {
  const path = `${workspaceId}/jobs/${dataOf(handle).name}`;
  const job = await getJob(api, path, signal);
  if (job === null || isEnded(stateOf(job)) || stateOf(job) === 'cancelling') {
    return;
  }
  try {
    await api.call('POST', `${path}/cancel`, {}, signal);
  } catch (error) {
    // It may have ended meanwhile, or somebody else asks as well.
    const now = hasStatus(error, 400, 404, 409, 412) ? await getJob(api, path, signal) : job;
    if (now !== null && !isEnded(stateOf(now)) && stateOf(now) !== 'cancelling') {
      throw error;
    }
  }
}

/** How long Azure may take to delete a job, and how often it is asked, in ms. */
const deletedWithin = 120_000;
const askEvery = 1000;

export interface RemoveDeps {
  readonly api: AzureApi;
  readonly workspace: Workspace;
  /** Resource id. */
  readonly workspaceId: string;
  readonly clock: Clock;
}

/** Deletes the job with its record, results and secrets; code is shared and stays. Already gone is fine. */
export async function removeJob(
  { api, workspace, workspaceId, clock }: RemoveDeps,
  handle: Handle,
  signal: AbortSignal,
): Promise<void> {
  const { name } = dataOf(handle);
  const path = `${workspaceId}/jobs/${name}`;
  const isThere = await deleteJob(api, path, signal);
  const { container } = await workspace.defaultStore(signal);
  await container.delete(stored.secrets(name), signal);
  for await (const blob of container.list(stored.results(name), signal)) {
    await container.delete(blob.name, signal);
  }
  if (isThere) {
    await untilGone(api, path, clock, signal);
  }
}

async function untilGone(api: AzureApi, path: string, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let waited = 0; waited < deletedWithin; waited += askEvery) {
    if ((await getJob(api, path, signal)) === null) {
      return;
    }
    await clock.sleep(waited === 0 ? 100 : askEvery, signal);
  }
}

/** False when there was none. Azure answers before it is done. */
async function deleteJob(api: AzureApi, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await api.call('DELETE', path, {}, signal)).status !== 204;
  } catch (error) {
    if (hasStatus(error, 404)) {
      return false;
    }
    throw error;
  }
}

import type { Handle } from '../../core/provider.ts';
import type { OpenWorkspace } from './account.ts';
import { dataOf } from './handle.ts';

/** The job's page in Azure ML studio. */
export function studioUrl({ cloud, id, settings }: OpenWorkspace, handle: Handle): string {
  const url = new URL(`${cloud.studio}/runs/${dataOf(handle).name}`);
  url.searchParams.set('wsid', id);
  if (settings.tenant !== undefined) {
    url.searchParams.set('tid', settings.tenant);
  }
  return url.href;
}

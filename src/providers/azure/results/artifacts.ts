import type { OutputFile } from '../../../core/provider.ts';
import { eachAtOnce } from '../../../core/eachAtOnce.ts';
import { blobError, bytesOf } from '../client/blobs.ts';
import { type HttpRequest, sendVerbatim } from '../client/http.ts';
import type { RunHistory } from '../client/runHistory.ts';

/** The folder that Azure ML keeps of every run by itself. */
export const keptFolder = 'outputs/';

type History = Pick<RunHistory, 'artifacts'>;

/** What a run left in `./outputs`, as far as it is wanted. */
export async function listKept(
  history: History,
  job: string,
  isWanted: (path: string) => boolean,
  now: number,
  signal: AbortSignal,
): Promise<readonly OutputFile[]> {
  const found: OutputFile[] = [];
  const wanted: { readonly path: string; readonly url: string }[] = [];
  for await (const artifact of history.artifacts(job, keptFolder, signal)) {
    if (artifact.path.startsWith(keptFolder) && isWanted(artifact.path)) {
      wanted.push(artifact);
    }
  }
  // The list has no sizes.
  await eachAtOnce(8, wanted, async ({ path, url }) => {
    const { headers, status } = await ask({ method: 'HEAD', url }, now, signal);
    if (status !== 404) {
      const modified = Date.parse(headers.get('last-modified') ?? '');
      found.push({
        path,
        bytes: Number(headers.get('content-length') ?? 0),
        modifiedAt: Number.isNaN(modified) ? null : modified,
      });
    }
  });
  return found;
}

/** Its bytes from an offset on; null where there is no such file. */
export async function openKept(
  history: History,
  job: string,
  path: string,
  offset: number,
  now: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | null> {
  for await (const artifact of history.artifacts(job, path, signal)) {
    if (artifact.path === path) {
      const headers = offset === 0 ? {} : { range: `bytes=${offset}-` };
      const response = await ask({ method: 'GET', url: artifact.url, headers, streamed: [200, 206] }, now, signal);
      return response.status === 404 ? null : bytesOf(response, signal);
    }
  }
  return null;
}

/** Rejects with a ProviderError for every refusal but 404. */
async function ask(request: HttpRequest, now: number, signal: AbortSignal): ReturnType<typeof sendVerbatim> {
  const response = await sendVerbatim(request, signal);
  if (response.status >= 300 && response.status !== 404) {
    throw blobError(request.method, '/output', response, now);
  }
  return response;
}

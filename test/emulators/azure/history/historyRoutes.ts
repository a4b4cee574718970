import { refusal } from '../armError.ts';
import type { Job } from '../jobs/job.ts';
import { type Call, type Reply, type Route, page, route, workspacePath } from '../route.ts';
import { artifactContainer, artifactPrefix } from '../world.ts';

function jobOf(call: Call): Job {
  const job = call.world.jobs.find(call.workspace, call.param('job'));
  if (job === undefined) {
    throw refusal(404, 'UserError', `RunId ${call.param('job')} not found`);
  }
  return job;
}

function signed({ world }: Call, blob: string): string {
  return world.storage.signedBlob(artifactContainer, blob);
}

async function artifacts(call: Call, prefix: string): Promise<readonly { name: string; path: string }[]> {
  const root = `${call.param('container').replace(/^dcid\./u, 'ExperimentRun/dcid.')}/`;
  const found: { name: string; path: string }[] = [];
  for await (const { name } of call.world.storage
    .container(artifactContainer)
    .listBlobsFlat({ prefix: root + prefix })) {
    found.push({ name, path: name.slice(root.length) });
  }
  return found;
}

async function contentInfo(call: Call): Promise<Reply> {
  const found = await artifacts(call, call.info.query.get('path') ?? '');
  const token = Number(call.info.query.get('continuationToken') ?? 0);
  const size = call.world.pageSize;
  const value = found.slice(token, token + size).map(({ name, path }) => ({
    origin: 'ExperimentRun',
    container: call.param('container'),
    path,
    contentUri: signed(call, name),
    tags: {},
  }));
  const isMore = token + size < found.length;
  return { code: 200, body: { value, continuationToken: isMore ? String(token + size) : null, nextLink: null } };
}

/** The data plane of a region: the run history, and what runs have left behind. */
export const historyRoutes: readonly Route[] = [
  route('GET', `/history/v1.0${workspacePath}/runs/{job}/details`, (call) => {
    const job = jobOf(call);
    const urls = job.logs.paths.map((path) => [path, signed(call, job.logs.blobName(path))] as const);
    return { code: 200, body: job.details(Object.fromEntries(urls)) };
  }),
  route('GET', `/history/v1.0${workspacePath}/runs/{job}`, (call) => ({ code: 200, body: jobOf(call).details({}) })),
  route('GET', `/artifact/v2.0${workspacePath}/artifacts/ExperimentRun/{container}`, async (call) => {
    const found = await artifacts(call, '');
    return page(
      call,
      found.map(({ path }) => ({
        artifactId: `ExperimentRun/${call.param('container')}/${path}`,
        origin: 'ExperimentRun',
        container: call.param('container'),
        path,
        dataPath: {
          dataStoreName: 'workspaceartifactstore',
          relativePath: `${artifactPrefix(call.param('container').replace(/^dcid\./u, ''))}/${path}`,
        },
        tags: {},
      })),
      call.world.pageSize,
    );
  }),
  route('GET', `/artifact/v2.0${workspacePath}/artifacts/prefix/contentinfo/ExperimentRun/{container}`, contentInfo),
];

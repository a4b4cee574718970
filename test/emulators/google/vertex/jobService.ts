import { GoogleApiError } from '../apiError.ts';
import type { RequestInfo } from '../faults.ts';
import { type FieldValue, parseFilter } from '../filter.ts';
import type { Handler } from '../grpc/grpcServer.ts';
import type { Project } from '../project.ts';
import { type Timestamp, nanosOfMs } from '../time.ts';
import type { CustomJob, NewCustomJob } from './types.ts';
import type { VertexJobs } from './vertexJobs.ts';

interface ListRequest {
  readonly parent: string;
  readonly filter: string;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly readMask: { readonly paths: readonly string[] } | null;
}

/** The methods of JobService that concern custom jobs. */
export function jobHandlers(jobs: VertexJobs, project: Project): Readonly<Record<string, Handler>> {
  const unary = <Request>(handle: (request: Request) => object): Handler => ({
    kind: 'unary',
    handle: (request) => handle(request as Request),
  });
  return {
    CreateCustomJob: unary(({ parent, customJob }: { parent: string; customJob: NewCustomJob | null }) => {
      if (customJob === null) {
        throw new GoogleApiError('INVALID_ARGUMENT', 'custom_job is required.');
      }
      return jobs.create(regionOf(parent, project), customJob);
    }),
    GetCustomJob: unary(({ name }: { name: string }) => ({ ...jobs.find(name).job })),
    ListCustomJobs: unary((request: ListRequest) => list(jobs, project, request)),
    CancelCustomJob: unary(({ name }: { name: string }) => {
      jobs.cancel(name);
      return {};
    }),
    DeleteCustomJob: unary(({ name }: { name: string }) => {
      jobs.delete(name);
      return {
        name: `${name.replace(/\/customJobs\/.*/u, '')}/operations/${String(Date.now())}`,
        done: true,
        response: { type_url: 'type.googleapis.com/google.protobuf.Empty', value: Buffer.alloc(0) },
      };
    }),
  };
}

/** What a request is about, for faults and rights. */
export function describeJobRequest(method: string, request: object): RequestInfo {
  const { parent, name } = request as { parent?: string; name?: string };
  const resource = name ?? parent ?? '';
  const region = /\/locations\/([^/]+)/u.exec(resource)?.[1] ?? '';
  return { api: 'aiplatform', method, region, resource, at: Date.now() };
}

function regionOf(parent: string, { id, number, regions }: Project): string {
  const { project, region } = /^projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)$/u.exec(parent)?.groups ?? {};
  if (project !== id && project !== number) {
    throw new GoogleApiError('NOT_FOUND', `The requested project was not found: ${parent}.`);
  }
  if (region === undefined || !regions.includes(region)) {
    throw new GoogleApiError(
      'INVALID_ARGUMENT',
      `List of found errors: 1.Field: parent; Message: Unsupported region "${region ?? ''}".`,
    );
  }
  return region;
}

function list(jobs: VertexJobs, project: Project, request: ListRequest): object {
  const region = regionOf(request.parent, project);
  const isMatch = parseFilter(request.filter);
  const offset = request.pageToken === '' ? 0 : Number(Buffer.from(request.pageToken, 'base64url').toString());
  const now = Date.now();
  const found = jobs
    .all()
    .filter((stored) => stored.region === region && stored.listedFrom <= now)
    .map(({ job }) => job)
    .filter((job) => isMatch((path) => fieldOf(job, path)))
    .toReversed();
  const size = Math.min(request.pageSize === 0 ? 100 : request.pageSize, 100);
  const page = found.slice(offset, offset + size);
  return {
    customJobs: page.map((job) => masked(job, request.readMask?.paths ?? [])),
    nextPageToken: offset + size >= found.length ? '' : Buffer.from(String(offset + size)).toString('base64url'),
  };
}

function fieldOf(job: CustomJob, path: string): FieldValue {
  if (path.startsWith('labels.')) {
    return job.labels[path.slice('labels.'.length)];
  }
  switch (path) {
    case 'display_name':
    case 'displayName':
      return job.displayName;
    case 'state':
      return job.state;
    case 'create_time':
    case 'createTime':
      return nanosOf(job.createTime);
    case 'update_time':
    case 'updateTime':
      return nanosOf(job.updateTime);
    default:
      throw new GoogleApiError('INVALID_ARGUMENT', `Unsupported filter field "${path}".`);
  }
}

function nanosOf({ seconds, nanos }: Timestamp): bigint {
  return nanosOfMs(Number(seconds) * 1000) + BigInt(nanos);
}

function masked(job: CustomJob, paths: readonly string[]): object {
  if (paths.length === 0) {
    return { ...job };
  }
  const wanted = new Set(
    paths.map((path) => path.replaceAll(/_([a-z])/gu, (_, letter: string) => letter.toUpperCase())),
  );
  return Object.fromEntries(Object.entries(job).filter(([key]) => wanted.has(key)));
}

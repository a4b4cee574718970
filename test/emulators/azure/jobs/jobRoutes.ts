import { randomUUID } from 'node:crypto';
import { refusal, userError } from '../armError.ts';
import { type Call, type Reply, type Route, fieldsOf, page, route, textOf, workspacePath } from '../route.ts';
import { Job } from './job.ts';
import { validateJob } from './jobValidation.ts';

/** What may be changed of a job that is there. */
const changeable = new Set(['displayName', 'description', 'tags', 'properties', 'isArchived']);

function jobOf(call: Call): Job {
  const name = call.param('job');
  const job = call.world.jobs.find(call.workspace, name);
  if (job === undefined) {
    throw userError(`Job ${name} was not found in workspace ${call.workspace.name}.`, 'NotFoundError', 404);
  }
  return job;
}

function putJob(call: Call): Reply {
  const name = call.param('job');
  const properties = fieldsOf(fieldsOf(call.body)['properties']);
  const known = call.world.jobs.find(call.workspace, name);
  if (known !== undefined) {
    update(known, properties);
    return { code: 200, body: known.resource() };
  }
  validateJob(call, name, properties);
  const job = new Job(call.world, call.workspace, name, properties);
  call.world.jobs.start(job);
  return { code: 201, body: job.resource() };
}

/** A job that is there takes additions, and refuses every change of what it was made with. */
function update(job: Job, properties: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(properties)) {
    if (!changeable.has(name) && !isSame(job.properties[name], value)) {
      throw userError(
        'A job with this name already exists. If you are trying to submit a new job, use a different name. If you are trying to update an existing job, only its display name, description, tags and additional properties can be changed.',
        'ImmutableProperty',
      );
    }
  }
  for (const kind of ['tags', 'properties']) {
    const old = fieldsOf(job.properties[kind]);
    const given = fieldsOf(properties[kind]);
    for (const [name, value] of Object.entries(given)) {
      if (kind === 'properties' && old[name] !== undefined && old[name] !== value) {
        throw userError(`The existing property '${name}' cannot be updated.`, 'ImmutableProperty');
      }
    }
    job.properties[kind] = { ...old, ...given };
  }
  for (const name of ['displayName', 'description', 'isArchived']) {
    if (properties[name] !== undefined) {
      job.properties[name] = properties[name];
    }
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one) ?? null) === JSON.stringify(sorted(other) ?? null);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, one]) => [name, sorted(one)]),
      )
    : value;
}

function listJobs(call: Call): Reply {
  const { query } = call.info;
  const tag = query.get('tag');
  const view = query.get('listViewType') ?? 'ActiveOnly';
  const jobs = call.world.jobs.list(call.workspace).filter(({ properties }) => {
    const isArchived = properties['isArchived'] === true;
    return (
      (view === 'All' || isArchived === (view === 'ArchivedOnly')) &&
      (tag === null || hasTag(fieldsOf(properties['tags']), tag)) &&
      (query.get('jobType') === null || properties['jobType'] === query.get('jobType'))
    );
  });
  return page(
    call,
    jobs.map((job) => job.resource()),
    call.world.pageSize,
  );
}

/** `name`, or `name=value`. */
function hasTag(tags: Readonly<Record<string, unknown>>, wanted: string): boolean {
  const [name = '', ...value] = wanted.split('=');
  return tags[name] !== undefined && (value.length === 0 || tags[name] === value.join('='));
}

function accepted(call: Call, what: string): Reply {
  const { subscription, location } = call.workspace;
  const operation = `${what}:${call.workspace.id}:${call.param('job')}:${randomUUID()}`;
  const path = `/subscriptions/${subscription}/providers/Microsoft.MachineLearningServices/locations/${location}/mfeOperationResults/${encodeURIComponent(operation)}`;
  return {
    code: 202,
    headers: {
      location: `${call.world.url}${path}?api-version=${call.info.query.get('api-version') ?? ''}`,
      'retry-after': '1',
    },
  };
}

function cancelJob(call: Call): Reply {
  const job = jobOf(call);
  if (job.hasEnded) {
    throw userError(`The job ${job.name} is in terminal state ${job.status} and cannot be canceled.`, 'InvalidState');
  }
  if (job.status !== 'CancelRequested') {
    job.become('CancelRequested');
    setTimeout(
      () => call.world.jobs.run(call.workspace, job.name)?.interrupt('cancel'),
      call.world.timing.cancel,
    ).unref();
  }
  return accepted(call, 'jc');
}

function deleteJob(call: Call): Reply {
  const job = jobOf(call);
  if (!job.hasEnded) {
    throw userError(
      `The job ${job.name} is in state ${job.status}; only a job that has ended can be deleted.`,
      'InvalidState',
      409,
    );
  }
  call.world.jobs.remove(job);
  return accepted(call, 'jd');
}

/** Command jobs. */
export const jobRoutes: readonly Route[] = [
  route('GET', `${workspacePath}/jobs`, listJobs),
  route('GET', `${workspacePath}/jobs/{job}`, (call) => ({ code: 200, body: jobOf(call).resource() })),
  route('PUT', `${workspacePath}/jobs/{job}`, putJob),
  route('POST', `${workspacePath}/jobs/{job}/cancel`, cancelJob),
  route('DELETE', `${workspacePath}/jobs/{job}`, deleteJob),
  route(
    'GET',
    '/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{location}/mfeOperationResults/{operation}',
    (call) => {
      const [what, workspaceId, name = ''] = decodeURIComponent(call.param('operation')).split(':');
      const workspace = call.world.workspaces.find(({ id }) => id === workspaceId);
      if (workspace === undefined) {
        throw refusal(404, 'NotFound', 'The operation was not found.');
      }
      const job = call.world.jobs.find(workspace, name);
      const isDone = what === 'jd' ? job === undefined : job?.hasEnded !== false;
      return isDone ? { code: 200 } : { ...accepted(call, textOf(what)), code: 202 };
    },
  ),
];

import * as z from 'zod/mini';
import type { SetUpPorts } from '../../core/ports.ts';
import type { JsonObject, NewConnection } from '../../core/provider.ts';
import { GoogleAccess } from './client/access.ts';
import { hasCode } from './client/apiError.ts';
import { type GoogleSettings, parseSettings } from './settings.ts';
import { trainingRegions } from './regions.ts';

type Ask = SetUpPorts['ask'];

/** Asks for a project, a region and a bucket, which is made if need be. `endpoints`: other addresses of the APIs. */
export async function setUpGoogle(
  { ask, logger }: SetUpPorts,
  signal: AbortSignal,
  endpoints: GoogleSettings['endpoints'] = {},
): Promise<NewConnection | undefined> {
  const project = await chooseProject(ask, endpoints, signal);
  if (project === undefined) {
    return undefined;
  }
  const access = new GoogleAccess({ project, endpoints });
  try {
    const region = await chooseRegion(ask, signal);
    if (region === undefined) {
      return undefined;
    }
    const bucket = await chooseBucket(ask, access, region, signal);
    if (bucket === undefined) {
      return undefined;
    }
    const settings: JsonObject = {
      project,
      regions: [region, ...trainingRegions.map(({ name }) => name).filter((name) => name !== region)],
      bucket,
      ...(Object.keys(endpoints).length === 0 ? {} : { endpoints }),
    };
    parseSettings(settings);
    await checkVertex(access, region, signal);
    logger.info(`jobs can be submitted to ${region} of ${project}`);
    return { label: project, settings };
  } finally {
    await access.dispose();
  }
}

const projectsSchema = z.object({
  projects: z.optional(z.array(z.object({ projectId: z.string(), displayName: z.optional(z.string()) }))),
});

async function chooseProject(
  ask: Ask,
  endpoints: GoogleSettings['endpoints'],
  signal: AbortSignal,
): Promise<string | undefined> {
  const access = new GoogleAccess({ project: null, endpoints });
  try {
    // Nobody who is not signed in gets as far as a question.
    await access.call(signal, async () => access.signIn.getRequestHeaders());
    const projects = await listedProjects(access, signal);
    const answer = await ask.choose(
      {
        title: 'Google Cloud: which project?',
        placeholder:
          projects.length === 0 ? 'Type the id of the project' : 'Choose a project, or type the id of another',
        choices: projects.map(({ projectId, displayName }) => ({
          value: projectId,
          label: projectId,
          ...(displayName === undefined || displayName === projectId ? {} : { description: displayName }),
        })),
        mayType: true,
      },
      signal,
    );
    return answer?.trim();
  } finally {
    await access.dispose();
  }
}

/** Empty where they may not be listed: the id can be typed. */
async function listedProjects(
  access: GoogleAccess,
  signal: AbortSignal,
): Promise<readonly { readonly projectId: string; readonly displayName?: string | undefined }[]> {
  try {
    const path = '/v3/projects:search?pageSize=500&query=state%3AACTIVE';
    return z.parse(projectsSchema, await access.rest({ api: 'cloudresourcemanager', path }, signal)).projects ?? [];
  } catch (error) {
    if (hasCode(error, 'PERMISSION_DENIED')) {
      return [];
    }
    throw error;
  }
}

async function chooseRegion(ask: Ask, signal: AbortSignal): Promise<string | undefined> {
  return ask.choose(
    {
      title: 'Google Cloud: in which region do jobs usually run?',
      placeholder: 'A job can name another one; the bucket should be near',
      choices: trainingRegions.map(({ name, place }) => ({ value: name, label: name, description: place })),
      mayType: true,
    },
    signal,
  );
}

const makeNew = '+';

async function chooseBucket(
  ask: Ask,
  access: GoogleAccess,
  region: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const buckets = await listedBuckets(access, signal);
  const own = `${access.project.replaceAll(/[^a-z0-9-]/gu, '-')}-aloft-${region}`.slice(0, 63);
  const isThere = buckets.some(({ name }) => name === own);
  const answer = await ask.choose(
    {
      title: 'Google Cloud: which bucket holds code and results?',
      placeholder: 'Jobs read their code there and leave their results; everything of Aloft is below aloft/',
      choices: [
        ...(isThere ? [] : [{ value: makeNew, label: `Make ${own}`, description: region }]),
        ...buckets
          .toSorted((a, b) => Number(b.name === own) - Number(a.name === own))
          .map(({ name, location, keeps }) => ({
            value: name,
            label: name,
            description: [location.toLowerCase(), ...keeps].join(', '),
          })),
      ],
      mayType: true,
    },
    signal,
  );
  if (answer !== makeNew) {
    return answer?.trim().replace(/^gs:\/\//u, '');
  }
  await access.call(signal, async () =>
    access.storage().createBucket(own, {
      location: region,
      // Deleted secrets are to be gone.
      softDeletePolicy: { retentionDurationSeconds: 0 },
      iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
    }),
  );
  return own;
}

interface ListedBucket {
  readonly name: string;
  readonly location: string;
  /** In words, how long what is deleted there can be restored; the secrets of jobs as well. */
  readonly keeps: readonly string[];
}

async function listedBuckets(access: GoogleAccess, signal: AbortSignal): Promise<readonly ListedBucket[]> {
  try {
    const [buckets] = await access.call(signal, async () => access.storage().getBuckets({ autoPaginate: false }));
    return buckets.map(({ name, metadata }) => ({ name, location: metadata.location ?? '', keeps: keeps(metadata) }));
  } catch (error) {
    if (hasCode(error, 'PERMISSION_DENIED')) {
      return [];
    }
    throw error;
  }
}

const bucketSchema = z.object({
  softDeletePolicy: z.optional(z.object({ retentionDurationSeconds: z.optional(z.coerce.number()) })),
  versioning: z.optional(z.object({ enabled: z.optional(z.boolean()) })),
});

function keeps(metadata: unknown): readonly string[] {
  const { softDeletePolicy, versioning } = z.safeParse(bucketSchema, metadata).data ?? {};
  const days = Math.ceil((softDeletePolicy?.retentionDurationSeconds ?? 0) / 86_400);
  return [
    ...(versioning?.enabled === true ? ['keeps old versions: also of deleted secrets'] : []),
    ...(days > 0 ? [`deleted secrets can be restored for ${days} ${days === 1 ? 'day' : 'days'}`] : []),
  ];
}

/** Whether custom jobs can be had at all: an API that is off is better known now than at the first submission. */
async function checkVertex(access: GoogleAccess, region: string, signal: AbortSignal): Promise<void> {
  const parent = `projects/${access.project}/locations/${region}`;
  await access.call(signal, async () =>
    access
      .jobs(region)
      .listCustomJobs({ parent, pageSize: 1 }, { ...(await access.callOptions(signal)), autoPaginate: false }),
  );
}

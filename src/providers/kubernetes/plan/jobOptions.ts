import * as z from 'zod/mini';
import type { JobOption, JobOptionChoice } from '../../../core/provider.ts';
import type { KubeApi } from '../client/api.ts';
import { hasStatus } from '../client/apiError.ts';
import type { Flavour } from '../flavour.ts';
import { kueueGroup, kueueVersions, localQueueSchema } from '../model/kueue.ts';
import { metadataSchema } from '../model/meta.ts';
import { collection, resource } from '../paths.ts';
import { listAll } from '../state/listing.ts';
import { type OptionName, optionTexts } from './options.ts';

/** The options of a flavour with the choices that this cluster has. What may not be listed can be typed. */
export async function jobOptions(
  api: KubeApi,
  namespace: string,
  flavour: Flavour,
  signal: AbortSignal,
): Promise<readonly JobOption[]> {
  const groups = await servedGroups(api, signal);
  const hasJobSets = groups.some(({ name }) => name === jobSetGroup);
  const [queues, classes, secrets, accounts] = await Promise.all([
    localQueues(api, namespace, groups, signal),
    names(api, '/apis/scheduling.k8s.io/v1/priorityclasses', signal),
    pullSecrets(api, namespace, signal),
    names(api, collection(resource.serviceAccounts, namespace), signal),
  ]);
  const choices: Readonly<Partial<Record<OptionName, readonly JobOptionChoice[]>>> = {
    queue: queues ?? [],
    controller: [
      { value: 'Job', description: 'Part of every cluster' },
      { value: 'JobSet', description: 'Starts all nodes again when one fails' },
    ],
    priorityClass: plain((classes ?? []).filter((name) => !name.startsWith('system-'))),
    imagePullSecret: plain(secrets ?? []),
    serviceAccount: plain(accounts ?? []),
    security: [{ value: 'restricted', description: 'As user 1000, without any privilege' }],
    rdma: [
      { value: 'on', description: '' },
      { value: 'off', description: '' },
    ],
  };
  const closed: ReadonlySet<OptionName> = new Set(['controller', 'security', 'rdma']);
  return flavour.options
    .filter((name) => (name !== 'queue' || queues !== null) && (name !== 'controller' || hasJobSets))
    .map((name) => ({
      name,
      ...optionTexts[name],
      choices: choices[name] ?? [],
      mayType: !closed.has(name),
    }));
}

function plain(values: readonly string[]): readonly JobOptionChoice[] {
  return values.map((value) => ({ value, description: '' }));
}

const groupsSchema = z.object({
  groups: z.array(z.object({ name: z.string(), versions: z.array(z.object({ version: z.string() })) })),
});

type Groups = z.infer<typeof groupsSchema>['groups'];

/** What is installed: requests for what is not are refused, not told that it is missing, where rights are few. */
async function servedGroups(api: KubeApi, signal: AbortSignal): Promise<Groups> {
  return z.parse(groupsSchema, await api.json('GET', '/apis', {}, signal)).groups;
}

/** null where Kueue is not there. */
async function localQueues(
  api: KubeApi,
  namespace: string,
  groups: Groups,
  signal: AbortSignal,
): Promise<readonly JobOptionChoice[] | null> {
  const served = groups.find(({ name }) => name === kueueGroup)?.versions ?? [];
  const version = kueueVersions.find((known) => served.some((each) => each.version === known));
  if (version === undefined) {
    return null;
  }
  const base = `/apis/${kueueGroup}/${version}`;
  const items = await listOrNull(api, collection({ base, plural: 'localqueues' }, namespace), signal);
  return (items ?? []).flatMap((item) => {
    const queue = z.safeParse(localQueueSchema, item).data;
    const { pendingWorkloads = 0, admittedWorkloads = 0 } = queue?.status ?? {};
    return queue === undefined
      ? []
      : [{ value: queue.metadata.name, description: `${admittedWorkloads} running, ${pendingWorkloads} waiting` }];
  });
}

const jobSetGroup = 'jobset.x-k8s.io';
const named = z.object({ metadata: metadataSchema });

/** null when they may not be listed. */
async function names(api: KubeApi, path: string, signal: AbortSignal): Promise<readonly string[] | null> {
  const items = await listOrNull(api, path, signal);
  return items?.flatMap((item) => z.safeParse(named, item).data?.metadata.name ?? []) ?? null;
}

async function pullSecrets(api: KubeApi, namespace: string, signal: AbortSignal): Promise<readonly string[] | null> {
  const items = await listOrNull(api, collection(resource.secrets, namespace), signal, {
    fieldSelector: 'type=kubernetes.io/dockerconfigjson',
  });
  return items?.flatMap((item) => z.safeParse(named, item).data?.metadata.name ?? []) ?? null;
}

async function listOrNull(
  api: KubeApi,
  path: string,
  signal: AbortSignal,
  query = {},
): Promise<readonly unknown[] | null> {
  try {
    return (await listAll(api, path, query, signal, 4))?.items ?? null;
  } catch (error) {
    if (hasStatus(error, 403, 404)) {
      return null;
    }
    throw error;
  }
}

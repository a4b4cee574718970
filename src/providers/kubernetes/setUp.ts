import { homedir } from 'node:os';
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import type { SetUpPorts } from '../../core/ports.ts';
import type { NewConnection } from '../../core/provider.ts';
import { isProviderError, ProviderError } from '../../core/providerError.ts';
import { ClusterAccess } from './client/access.ts';
import { KubeApi } from './client/api.ts';
import { hasStatus } from './client/apiError.ts';
import { type KubeContext, type Kubeconfig, loadKubeconfig, usualPaths } from './client/kubeconfig.ts';
import type { Flavour } from './flavour.ts';
import { metadataSchema } from './model/meta.ts';
import { missingRights } from './rights.ts';
import { listAll } from './state/listing.ts';

interface Chosen {
  readonly context: KubeContext;
  /** Absolute; null for the usual ones. */
  readonly kubeconfig: string | null;
}

/** Asks for a context and a namespace, and says what one may not do there. */
export async function setUpCluster(
  { ask, logger }: SetUpPorts,
  flavour: Flavour,
  signal: AbortSignal,
): Promise<NewConnection | undefined> {
  const chosen = await chooseContext(ask, flavour, signal);
  if (chosen === undefined) {
    return undefined;
  }
  const api = new KubeApi(new ClusterAccess(chosen.context));
  try {
    const namespace = await chooseNamespace(ask, api, chosen.context, signal);
    if (namespace === undefined || !(await agreesToRights(ask, api, namespace, signal))) {
      return undefined;
    }
    logger.info(`namespace ${namespace} of ${chosen.context.name} can be used`);
    return {
      label: namespace === 'default' ? chosen.context.name : `${chosen.context.name} / ${namespace}`,
      settings: {
        ...(chosen.kubeconfig === null ? {} : { kubeconfig: chosen.kubeconfig }),
        context: chosen.context.name,
        namespace,
      },
    };
  } finally {
    api.dispose();
  }
}

async function chooseContext(
  ask: SetUpPorts['ask'],
  flavour: Flavour,
  signal: AbortSignal,
): Promise<Chosen | undefined> {
  let trouble: string | null = null;
  const usual = await loadKubeconfig(usualPaths()).catch((error: unknown) => {
    if (!isProviderError(error)) {
      throw error;
    }
    trouble = error.tag === 'notFound' ? null : error.message;
    return { contexts: [], current: null };
  });
  let kubeconfig: string | null = null;
  let known: Kubeconfig = usual;
  for (;;) {
    const answer = await ask.choose(
      {
        title: `${flavour.label}: which cluster?`,
        placeholder:
          known.contexts.length === 0
            ? [trouble, 'Type the path of a kubeconfig'].filter(Boolean).join(' ')
            : 'Choose a context, or type the path of another kubeconfig',
        choices: sorted(known, flavour).map(({ name, cluster, namespace }) => ({
          value: name,
          label: name,
          description: [hostOf(cluster.server), namespace, name === known.current ? 'the current context' : null]
            .filter(Boolean)
            .join(' · '),
        })),
        mayType: true,
      },
      signal,
    );
    if (answer === undefined) {
      return undefined;
    }
    const context = known.contexts.find(({ name }) => name === answer);
    if (context !== undefined) {
      return { context, kubeconfig };
    }
    kubeconfig = resolve(answer.trim().replace(/^~(?=\/)/u, homedir()));
    known = await loadKubeconfig([kubeconfig]);
    const [only, ...others] = known.contexts;
    if (only === undefined) {
      throw new ProviderError('invalid', `${kubeconfig} has no context that names a cluster.`, {
        remedy: 'Get a whole kubeconfig from whoever runs the cluster.',
      });
    }
    if (others.length === 0) {
      return { context: only, kubeconfig };
    }
  }
}

/** Clusters of the kind that was asked for first, then the current one. */
function sorted({ contexts, current }: Kubeconfig, { host }: Flavour): readonly KubeContext[] {
  const rank = ({ name, cluster }: KubeContext): number =>
    (host?.test(hostOf(cluster.server)) === true ? 0 : 2) + (name === current ? 0 : 1);
  return contexts.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

function hostOf(server: string): string {
  return URL.parse(server)?.hostname ?? server;
}

const named = z.object({ metadata: metadataSchema });

async function chooseNamespace(
  ask: SetUpPorts['ask'],
  api: KubeApi,
  context: KubeContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const namespaces = await listedNamespaces(api, signal);
  const usual = context.namespace ?? 'default';
  const title = `${context.name}: which namespace?`;
  if (namespaces === null) {
    return (
      await ask.type(
        {
          title,
          prompt: 'Namespaces may not be listed here: type the name of yours.',
          value: usual,
          isSecret: false,
          check: (typed) =>
            /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/u.test(typed.trim())
              ? null
              : 'A namespace has small letters, digits and -, at most 63.',
        },
        signal,
      )
    )?.trim();
  }
  const ordered = namespaces.toSorted((a, b) => Number(b === usual) - Number(a === usual) || (a < b ? -1 : 1));
  return ask.choose(
    {
      title,
      placeholder: 'Where your jobs run',
      choices: ordered.map((name) => ({
        value: name,
        label: name,
        ...(name === usual ? { description: 'named in the context' } : {}),
      })),
      mayType: false,
    },
    signal,
  );
}

/** null when they may not be listed. */
async function listedNamespaces(api: KubeApi, signal: AbortSignal): Promise<readonly string[] | null> {
  try {
    const list = await listAll(api, '/api/v1/namespaces', {}, signal);
    return (list?.items ?? [])
      .flatMap((item) => z.safeParse(named, item).data?.metadata.name ?? [])
      .filter((name) => !/^(?:kube-|cw-)/u.test(name));
  } catch (error) {
    if (hasStatus(error, 403)) {
      return null;
    }
    throw error;
  }
}

/** Throws `auth` when nothing would work; asks when something would not. */
async function agreesToRights(
  ask: SetUpPorts['ask'],
  api: KubeApi,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { needed, useful } = await missingRights(api, namespace, signal);
  if (needed.length > 0) {
    throw new ProviderError('auth', `You may not run jobs in the namespace ${namespace}.`, {
      raw: [...needed, ...useful].join('\n'),
      remedy: `Ask whoever runs the cluster for these rights, or choose another namespace: ${needed.join(', ')}.`,
    });
  }
  return (
    useful.length === 0 ||
    ask.confirm(
      {
        title: `Some things will not work in the namespace ${namespace}.`,
        detail: `You may not:\n${useful.join('\n')}`,
        yes: 'Add Anyway',
      },
      signal,
    )
  );
}

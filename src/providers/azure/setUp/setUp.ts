import type { SetUpPorts } from '../../../core/ports.ts';
import type { NewConnection } from '../../../core/provider.ts';
import { type Account, openAccount } from '../account.ts';
import { listClusters } from '../offers/clusters.ts';
import { describeCluster } from '../plan/jobOptions.ts';
import { workspaceId } from '../paths.ts';
import type { AzureSettings } from '../settings.ts';
import { chooseWorkspace } from './chooseWorkspace.ts';
import { signIn, type Where } from './signIn.ts';

/**
 * Three questions as a rule: how to sign in, where nothing is signed in yet; which workspace; where jobs run, where there are clusters.
 */
export async function setUpWorkspace(
  ports: SetUpPorts,
  signal: AbortSignal,
  where: Where = {},
): Promise<NewConnection | undefined> {
  const signedIn = await signIn(ports, where, signal);
  if (signedIn === undefined) {
    return undefined;
  }
  const chosen = await chooseWorkspace(ports, where, signedIn, signal);
  if (chosen === undefined) {
    return undefined;
  }
  const { name, resourceGroup, subscription, tenant } = chosen;
  const base = { ...where, tenant, subscription: subscription.id, resourceGroup, workspace: name };
  const { api } = openAccount(base, signedIn.kind, ports);
  const compute = await chooseCompute(ports, api, base, signal);
  if (compute === undefined) {
    return undefined;
  }
  return {
    label: name,
    settings: {
      tenant,
      subscription: subscription.id,
      resourceGroup,
      workspace: name,
      ...(compute === 'serverless' ? {} : { compute }),
      ...(where.cloud === undefined ? {} : { cloud: where.cloud }),
      ...(where.endpoints === undefined ? {} : { endpoints: withoutUndefined(where.endpoints) }),
      ...(signedIn.kind === undefined ? {} : { credential: signedIn.kind }),
    },
  };
}

function withoutUndefined(values: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

async function chooseCompute(
  { ask }: SetUpPorts,
  api: Account['api'],
  settings: AzureSettings,
  signal: AbortSignal,
): Promise<string | undefined> {
  const clusters = await listClusters(api, workspaceId(settings), signal);
  if (clusters.length === 0) {
    return 'serverless';
  }
  return ask.choose(
    {
      title: 'Azure: where do jobs usually run?',
      placeholder: 'Each job may choose otherwise',
      choices: [
        { value: 'serverless', label: 'Serverless', description: 'machines that Azure makes for each job' },
        ...clusters.map((cluster) => ({
          value: cluster.name,
          label: cluster.name,
          description: describeCluster(cluster),
        })),
      ],
      mayType: false,
    },
    signal,
  );
}

import * as z from 'zod/mini';
import type { SetUpPorts } from '../../core/ports.ts';
import type { NewConnection } from '../../core/provider.ts';
import { isProviderError, ProviderError } from '../../core/providerError.ts';
import { type Account, openAccount } from './account.ts';
import { eachAtOnce } from './client/eachAtOnce.ts';
import { listClusters } from './offers/clusters.ts';
import { describeCluster } from './plan/jobOptions.ts';
import { workspaceId } from './paths.ts';
import type { AzureSettings, CredentialKind } from './settings.ts';

/** What is asked of Azure before a workspace is known: the public cloud, unless tests of real private links say otherwise. */
type Where = Pick<AzureSettings, 'cloud' | 'endpoints'>;

interface FoundWorkspace {
  readonly name: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly subscription: { readonly id: string; readonly name: string };
  readonly tenant: string;
}

/** At most three questions: how to sign in, where nothing is signed in yet; which workspace, where there are several; where jobs run. */
export async function setUpWorkspace(
  ports: SetUpPorts,
  signal: AbortSignal,
  where: Where = {},
): Promise<NewConnection | undefined> {
  const signedIn = await signIn(ports, where, signal);
  if (signedIn === undefined) {
    return undefined;
  }
  const workspaces = await findWorkspaces(ports, where, signedIn, signal);
  const chosen = await chooseWorkspace(ports, workspaces, signal);
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

interface SignedIn {
  readonly account: Account;
  /** The way that the person chose; undefined: whichever works. */
  readonly kind: CredentialKind | undefined;
}

async function signIn(ports: SetUpPorts, where: Where, signal: AbortSignal): Promise<SignedIn | undefined> {
  const any = openAccount(where, undefined, ports);
  try {
    await any.credential.token(any.cloud.armScope, signal);
    return { account: any, kind: undefined };
  } catch (error) {
    if (!isProviderError(error) || error.tag !== 'auth') {
      throw error;
    }
    ports.logger.info('nobody is signed in to Azure yet');
  }
  const way = await ports.ask.choose(
    {
      title: 'Azure: how do you sign in?',
      placeholder: 'Nothing on this machine is signed in to Azure',
      choices: [
        ...(ports.accounts === undefined
          ? []
          : [{ value: 'editor', label: 'Microsoft account', description: 'in VS Code, by the browser' }]),
        { value: 'cli', label: 'Azure CLI', description: 'run az login in a terminal first' },
        { value: 'managedIdentity', label: 'Managed identity', description: 'this machine is one of Azure’s' },
      ],
      mayType: false,
    },
    signal,
  );
  if (way === undefined) {
    return undefined;
  }
  const kind = way === 'editor' ? 'editor' : way === 'cli' ? 'cli' : 'managedIdentity';
  const account = openAccount(where, kind, ports);
  await account.credential.signIn(account.cloud.armScope, signal);
  return { account, kind };
}

const tenantSchema = z.looseObject({ tenantId: z.string() });
const subscriptionSchema = z.looseObject({
  subscriptionId: z.string(),
  displayName: z.nullish(z.string()),
  tenantId: z.nullish(z.string()),
  state: z.nullish(z.string()),
});
const workspaceSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  location: z.string(),
  kind: z.nullish(z.string()),
});

const subscriptionsVersion = '2022-12-01';
/** Tenants that are looked into besides that of the account. */
const mostTenants = 10;

/** Of all subscriptions of all tenants that the sign-in can see. */
async function findWorkspaces(
  ports: SetUpPorts,
  where: Where,
  { account, kind }: SignedIn,
  signal: AbortSignal,
): Promise<readonly FoundWorkspace[]> {
  const { api } = account;
  const version = { version: subscriptionsVersion };
  const tenants = (await api.list('/tenants', signal, version)).flatMap(
    (item) => z.safeParse(tenantSchema, item).data?.tenantId ?? [],
  );
  const found = new Map<string, FoundWorkspace>();
  const failures: string[] = [];
  let subscriptions = 0;
  const look = async (at: Account['api'], tenant: string | undefined): Promise<void> => {
    const listed = (await at.list('/subscriptions', signal, version)).flatMap(
      (item) => z.safeParse(subscriptionSchema, item).data ?? [],
    );
    const usable = listed.filter(({ state }) => state !== 'Disabled' && state !== 'Deleted');
    subscriptions += usable.length;
    await eachAtOnce(6, usable, async (subscription) => {
      const id = subscription.subscriptionId;
      const path = `/subscriptions/${id}/providers/Microsoft.MachineLearningServices/workspaces`;
      try {
        for (const item of await at.list(path, signal)) {
          const workspace = z.safeParse(workspaceSchema, item).data;
          const group = /\/resourceGroups\/([^/]+)\//iu.exec(workspace?.id ?? '')?.[1];
          if (workspace !== undefined && group !== undefined && !isOther(workspace.kind)) {
            found.set(workspace.id.toLowerCase(), {
              name: workspace.name,
              resourceGroup: group,
              location: workspace.location,
              subscription: { id, name: subscription.displayName ?? id },
              tenant: subscription.tenantId ?? tenant ?? tenants[0] ?? '',
            });
          }
        }
      } catch (error) {
        failures.push(failureText(subscription.displayName ?? id, error, signal));
      }
    });
  };
  await look(api, undefined);
  // A token is for one tenant: the others are asked with their own.
  const seen = new Set([...found.values()].map(({ tenant }) => tenant));
  for (const tenant of tenants.filter((each) => !seen.has(each)).slice(0, mostTenants)) {
    try {
      await look(openAccount({ ...where, tenant }, kind, ports).api, tenant);
    } catch (error) {
      failures.push(failureText(`tenant ${tenant}`, error, signal));
    }
  }
  if (found.size === 0) {
    throw noWorkspaces(account, subscriptions, tenants, failures);
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Hubs and feature stores take no jobs. */
function isOther(kind: string | null | undefined): boolean {
  return /^(?:hub|featurestore)$/iu.test(kind ?? '');
}

function failureText(what: string, error: unknown, signal: AbortSignal): string {
  signal.throwIfAborted();
  const text = isProviderError(error) ? (error.raw ?? error.message) : String(error);
  return `${what}: ${text}`;
}

function noWorkspaces(
  { credential }: Account,
  subscriptions: number,
  tenants: readonly string[],
  failures: readonly string[],
): ProviderError {
  const raw = failures.join('\n') || `tenants: ${tenants.join(', ') || 'none'}; subscriptions: ${subscriptions}`;
  return subscriptions === 0
    ? new ProviderError('notFound', 'Your sign-in sees no subscription of Azure.', {
        raw,
        remedy: `Sign in to a tenant that has one. ${credential.remedyIn(tenants.length === 1 ? tenants[0] : '<tenant>')}`,
      })
    : new ProviderError('notFound', 'Your subscriptions have no workspace of Azure Machine Learning.', {
        raw,
        remedy: 'Make one at https://ml.azure.com, or ask its owner for the role AzureML Data Scientist.',
      });
}

async function chooseWorkspace(
  { ask }: SetUpPorts,
  workspaces: readonly FoundWorkspace[],
  signal: AbortSignal,
): Promise<FoundWorkspace | undefined> {
  const [only, ...others] = workspaces;
  if (others.length === 0) {
    return only;
  }
  const answer = await ask.choose(
    {
      title: 'Azure: which workspace?',
      placeholder: 'Jobs run in its region and keep their code and logs in its storage',
      choices: workspaces.map((workspace, index) => ({
        value: String(index),
        label: workspace.name,
        description: [workspace.location, workspace.resourceGroup].join(' · '),
        detail: workspace.subscription.name,
      })),
      mayType: false,
    },
    signal,
  );
  return answer === undefined ? undefined : workspaces[Number(answer)];
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

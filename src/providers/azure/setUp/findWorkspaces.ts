import * as z from 'zod/mini';
import type { SetUpPorts } from '../../../core/ports.ts';
import { isProviderError } from '../../../core/providerError.ts';
import { openAccount } from '../account.ts';
import type { AzureApi } from '../client/api.ts';
import { eachAtOnce } from '../../../core/eachAtOnce.ts';
import { tenantOf } from '../identity.ts';
import type { SignedIn, Where } from './signIn.ts';

export interface Tenant {
  readonly id: string;
  readonly name: string;
}

export interface Subscription {
  readonly id: string;
  readonly name: string;
  /** Id; null where Azure does not say. */
  readonly tenant: string | null;
}

export interface FoundWorkspace {
  readonly name: string;
  readonly resourceGroup: string;
  /** Region; empty where that is not known. */
  readonly location: string;
  readonly subscription: Pick<Subscription, 'id' | 'name'>;
  readonly tenant: string;
}

export interface Found {
  readonly workspaces: readonly FoundWorkspace[];
  readonly tenants: readonly Tenant[];
  /** How many can be used. */
  readonly subscriptions: number;
  /** What could not be looked into, each with the reason. */
  readonly failures: readonly string[];
}

const tenantSchema = z.looseObject({
  tenantId: z.string(),
  displayName: z.nullish(z.string()),
  defaultDomain: z.nullish(z.string()),
});
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

const version = { version: '2022-12-01' };
/** Tenants that are looked into besides that of the account, and how many at a time. */
const mostTenants = 10;
const tenantsAtOnce = 4;

/** Of all subscriptions of the first tenants that the sign-in can see. */
export async function findWorkspaces(
  ports: SetUpPorts,
  where: Where,
  { account, kind }: SignedIn,
  signal: AbortSignal,
): Promise<Found> {
  const { api, credential, cloud } = account;
  const tenants = await listTenants(api, signal);
  const home = tenantOf((await credential.token(cloud.armScope, signal)).token);
  const found = new Map<string, FoundWorkspace>();
  const failures: string[] = [];
  const subscriptions = new Set<string>();
  const look = async (at: AzureApi, tenant: string | null): Promise<void> => {
    const usable = await listSubscriptions(at, signal);
    await eachAtOnce(6, usable, async (subscription) => {
      subscriptions.add(subscription.id);
      try {
        const its = subscription.tenant ?? tenant ?? tenants[0]?.id ?? '';
        for (const workspace of await listWorkspaces(at, subscription, its, signal)) {
          found.set(keyOf(workspace), workspace);
        }
      } catch (error) {
        failures.push(failureText(subscription.name, error, signal));
      }
    });
  };
  await look(api, home);
  // A token is for one tenant: the others are asked with their own, from where that of the first came.
  const others = tenants.filter(({ id }) => id !== home);
  await eachAtOnce(tenantsAtOnce, others.slice(0, mostTenants), async ({ id, name }) => {
    try {
      await look(openAccount({ ...where, tenant: id }, kind ?? credential.kind, ports).api, id);
    } catch (error) {
      failures.push(failureText(`tenant ${name}`, error, signal));
    }
  });
  failures.push(...others.slice(mostTenants).map(({ name }) => `tenant ${name}: not looked into, there are so many`));
  return { workspaces: byName([...found.values()]), tenants, subscriptions: subscriptions.size, failures };
}

async function listTenants(api: AzureApi, signal: AbortSignal): Promise<readonly Tenant[]> {
  return (await api.list('/tenants', signal, version)).flatMap((item) => {
    const tenant = z.safeParse(tenantSchema, item).data;
    const name = tenant?.displayName || tenant?.defaultDomain || tenant?.tenantId;
    return tenant === undefined || name === undefined ? [] : [{ id: tenant.tenantId, name }];
  });
}

/** Those that can be used. */
export async function listSubscriptions(api: AzureApi, signal: AbortSignal): Promise<readonly Subscription[]> {
  const listed = (await api.list('/subscriptions', signal, version)).flatMap(
    (item) => z.safeParse(subscriptionSchema, item).data ?? [],
  );
  return listed
    .filter(({ state }) => state !== 'Disabled' && state !== 'Deleted')
    .map(({ subscriptionId: id, displayName, tenantId }) => ({
      id,
      name: displayName || id,
      tenant: tenantId ?? null,
    }));
}

/** Those that take jobs. */
export async function listWorkspaces(
  api: AzureApi,
  { id, name }: Pick<Subscription, 'id' | 'name'>,
  tenant: string,
  signal: AbortSignal,
): Promise<readonly FoundWorkspace[]> {
  const path = `/subscriptions/${id}/providers/Microsoft.MachineLearningServices/workspaces`;
  const found = (await api.list(path, signal)).flatMap((item): readonly FoundWorkspace[] => {
    const workspace = z.safeParse(workspaceSchema, item).data;
    const resourceGroup = /\/resourceGroups\/([^/]+)\//iu.exec(workspace?.id ?? '')?.[1];
    return workspace === undefined || resourceGroup === undefined || isOther(workspace.kind)
      ? []
      : [{ name: workspace.name, resourceGroup, location: workspace.location, subscription: { id, name }, tenant }];
  });
  return byName(found);
}

function keyOf({ subscription, resourceGroup, name }: FoundWorkspace): string {
  return `${subscription.id}/${resourceGroup}/${name}`.toLowerCase();
}

function byName(workspaces: readonly FoundWorkspace[]): readonly FoundWorkspace[] {
  return workspaces.toSorted((a, b) => (a.name < b.name ? -1 : 1));
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

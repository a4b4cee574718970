import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Control } from './control.ts';
import { FaultPlan } from './faults.ts';
import { type AzAnswer, writeAzScript } from './identity/azScript.ts';
import { Tokens } from './identity/tokens.ts';
import { JobStore } from './jobs/jobStore.ts';
import { Catalog } from './resources/catalog.ts';
import { textOf } from './route.ts';
import { AzureServer } from './server.ts';
import { Storage } from './storage/storage.ts';
import { StorageProxy } from './storage/storageProxy.ts';
import { type Timing, quickTiming } from './timing.ts';
import { type Workspace, type World, artifactContainer, blobStoreContainer, now } from './world.ts';

export interface AzureOptions {
  /** What differs from `quickTiming`. */
  readonly timing?: Partial<Timing>;
}

export interface StartedAzure {
  /** Of Resource Manager: `http://127.0.0.1:1234`. */
  readonly url: string;
  /** Of storage accounts, with `{account}` for the name. */
  readonly blobUrl: string;
  readonly tenant: string;
  /** The first of two. */
  readonly subscription: string;
  /** The first of two, in the first subscription and `eastus`. */
  readonly workspace: { readonly group: string; readonly name: string; readonly armId: string };
  /** A folder with nothing but a program `az` that is signed in here. */
  readonly binFolder: string;
  /** `PATH` with that folder first. */
  readonly path: string;
  /** Azure's own temporary folder; other files of a test may go there. */
  readonly folder: string;
  readonly control: Control;
  /** A good token, past `az`. */
  token(audience?: string): string;
  /** Ends every process, connection and timer, and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts an emulated Azure in this process, at one address of 127.0.0.1: Resource Manager with what Aloft needs of
 * `Microsoft.MachineLearningServices`, a region's run history and artifacts, and storage, which is Azurite. It speaks HTTP where
 * Azure speaks HTTPS. Jobs are processes of this machine. Its limits:
 *
 * - Jobs need Linux namespaces (`whyNoContainers`). They see this machine's programs whatever their image is, and nothing else of it.
 * - Command jobs only. Inputs are copied before a job runs, outputs after it has ended, whatever their mode.
 * - All machines of a job share this machine's network.
 * - Quotas refuse what is more than all there is, and do not count what runs.
 */
export async function startAzure(options: AzureOptions = {}): Promise<StartedAzure> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-azure-'));
  const storage = await Storage.start('visionstore');
  const tenant = { id: '7f2b6c1e-4d3a-4c8e-9a51-2f60c3de8a10', domain: 'lab.example' };
  const subscriptions = [
    { id: '11111111-2222-4333-8444-555555555555', name: 'Vision research', tenant: tenant.id },
    { id: '66666666-7777-4888-8999-aaaaaaaaaaaa', name: 'Teaching', tenant: tenant.id },
  ];
  const vision = makeWorkspace(subscriptions[0]?.id ?? '', 'lab', 'vision', 'eastus');
  const world: World = {
    folder,
    tenant,
    person: {
      name: 'Ada Lovelace',
      upn: 'ada@lab.example',
      oid: '3c0f9a5e-0000-4000-8000-00000000ada1',
      tenant: tenant.id,
    },
    subscriptions,
    workspaces: [vision, makeWorkspace(subscriptions[1]?.id ?? '', 'courses', 'teaching', 'westeurope')],
    storage,
    tokens: new Tokens(),
    catalog: new Catalog(),
    jobs: new JobStore(),
    timing: { ...quickTiming, ...options.timing },
    clockSkewMs: 0,
    isDenied: () => false,
    pageSize: 10,
    keepsSecrets: true,
    url: '',
  };
  const az = { refusal: null as string | null, calls: 0 };
  const answerAz = (asked: Readonly<Record<string, unknown>>): AzAnswer => {
    az.calls += 1;
    return az.refusal === null ? { token: azToken(world, textOf(asked['resource'])) } : { error: az.refusal };
  };
  const faults = new FaultPlan();
  const azSecret = randomBytes(16).toString('hex');
  const proxy = new StorageProxy(storage, world.tokens);
  const server = new AzureServer({ world, faults, proxy, answerAz, azSecret });
  world.url = `http://127.0.0.1:${await server.listen()}`;
  storage.endpoint = `${world.url}/${storage.account}`;
  await Promise.all(
    [artifactContainer, ...world.workspaces.map(blobStoreContainer)].map(async (name) => storage.makeContainer(name)),
  );
  const binFolder = await writeAzScript(folder, world.url, azSecret);
  return {
    url: world.url,
    blobUrl: `${world.url}/{account}`,
    tenant: tenant.id,
    subscription: vision.subscription,
    workspace: vision,
    binFolder,
    path: [binFolder, process.env['PATH'] ?? ''].join(delimiter),
    folder,
    control: new Control({ world, faults, server, proxy, az }),
    token: (audience = 'https://management.azure.com') => world.tokens.issue(world.person, audience, now(world)).token,
    stop: async () => {
      await world.jobs.stop();
      await server.close();
      await storage.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function makeWorkspace(subscription: string, group: string, name: string, location: string): Workspace {
  return {
    subscription,
    group,
    name,
    location,
    id: randomUUID(),
    createdAt: Date.now() - 30 * 86_400_000,
    computes: new Map(),
    codes: new Map(),
    environments: new Map(),
    armId: `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.MachineLearningServices/workspaces/${name}`,
  };
}

/** As `az account get-access-token` prints it. */
function azToken(world: World, resource: string): object {
  const { token, expiresAt } = world.tokens.issue(world.person, resource.replace(/\/\.default$/u, ''), now(world));
  const local = new Date(expiresAt - new Date(expiresAt).getTimezoneOffset() * 60_000);
  return {
    accessToken: token,
    expiresOn: `${local.toISOString().slice(0, 19).replace('T', ' ')}.000000`,
    expires_on: Math.floor(expiresAt / 1000),
    subscription: world.subscriptions[0]?.id,
    tenant: world.tenant.id,
    tokenType: 'Bearer',
  };
}

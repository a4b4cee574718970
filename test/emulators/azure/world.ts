import type { Person, Tokens } from './identity/tokens.ts';
import type { JobStore } from './jobs/jobStore.ts';
import type { Catalog } from './resources/catalog.ts';
import type { Storage } from './storage/storage.ts';
import type { Timing } from './timing.ts';

/** A workspace and what is kept in it beside its jobs. */
export interface Workspace {
  readonly subscription: string;
  readonly group: string;
  readonly name: string;
  readonly location: string;
  /** A UUID. */
  readonly id: string;
  readonly createdAt: number;
  readonly computes: Map<string, Compute>;
  /** By `name/version`; `properties` as they were put. */
  readonly codes: Map<string, Asset>;
  readonly environments: Map<string, Asset>;
  /** Resource id, without a slash at the end. */
  readonly armId: string;
}

export interface Asset {
  readonly name: string;
  readonly version: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
}

/** A cluster. */
export interface Compute {
  readonly name: string;
  readonly vmSize: string;
  readonly vmPriority: 'Dedicated' | 'LowPriority';
  readonly maxNodes: number;
  /** Why it gives no nodes, as `computes/{name}.properties.errors` words it. */
  error: { readonly code: string; readonly message: string } | null;
}

export interface Subscription {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
}

/** Everything that handlers of requests and jobs share. */
export interface World {
  readonly folder: string;
  readonly tenant: { readonly id: string; readonly domain: string };
  readonly person: Person;
  readonly subscriptions: readonly Subscription[];
  readonly workspaces: readonly Workspace[];
  readonly storage: Storage;
  readonly tokens: Tokens;
  readonly catalog: Catalog;
  readonly jobs: JobStore;
  readonly timing: Timing;
  /** How far Azure's clocks are ahead of this machine's, in ms. */
  clockSkewMs: number;
  /** Actions that the person lacks the right for. */
  isDenied: (action: string) => boolean;
  /** Datastores have the key of their storage account; else people are let in as themselves. */
  keepsSecrets: boolean;
  /** Jobs on a page of a list. */
  pageSize: number;
  /** Where all of it answers: `http://127.0.0.1:1234`. */
  url: string;
}

export function now(world: World): number {
  return Date.now() + world.clockSkewMs;
}

/** Container of the default datastore. */
export function blobStoreContainer({ id }: Workspace): string {
  return `azureml-blobstore-${id}`;
}

/** Container of what runs leave behind: logs, `./outputs`. */
export const artifactContainer = 'azureml';

export function artifactPrefix(job: string): string {
  return `ExperimentRun/dcid.${job}`;
}

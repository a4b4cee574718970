import * as z from 'zod/mini';
import type { Clock } from '../../../core/ports.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { cloudOf } from '../cloud.ts';
import { workspaceId } from '../paths.ts';
import type { AzureSettings } from '../settings.ts';
import { type AzureApi } from './api.ts';
import { ApiError, hasStatus } from './apiError.ts';
import { BlobContainer } from './blobs.ts';
import type { Credential } from './credential.ts';
import { containerSas } from './sas.ts';
import { Shared } from './shared.ts';

const workspaceSchema = z.object({
  location: z.string(),
  properties: z.object({
    discoveryUrl: z.nullish(z.string()),
    friendlyName: z.nullish(z.string()),
  }),
});

const datastoreSchema = z.object({
  name: z.string(),
  properties: z.object({
    datastoreType: z.string(),
    accountName: z.nullish(z.string()),
    containerName: z.nullish(z.string()),
    isDefault: z.nullish(z.boolean()),
  }),
});

const secretsSchema = z.object({
  secretsType: z.string(),
  key: z.nullish(z.string()),
  sasToken: z.nullish(z.string()),
});

export interface WorkspaceInfo {
  /** Region, such as `eastus`. */
  readonly location: string;
  /** Where to ask which hosts serve it; null where it does not say. */
  readonly discoveryUrl: string | null;
}

/** The blob datastore that every job of the workspace can read and write. */
export interface DefaultStore {
  /** Name of the datastore, `workspaceblobstore` unless somebody chose another. */
  readonly name: string;
  readonly container: BlobContainer;
}

export interface WorkspaceOptions {
  readonly api: AzureApi;
  readonly credential: Credential;
  readonly settings: AzureSettings;
  readonly clock: Clock;
}

/** Own signatures last this long, in ms, whatever clocks say, and are renewed after the other. */
const signatureLasts = 12 * 3_600_000;
const renewAfter = 30 * 60_000;

/** What is asked about the workspace once and then known. */
export class Workspace {
  readonly #options: WorkspaceOptions;
  readonly #info: Shared<WorkspaceInfo>;
  readonly #store: Shared<DefaultStore>;

  constructor(options: WorkspaceOptions) {
    this.#options = options;
    this.#info = new Shared(async (signal) => this.#readInfo(signal));
    this.#store = new Shared(async (signal) => this.#openStore(signal));
  }

  async info(signal: AbortSignal): Promise<WorkspaceInfo> {
    return this.#info.get(signal);
  }

  /** As it is now. */
  async refreshed(signal: AbortSignal): Promise<WorkspaceInfo> {
    this.#info.forget();
    return this.#info.get(signal);
  }

  async defaultStore(signal: AbortSignal): Promise<DefaultStore> {
    return this.#store.get(signal);
  }

  async #readInfo(signal: AbortSignal): Promise<WorkspaceInfo> {
    const { api, settings } = this.#options;
    const { location, properties } = z.parse(workspaceSchema, await api.get(workspaceId(settings), signal));
    return { location, discoveryUrl: properties.discoveryUrl ?? null };
  }

  async #openStore(signal: AbortSignal): Promise<DefaultStore> {
    const { api, clock, settings } = this.#options;
    const listed = await api.list(`${workspaceId(settings)}/datastores`, signal, { query: { isDefault: 'true' } });
    const stores = listed.flatMap((item) => z.safeParse(datastoreSchema, item).data ?? []);
    const store = stores.find(({ properties }) => properties.isDefault === true);
    const { accountName, containerName, datastoreType } = store?.properties ?? {};
    if (store === undefined || !accountName || !containerName || datastoreType !== 'AzureBlob') {
      throw new ProviderError('unsupported', 'The workspace has no default datastore that keeps blobs.', {
        raw: stores.map(({ name, properties }) => `${name}: ${properties.datastoreType}`).join('\n'),
        remedy: 'Make workspaceblobstore the default datastore of the workspace again, in Azure ML studio under Data.',
      });
    }
    const url = `${cloudOf(settings).blob.replace('{account}', accountName)}/${containerName}`;
    const access = new StoreAccess(this.#options, store.name, accountName, containerName);
    return {
      name: store.name,
      container: new BlobContainer(
        {
          url,
          sas: async (until) => access.sas(until),
          token: async (until) => access.token(until),
          renew: () => {
            access.renew();
          },
          signIn: () => this.#options.credential.remedy,
        },
        clock,
      ),
    };
  }
}

/** How the datastore lets people in: a key or a signature of its own, else the person's own sign-in. */
class StoreAccess {
  readonly #options: WorkspaceOptions;
  readonly #datastore: string;
  readonly #account: string;
  readonly #container: string;
  #sas: { readonly text: string; readonly renewAt: number } | null = null;
  #token: string | null = null;

  constructor(options: WorkspaceOptions, datastore: string, account: string, container: string) {
    this.#options = options;
    this.#datastore = datastore;
    this.#account = account;
    this.#container = container;
  }

  async sas(signal: AbortSignal): Promise<string> {
    const now = this.#options.clock.now();
    if (this.#sas === null || now >= this.#sas.renewAt || now < this.#sas.renewAt - renewAfter) {
      this.#sas = { text: await this.#sign(now, signal), renewAt: now + renewAfter };
    }
    return this.#sas.text;
  }

  async token(signal: AbortSignal): Promise<string | null> {
    if ((await this.sas(signal)) !== '') {
      return null;
    }
    const { credential, settings } = this.#options;
    this.#token = (await credential.token(cloudOf(settings).storageScope, signal)).token;
    return this.#token;
  }

  renew(): void {
    this.#sas = null;
    if (this.#token !== null) {
      this.#options.credential.drop(this.#token);
    }
  }

  /** Empty where the datastore keeps no secret or gives this person none. */
  async #sign(now: number, signal: AbortSignal): Promise<string> {
    const { api, settings } = this.#options;
    const path = `${workspaceId(settings)}/datastores/${this.#datastore}/listSecrets`;
    let answer;
    try {
      answer = await api.call('POST', path, { body: { expirableSecret: true } }, signal);
    } catch (error) {
      if (hasStatus(error, 400, 403, 404) && error instanceof ApiError) {
        return '';
      }
      throw error;
    }
    const secrets = z.safeParse(secretsSchema, answer.body).data;
    if (secrets?.sasToken) {
      return secrets.sasToken.replace(/^\?/u, '');
    }
    // By Azure's clock, which is the one that judges the signature.
    const from = answer.date ?? now;
    return secrets?.key ? containerSas(this.#account, secrets.key, this.#container, from + signatureLasts) : '';
  }
}

import { AuthClient, GoogleAuth, UserRefreshClient } from 'google-auth-library';
import { signInError } from './signInError.ts';

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Application Default Credentials of any kind: those of `gcloud auth application-default login`, a service account, workload
 * identity, an impersonated account, the machine's own. All clients of a connection share them.
 */
export class SignIn extends AuthClient {
  readonly #project: string | null;
  #auth: GoogleAuth | null = null;

  /** `project` is where requests of people who signed in without a quota project are counted. */
  constructor(project: string | null) {
    super();
    this.#project = project;
  }

  /** Forgets the token, so that the next request gets another one; who signed in anew meanwhile is noticed as well. */
  renew(): void {
    this.#auth = null;
  }

  /** Rejects with `auth` and the command that mends it, or with `transient`. */
  async client(): Promise<AuthClient> {
    return this.#signedIn(async (client) => Promise.resolve(client));
  }

  override async getRequestHeaders(url?: string | URL): Promise<Headers> {
    return this.#signedIn(async (client) => client.getRequestHeaders(url));
  }

  override async getAccessToken(): Promise<{ token?: string | null }> {
    return this.#signedIn(async (client) => client.getAccessToken());
  }

  override async request<T>(
    options: Parameters<AuthClient['request']>[0],
  ): ReturnType<typeof AuthClient.prototype.request<T>> {
    const headers = new Headers(options.headers);
    for (const [name, value] of await this.getRequestHeaders()) {
      headers.set(name, value);
    }
    return this.transporter.request<T>({ ...options, headers });
  }

  async #signedIn<T>(use: (client: AuthClient) => Promise<T>): Promise<T> {
    // Some credentials would ask the network for a project, of which there is no need.
    this.#auth ??= new GoogleAuth({ scopes: scope, projectId: this.#project ?? 'none' });
    const auth = this.#auth;
    try {
      const client = await auth.getClient();
      if (this.#project !== null && client instanceof UserRefreshClient) {
        client.quotaProjectId ??= this.#project;
      }
      return await use(client);
    } catch (error) {
      this.renew();
      throw signInError(error);
    }
  }
}

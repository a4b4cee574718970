import { JobServiceClient } from '@google-cloud/aiplatform/build/src/v1/job_service_client.js';
import { LoggingServiceV2Client } from '@google-cloud/logging-api/build/src/v2/logging_service_v2_client.js';
import { Storage } from '@google-cloud/storage';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { type CallOptions, type ClientOptions, grpc } from 'google-gax';
import type { Api, GoogleSettings } from '../settings.ts';
import { apiError, hasCode } from './apiError.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';
import { openRest, type RestRequest, sendRest } from './rest.ts';
import { SignIn } from './signIn.ts';

/** What access needs to know of a connection; during set-up there is no project yet. */
export type AccessSettings = Pick<GoogleSettings, 'endpoints'> & { readonly project: string | null };

/**
 * The APIs of Google Cloud with one sign-in. The clients of the SDK are made when first used; every request goes through `call`,
 * which renews a token that is no longer accepted, once, and makes errors those of the contract.
 */
export class GoogleAccess {
  readonly project: string;
  readonly signIn: SignIn;
  readonly #endpoints: GoogleSettings['endpoints'];
  readonly #jobs = new Map<string, JobServiceClient>();
  #storage: Storage | null = null;
  #logging: LoggingServiceV2Client | null = null;

  constructor({ project, endpoints }: AccessSettings) {
    this.project = project ?? '';
    this.signIn = new SignIn(project);
    this.#endpoints = endpoints;
  }

  /** Jobs of one region; regions share nothing, so that one that is down does not hold up the others. */
  jobs(region: string): JobServiceClient {
    let client = this.#jobs.get(region);
    if (client === undefined) {
      client = new JobServiceClient(grpcOptions(this.endpoint('aiplatform', region)));
      this.#jobs.set(region, client);
    }
    return client;
  }

  logging(): LoggingServiceV2Client {
    this.#logging ??= new LoggingServiceV2Client(grpcOptions(this.endpoint('logging')));
    return this.#logging;
  }

  /** Tries nothing again by itself: whoever asked does. */
  storage(): Storage {
    this.#storage ??= new Storage({
      projectId: this.project,
      apiEndpoint: this.endpoint('storage').origin,
      useAuthWithCustomEndpoint: true,
      authClient: new GoogleAuth({ authClient: this.signIn }),
      retryOptions: { autoRetry: false, maxRetries: 0 },
    });
    return this.#storage;
  }

  endpoint(api: Api, region?: string): Endpoint {
    return endpointOf(this.#endpoints, api, region);
  }

  /**
   * Options for one call of a gRPC client: who asks, and when it is given up. The token goes along as a header, so that it is
   * fetched, and its errors are understood, in one place.
   */
  async callOptions(signal: AbortSignal, timeoutMs = 30_000): Promise<CallOptions> {
    const headers = Object.fromEntries(await this.signIn.getRequestHeaders());
    return { timeout: timeoutMs, signal, otherArgs: { headers } };
  }

  /** Asks an API that has no client of its own here; resolves to its JSON. */
  async rest(request: RestRequest, signal: AbortSignal): Promise<unknown> {
    return this.call(signal, async () =>
      sendRest(this.endpoint(request.api).origin, await this.signIn.getRequestHeaders(), request, signal),
    );
  }

  /** The bytes of an answer, as they come. */
  async *restBytes(request: RestRequest, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const chunks = await this.call(signal, async () =>
      openRest(this.endpoint(request.api).origin, await this.signIn.getRequestHeaders(), request, signal),
    );
    try {
      for (;;) {
        const next = await this.call(signal, async () => chunks.next());
        if (next.done === true) {
          return;
        }
        yield next.value;
      }
    } finally {
      await chunks.return?.().catch(() => undefined);
    }
  }

  /** Runs one request. Rejects with the signal's reason or a ProviderError, never later than the signal. */
  async call<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await untilAborted(signal, this.#sendWithToken(send));
    } catch (error) {
      signal.throwIfAborted();
      throw apiError(error, this.project);
    }
  }

  async #sendWithToken<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (!hasCode(apiError(error, this.project), 'UNAUTHENTICATED')) {
        throw error;
      }
      this.signIn.renew();
      return await send();
    }
  }

  async dispose(): Promise<void> {
    const clients = [...this.#jobs.values(), ...(this.#logging === null ? [] : [this.#logging])];
    this.#jobs.clear();
    this.#logging = null;
    await Promise.allSettled(clients.map(async (client) => client.close()));
  }
}

function grpcOptions({ host, port, isEncrypted }: Endpoint): ClientOptions {
  return {
    apiEndpoint: host,
    port,
    sslCreds: isEncrypted ? grpc.credentials.createSsl() : grpc.credentials.createInsecure(),
    auth: new GoogleAuth({ authClient: new PassThroughClient() }),
    'grpc.keepalive_time_ms': 60_000,
  };
}

/** Cloud Storage's client knows no signals: what it does is left to itself. Rejects when the signal is aborted first. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(new Error('aborted'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

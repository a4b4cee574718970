import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import { type PluginCredential, runPlugin } from './execPlugin.ts';
import type { KubeContext } from './kubeconfig.ts';

/** What goes with every request to one cluster. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<AgentOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
  readonly agent: HttpAgent | Agent;
  /** When the sign-in itself ends; null when it does not, or renews itself. */
  readonly signInEndsAt: EpochMs | null;
}

/** Asked for again this long before it runs out, in ms. */
const renewBefore = 30_000;
/** Tokens in files are replaced by whoever owns them; client-go reads them as often. In ms. */
const tokenFileFor = 60_000;
/** Credentials of plugins that last no longer than this, in ms, are renewed by the plugin without a person. */
const renewsItself = 2 * 3_600_000;

/** Signs in to one cluster as its context says, and keeps one pool of connections for it. */
export class ClusterAccess {
  readonly context: KubeContext;
  #plugin: PluginCredential | null = null;
  #cached: { readonly credentials: Credentials; readonly until: EpochMs } | null = null;
  #asking: Promise<Credentials> | null = null;
  #agent: { readonly key: string; readonly agent: HttpAgent | Agent } | null = null;
  readonly #retired: (HttpAgent | Agent)[] = [];
  readonly #ended = new AbortController();

  constructor(context: KubeContext) {
    this.context = context;
  }

  /** Rejects with `auth` or `invalid`, or with the signal's reason. Several callers share one run of a plugin. */
  async credentials(signal: AbortSignal): Promise<Credentials> {
    signal.throwIfAborted();
    if (this.#cached !== null && Date.now() < this.#cached.until) {
      return this.#cached.credentials;
    }
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return orAborted(this.#asking, signal);
  }

  /** After the cluster has refused these: false when there is nothing newer to be had. */
  refused(credentials: Credentials): boolean {
    const renewable = this.context.user.exec !== undefined && this.context.user.exec !== null;
    if (this.#cached?.credentials !== credentials) {
      return this.#cached !== null || renewable;
    }
    this.#cached = null;
    this.#plugin = null;
    return renewable || this.context.tokenFile !== null || Boolean(this.context.user.authProvider);
  }

  dispose(): void {
    this.#ended.abort(new ProviderError('transient', 'The connection to the cluster was closed.'));
    for (const agent of [...this.#retired, this.#agent?.agent]) {
      agent?.destroy();
    }
  }

  async #ask(): Promise<Credentials> {
    const { cluster, user, tokenFile } = this.context;
    if (user.exec && (this.#plugin === null || (this.#plugin.expiresAt ?? Infinity) - renewBefore < Date.now())) {
      this.#plugin = await runPlugin(
        user.exec,
        {
          server: cluster.server,
          caData: cluster.caData,
          tlsServerName: cluster.tlsServerName,
          skipTLSVerify: cluster.skipTLSVerify,
        },
        this.#ended.signal,
      );
    }
    const plugin = this.#plugin;
    const options = await this.#options();
    const token = plugin?.token ?? (tokenFile === null ? null : await readToken(tokenFile));
    const headers = { ...options.headers, ...(token === null ? {} : { Authorization: `Bearer ${token}` }) };
    const tls = {
      ...options.tls,
      ...(plugin?.certificate ? { cert: plugin.certificate } : {}),
      ...(plugin?.key ? { key: plugin.key } : {}),
    };
    const credentials: Credentials = {
      headers,
      tls,
      agent: this.#agentFor(tls, options.proxied),
      signInEndsAt: signInEnd(plugin, headers['Authorization'], tls.cert),
    };
    const renewAt = (plugin?.expiresAt ?? Infinity) - renewBefore;
    // Tokens of auth providers and files change under us.
    const changes = tokenFile !== null || Boolean(user.authProvider);
    this.#cached = { credentials, until: changes ? Date.now() + tokenFileFor : renewAt };
    return credentials;
  }

  /** What the client library makes of the rest of the kubeconfig: certificates, tokens, passwords, auth providers, a proxy. */
  async #options(): Promise<Pick<Credentials, 'headers' | 'tls'> & { readonly proxied: HttpAgent | null }> {
    const { cluster, user } = this.context;
    const { exec: _, ...withoutPlugin } = user;
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ ...cluster, skipTLSVerify: cluster.skipTLSVerify }, withoutPlugin);
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      if (!cluster.server.startsWith('http:')) {
        throw asAuthError(error);
      }
      // It refuses clusters without TLS, such as `kubectl proxy` at localhost.
    }
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    return {
      headers: {
        ...z.parse(z.record(z.string(), z.string()), options.headers ?? {}),
        ...(options.auth ? { Authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` } : {}),
      },
      tls: {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(servername === undefined ? {} : { servername }),
        ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
      },
      proxied: cluster.proxyUrl ? proxyOf(cluster.proxyUrl, options.agent) : null,
    };
  }

  #agentFor(tls: Credentials['tls'], proxied: HttpAgent | null): HttpAgent | Agent {
    const key = JSON.stringify(tls);
    if (this.#agent?.key === key) {
      return this.#agent.agent;
    }
    if (this.#agent !== null) {
      // Streams may still run over it.
      this.#retired.push(this.#agent.agent);
    }
    const agent =
      proxied === null
        ? this.context.cluster.server.startsWith('http:')
          ? new HttpAgent({ keepAlive: true })
          : new Agent({ ...tls, keepAlive: true })
        : Object.assign(proxied, { keepAlive: true });
    this.#agent = { key, agent };
    return agent;
  }
}

/** Not to go through a proxy that is named would be a surprise. */
function proxyOf(url: string, agent: RequestOptions['agent']): HttpAgent {
  if (agent instanceof HttpAgent) {
    return agent;
  }
  throw new ProviderError('unsupported', `The proxy ${url} of the kubeconfig cannot be used.`, {
    remedy: 'Name an HTTP or SOCKS proxy there.',
  });
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw asAuthError(error);
  }
}

function asAuthError(error: unknown): ProviderError {
  if (isProviderError(error)) {
    return error;
  }
  const raw = error instanceof Error ? error.message : String(error);
  return new ProviderError('auth', 'The credentials that the kubeconfig names cannot be used.', {
    raw,
    remedy: 'Sign in again, or get a new kubeconfig from whoever runs the cluster.',
    cause: error,
  });
}

/** Only what a person has to renew counts: the plugins of clouds hand out a new token every few minutes by themselves. */
function signInEnd(
  plugin: PluginCredential | null,
  authorization: string | undefined,
  cert: Credentials['tls']['cert'],
): EpochMs | null {
  if (plugin !== null) {
    return plugin.expiresAt !== null && plugin.expiresAt - Date.now() > renewsItself ? plugin.expiresAt : null;
  }
  const token = authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : null;
  return (token === null ? null : jwtEnd(token)) ?? (cert === undefined ? null : certificateEnd(String(cert)));
}

const claims = z.object({ exp: z.number() });

function jwtEnd(token: string): EpochMs | null {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    return z.parse(claims, JSON.parse(payload)).exp * 1000;
  } catch {
    return null;
  }
}

function certificateEnd(pem: string): EpochMs | null {
  try {
    return new X509Certificate(pem).validToDate.getTime();
  } catch {
    return null;
  }
}

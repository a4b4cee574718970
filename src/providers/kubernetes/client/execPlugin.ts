import { spawn } from 'node:child_process';
import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';
import { ProviderError } from '../../../core/providerError.ts';

/** How long a credential plugin may take, in ms: it may open a browser and wait for a person. */
export const pluginWithin = 60_000;
const keptOutput = 8_192;

/** The `exec` part of a kubeconfig user, see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins. */
const execSchema = z.object({
  apiVersion: z._default(z.string(), 'client.authentication.k8s.io/v1'),
  command: z.string(),
  args: z.optional(z.nullable(z.array(z.string()))),
  env: z.optional(z.nullable(z.array(z.object({ name: z.string(), value: z.string() })))),
  installHint: z.optional(z.string()),
  provideClusterInfo: z.optional(z.boolean()),
});

const credentialSchema = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    expirationTimestamp: z.optional(z.string()),
    token: z.optional(z.string()),
    clientCertificateData: z.optional(z.string()),
    clientKeyData: z.optional(z.string()),
  }),
});

export interface PluginCredential {
  readonly token: string | null;
  /** PEM. */
  readonly certificate: string | null;
  readonly key: string | null;
  readonly expiresAt: EpochMs | null;
}

export interface PluginCluster {
  readonly server: string;
  readonly caData: string | undefined;
  readonly tlsServerName: string | undefined;
  readonly skipTLSVerify: boolean;
}

/**
 * Runs a kubeconfig's credential plugin. Rejects with `auth` and the plugin's own words when it fails, is not there, says
 * nothing usable or takes longer than `pluginWithin`.
 */
export async function runPlugin(exec: unknown, cluster: PluginCluster, signal: AbortSignal): Promise<PluginCredential> {
  const parsed = z.safeParse(execSchema, exec);
  if (!parsed.success) {
    throw new ProviderError('invalid', 'The kubeconfig names a credential plugin in a way that cannot be read.', {
      raw: parsed.error.message,
    });
  }
  const { command, args, env, apiVersion, installHint, provideClusterInfo } = parsed.data;
  const info = {
    apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(provideClusterInfo === true
        ? {
            cluster: {
              server: cluster.server,
              'certificate-authority-data': cluster.caData,
              'tls-server-name': cluster.tlsServerName,
              'insecure-skip-tls-verify': cluster.skipTLSVerify,
            },
          }
        : {}),
    },
  };
  const output = await run(command, args ?? [], installHint, signal, {
    ...process.env,
    ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  });
  return readCredential(command, output);
}

function readCredential(command: string, output: string): PluginCredential {
  let json: unknown;
  try {
    json = JSON.parse(output);
  } catch {
    json = undefined;
  }
  const credential = z.safeParse(credentialSchema, json);
  // What it printed may hold a token and is not repeated.
  if (!credential.success) {
    throw new ProviderError('auth', `The credential plugin ${command} did not print a credential.`, {
      remedy: `Run ${command} in a terminal to see what it says.`,
    });
  }
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = credential.data.status;
  const expiresAt = expirationTimestamp === undefined ? Number.NaN : Date.parse(expirationTimestamp);
  return {
    token: token ?? null,
    certificate: clientCertificateData ?? null,
    key: clientKeyData ?? null,
    expiresAt: Number.isNaN(expiresAt) ? null : expiresAt,
  };
}

async function run(
  command: string,
  args: readonly string[],
  installHint: string | undefined,
  signal: AbortSignal,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-keptOutput);
  });
  const late = setTimeout(() => {
    child.kill('SIGKILL');
    reject(
      new ProviderError('auth', `The credential plugin ${command} did not answer within ${pluginWithin / 1000} s.`, {
        raw: complaints.trim(),
        remedy: `Run ${command} in a terminal: it may be waiting for you to sign in.`,
      }),
    );
  }, pluginWithin);
  const abort = (): void => {
    child.kill('SIGKILL');
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort);
  child.once('error', (error) => {
    reject(
      new ProviderError('auth', `The credential plugin ${command} of the kubeconfig cannot be started.`, {
        raw: error.message,
        remedy: installHint?.trim() || `Install ${command}, or make sure that VS Code finds it on its PATH.`,
        cause: error,
      }),
    );
  });
  child.once('close', (code, killedBy) => {
    if (code === 0) {
      resolve(output);
      return;
    }
    const how = code === null ? `was ended by ${killedBy}` : `failed with exit code ${code}`;
    reject(
      new ProviderError('auth', `The credential plugin ${command} ${how}.`, {
        raw: complaints.trim(),
        remedy: 'Sign in again with your provider’s command-line tool, then retry.',
      }),
    );
  });
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', abort);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

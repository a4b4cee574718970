import { stringify } from 'yaml';
import type { KeyPair } from './certificates.ts';

/** How a person of a kubeconfig proves who they are. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'certificate'; readonly pair: KeyPair }
  | { readonly kind: 'exec'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'none' };

export interface KubeconfigContext {
  readonly name: string;
  readonly namespace?: string;
  readonly user: string;
}

/** The text of a kubeconfig of one cluster. The first context is the current one. */
export function kubeconfigText(
  server: string,
  ca: string,
  users: Readonly<Record<string, Credentials>>,
  contexts: readonly KubeconfigContext[],
): string {
  const cluster = 'emulated';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: Object.entries(users).map(([name, credentials]) => ({ name, user: userOf(credentials) })),
    contexts: contexts.map(({ name, namespace, user }) => ({
      name,
      context: { cluster, user, ...(namespace === undefined ? {} : { namespace }) },
    })),
    'current-context': contexts[0]?.name ?? '',
  });
}

function userOf(credentials: Credentials): object {
  switch (credentials.kind) {
    case 'token':
      return { token: credentials.token };
    case 'certificate':
      return {
        'client-certificate-data': base64(credentials.pair.cert),
        'client-key-data': base64(credentials.pair.key),
      };
    case 'exec':
      return {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: credentials.command,
          args: [...credentials.args],
          interactiveMode: 'Never',
          provideClusterInfo: false,
        },
      };
    case 'none':
      return {};
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

import type { ProviderPorts } from '../../core/ports.ts';
import { ProviderError } from '../../core/providerError.ts';
import { ClusterAccess } from './client/access.ts';
import { KubeApi } from './client/api.ts';
import { type KubeContext, loadKubeconfig, usualPaths } from './client/kubeconfig.ts';
import { codeFolder } from './code/staging.ts';
import { Errands } from './errands.ts';
import { HintSource } from './observe/lookForHints.ts';
import { ResultStore } from './results/store.ts';
import type { ClusterSettings } from './settings.ts';
import { Runs } from './state/runs.ts';
import { Tombstones } from './state/tombstones.ts';

/** Everything that a connection works with once it is open. */
export interface Cluster {
  readonly api: KubeApi;
  readonly context: KubeContext;
  readonly namespace: string;
  readonly runs: Runs;
  readonly hints: HintSource;
  readonly errands: Errands;
  readonly tombstones: Tombstones;
  readonly store: () => Promise<ResultStore>;
  readonly dispose: () => Promise<void>;
}

/** Reads the kubeconfig. No network. Throws `notFound` and `invalid`. */
export async function openCluster(
  { kubeconfig, context: wanted, namespace }: ClusterSettings,
  { clock, files, logger }: ProviderPorts,
): Promise<Cluster> {
  const paths = kubeconfig === undefined ? usualPaths() : [kubeconfig];
  const { contexts } = await loadKubeconfig(paths);
  const context = contexts.find(({ name }) => name === wanted);
  if (context === undefined) {
    throw new ProviderError('notFound', `The kubeconfig has no context "${wanted}" any more.`, {
      raw: `${paths.join(', ')}: ${contexts.map(({ name }) => name).join(', ') || 'no contexts'}`,
      remedy: 'Sign in to the cluster again, or remove the connection and add it anew.',
    });
  }
  const api = new KubeApi(new ClusterAccess(context));
  const store = async (): Promise<ResultStore> => new ResultStore(await files.folder());
  const errands = new Errands({
    api,
    namespace,
    logger,
    store,
    codeFolder: async () => codeFolder(await files.folder()),
    now: () => clock.now(),
  });
  return {
    api,
    context,
    namespace,
    runs: new Runs(api, namespace, clock),
    hints: new HintSource(api, namespace, clock),
    errands,
    tombstones: new Tombstones(),
    store,
    dispose: async () => {
      api.dispose();
      await errands.dispose();
    },
  };
}

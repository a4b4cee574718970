import type { Provider } from '../../core/provider.ts';
import { abilities } from './abilities.ts';
import { ClusterConnection } from './connection.ts';
import { coreWeave } from './coreweave.ts';
import { anyKubernetes, type Flavour } from './flavour.ts';
import { parseSettings } from './settings.ts';
import { setUpCluster } from './setUp.ts';

function providerOf(flavour: Flavour): Provider {
  return {
    id: flavour.id,
    label: flavour.label,
    abilities,
    connect: (settings, ports) => new ClusterConnection(flavour, parseSettings(settings), ports),
    setUp: async (ports, signal) => setUpCluster(ports, flavour, signal),
  };
}

/** Any cluster in a kubeconfig: SoftBank's, GKE, AKS, EKS, OKE, one's own. */
export const provider = providerOf(anyKubernetes);

export const coreweave = providerOf(coreWeave);

import type { ProviderEntry } from './editor/connections/providerCatalog.ts';
import { abilities as azureAbilities } from './providers/azure/abilities.ts';
import { abilities as googleAbilities } from './providers/google/abilities.ts';
import { abilities as kubernetesAbilities } from './providers/kubernetes/abilities.ts';
import { abilities as localAbilities } from './providers/local/abilities.ts';
import { abilities as slurmAbilities } from './providers/slurm/abilities.ts';

/** What can be said of each provider without loading its bundle. */
export const providerEntries: readonly ProviderEntry[] = [
  {
    id: 'local',
    label: 'This machine',
    abilities: localAbilities,
    load: async () => (await import('./providers/local/index.ts')).provider,
  },
  {
    id: 'azure',
    label: 'Azure Machine Learning',
    abilities: azureAbilities,
    setUp: { icon: 'azure', needs: 'A workspace that you may run jobs in, and a Microsoft account or az login' },
    load: async () => (await import('./providers/azure/index.ts')).provider,
  },
  {
    id: 'google',
    label: 'Google Cloud',
    abilities: googleAbilities,
    setUp: {
      icon: 'cloud',
      needs: 'A project of Google Cloud with Vertex AI, and the gcloud command or another sign-in',
    },
    load: async () => (await import('./providers/google/index.ts')).provider,
  },
  {
    id: 'coreweave',
    label: 'CoreWeave',
    abilities: kubernetesAbilities,
    setUp: { icon: 'cloud', needs: 'The kubeconfig of a CoreWeave (CKS) cluster' },
    load: async () => (await import('./providers/kubernetes/index.ts')).coreweave,
  },
  {
    id: 'kubernetes',
    label: 'Kubernetes',
    abilities: kubernetesAbilities,
    setUp: {
      icon: 'server-environment',
      needs: 'The kubeconfig of a cluster: SoftBank, GKE, AKS, EKS, OKE or your own',
    },
    load: async () => (await import('./providers/kubernetes/index.ts')).provider,
  },
  {
    id: 'slurm',
    label: 'Slurm',
    abilities: slurmAbilities,
    setUp: { icon: 'server', needs: 'A login node that you reach by SSH, or Slurm on this machine' },
    load: async () => (await import('./providers/slurm/index.ts')).provider,
  },
  {
    id: 'sunk',
    label: 'CoreWeave SUNK',
    abilities: slurmAbilities,
    setUp: { icon: 'cloud', needs: 'The login service of a SUNK cluster, reached by SSH' },
    load: async () => (await import('./providers/slurm/index.ts')).sunk,
  },
];

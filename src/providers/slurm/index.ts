import type { Provider } from '../../core/provider.ts';
import { abilities } from './abilities.ts';
import { SlurmConnection } from './connection.ts';
import { LocalHost } from './localHost.ts';
import { parseSettings } from './settings.ts';
import { setUpSlurm } from './setUp.ts';
import { SshHost } from './ssh/sshHost.ts';

const connect: Provider['connect'] = (settings, ports) => {
  const parsed = parseSettings(settings);
  const { host, sshConfig } = parsed;
  return new SlurmConnection(
    parsed,
    host === null ? new LocalHost() : new SshHost({ host, configFile: sshConfig ?? undefined }, ports),
    ports,
  );
};

/** Any Slurm cluster, over SSH or from one of its own nodes. */
export const provider: Provider = {
  id: 'slurm',
  label: 'Slurm',
  abilities,
  connect,
  setUp: async (ports, signal) =>
    setUpSlurm({ title: 'Slurm cluster', placeholder: 'Choose its login node, or type user@host' }, ports, signal),
};

/** Slurm on Kubernetes as CoreWeave runs it: reached like any other, through the login pods. */
export const sunk: Provider = {
  id: 'sunk',
  label: 'CoreWeave SUNK',
  abilities,
  connect,
  setUp: async (ports, signal) =>
    setUpSlurm(
      {
        title: 'CoreWeave SUNK cluster',
        placeholder: 'Choose its login service, or type user@ and the address that CoreWeave shows for it',
      },
      ports,
      signal,
    ),
};

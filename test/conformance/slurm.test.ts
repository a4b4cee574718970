import { SlurmConnection } from '../../src/providers/slurm/connection.ts';
import { LocalHost } from '../../src/providers/slurm/localHost.ts';
import { parseSettings } from '../../src/providers/slurm/settings.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { describeWithCluster } from '../slurm/describeWithCluster.ts';
import { FaultyWay } from '../slurm/faultyHost.ts';
import { slurmSetup } from './slurmSetup.ts';
import { describeProvider } from './suite.ts';

describeWithCluster('Slurm', {}, () => {
  describeProvider(
    'on this machine, with a way to it that fails on command',
    slurmSetup({ rateLimitNext: 'Slurm names no time after which it may be asked again' }, async () => {
      const way = new FaultyWay();
      return {
        settings: { host: null },
        open: (settings) =>
          way.connection(new SlurmConnection(parseSettings(settings), way.host(new LocalHost()), testPorts('slurm'))),
        faults: way.faults,
        stop: async () => undefined,
      };
    }),
  );
});

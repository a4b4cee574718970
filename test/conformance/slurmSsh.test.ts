import { provider } from '../../src/providers/slurm/index.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { describeWithCluster } from '../slurm/describeWithCluster.ts';
import { sshdMissing } from '../slurm/sshd.ts';
import { startSshSite } from '../slurm/sshSite.ts';
import { slurmSetup } from './slurmSetup.ts';
import { describeProvider } from './suite.ts';

const notHere = 'the same Slurm has it over a way that fails on command';

describeWithCluster('Slurm', { missing: sshdMissing }, () => {
  describeProvider(
    'over SSH through a jump host',
    slurmSetup(
      {
        loseReply: notHere,
        loseRequest: notHere,
        duplicateRequest: notHere,
        failNext: notHere,
        rateLimitNext: 'Slurm names no time after which it may be asked again',
        hang: notHere,
        hangAfterWork: notHere,
        dropLog: notHere,
        lateObservation: notHere,
      },
      async () => {
        const site = await startSshSite();
        return {
          settings: { host: 'login', sshConfig: site.configFile },
          open: (settings) => provider.connect(settings, testPorts('slurm')),
          faults: {
            loseConnections: async () => {
              site.login.hangUp();
            },
          },
          stop: async () => site.dispose(),
        };
      },
    ),
  );
});

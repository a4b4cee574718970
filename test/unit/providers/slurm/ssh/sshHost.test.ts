import { afterAll, beforeAll } from 'vitest';

import { SshHost } from '../../../../../src/providers/slurm/ssh/sshHost.ts';
import { describeSsh } from '../../../../slurm/describeSsh.ts';
import { type SshSite, startSshSite } from '../../../../slurm/sshSite.ts';
import { describeHost } from '../hostCases.ts';
import { sshPorts } from './sshPorts.ts';

describeSsh('over a real sshd', () => {
  let site: SshSite;

  beforeAll(async () => {
    site = await startSshSite();
  });

  afterAll(async () => {
    await site.dispose();
  });

  describeHost(
    'commands through a jump host',
    async () => new SshHost({ host: 'login', configFile: site.configFile }, sshPorts()),
  );
});

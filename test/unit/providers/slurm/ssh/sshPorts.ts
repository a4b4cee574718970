import type { SshPorts } from '../../../../../src/providers/slurm/ssh/sshHost.ts';
import { testPorts } from '../../../../emulators/scripted/testPorts.ts';

/** Ports that remember in memory, and somebody who is not there to be asked; with others in place of some. */
export function sshPorts(ports: Partial<SshPorts> = {}): SshPorts {
  return { ...testPorts('ssh'), ...ports };
}

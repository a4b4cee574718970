import { LocalHost } from '../../../../src/providers/slurm/localHost.ts';
import { describeHost } from './hostCases.ts';

describeHost('commands on this machine', async () => new LocalHost());

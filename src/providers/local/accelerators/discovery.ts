import { messageOf } from '../nodeError.ts';
import { amdDevices } from './amd.ts';
import type { Device } from './device.ts';
import { nvidiaDevices } from './nvidia.ts';
import { type Probe, systemProbe } from './probe.ts';
import { tpuDevices } from './tpu.ts';

export interface Discovery {
  readonly devices: readonly Device[];
  /** Why there may be more than was found, in the vendors' own words: a driver that does not answer. */
  readonly problems: readonly string[];
}

/** The accelerators of this machine; those the environment hides from us are left out. Never rejects. */
export async function discoverDevices(
  probe: Probe = systemProbe,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Discovery> {
  const found = await Promise.allSettled([nvidiaDevices(probe), amdDevices(probe), tpuDevices(probe)]);
  const devices = found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  return {
    devices: devices.filter((device) => isVisible(device, environment)),
    problems: found.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : [])),
  };
}

/** The same, asked anew only when the last answer is older than that: the vendors' tools take up to seconds. */
export function rememberedDiscovery(ms: number): () => Promise<Discovery> {
  let asked = Number.NEGATIVE_INFINITY;
  let answer: Promise<Discovery> | undefined;
  return () => {
    if (answer === undefined || performance.now() - asked > ms) {
      asked = performance.now();
      answer = discoverDevices();
    }
    return answer;
  };
}

const visibility = {
  nvidia: 'CUDA_VISIBLE_DEVICES',
  amd: 'HIP_VISIBLE_DEVICES',
  google: 'TPU_VISIBLE_CHIPS',
} as const satisfies Record<Device['vendor'], string>;

/** An editor that runs inside somebody's allocation (a Slurm job, say) has only what that gave it. */
function isVisible(device: Device, environment: NodeJS.ProcessEnv): boolean {
  const visible = environment[visibility[device.vendor]];
  return (
    visible === undefined ||
    visible.split(',').some((id) => id === device.id || (id.startsWith('GPU-') && device.uuid?.startsWith(id) === true))
  );
}

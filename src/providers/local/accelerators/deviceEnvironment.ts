import type { Device } from './device.ts';

/**
 * The variables that let a job see the granted devices and hide the others of this machine. A job that was granted none sees
 * none: the ones there are belong to the jobs that asked.
 */
export function deviceEnvironment(granted: readonly Device[], all: readonly Device[]): Record<string, string> {
  const ids = (vendor: Device['vendor']): string =>
    granted
      .filter((device) => device.vendor === vendor)
      .map((device) => device.id)
      .join(',');
  const chips = granted.filter((device) => device.vendor === 'google').length;
  const part = chips > 0 && chips < all.filter((device) => device.vendor === 'google').length;
  return {
    // The order of nvidia-smi, where the indices come from.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: ids('nvidia'),
    HIP_VISIBLE_DEVICES: ids('amd'),
    ...(chips > 0 ? { TPU_VISIBLE_CHIPS: ids('google') } : {}),
    // libtpu wants the shape as well when it gets a part of the host.
    ...(part ? { TPU_CHIPS_PER_PROCESS_BOUNDS: chipBounds(chips), TPU_PROCESS_BOUNDS: '1,1,1' } : {}),
  };
}

function chipBounds(chips: number): string {
  return chips % 2 === 0 ? `${chips / 2},2,1` : `${chips},1,1`;
}

import type { Device } from './device.ts';

/** The accelerators of this machine. */
export async function discoverDevices(): Promise<readonly Device[]> {
  return [];
}

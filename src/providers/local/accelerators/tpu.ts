import { accelerators, localAcceleratorName } from '../../../core/accelerator.ts';
import type { Device } from './device.ts';
import type { Probe } from './probe.ts';

const googleVendor = '0x1ae0';

/** PCI device ids of the chips. v2 and v3 share one; most that are left are v3. */
const chipNames: ReadonlyMap<string, string> = new Map([
  ['0x0027', 'TPU v3'],
  ['0x005e', 'TPU v4'],
  ['0x0062', 'TPU v5p'],
  ['0x0063', 'TPU v5e'],
  ['0x006f', 'TPU v6e'],
  ['0x0076', 'TPU7x'],
]);

/** TPU chips on the PCI bus that have a device file, which a container may lack. */
export async function tpuDevices(probe: Probe): Promise<Device[]> {
  const bus = '/sys/bus/pci/devices';
  const names: string[] = [];
  for (const slot of (await probe.list(bus)).toSorted()) {
    if ((await probe.read(`${bus}/${slot}/vendor`)) === googleVendor) {
      const name = chipNames.get((await probe.read(`${bus}/${slot}/device`)) ?? '');
      names.push(...(name === undefined ? [] : [name]));
    }
  }
  if (names.length === 0) {
    return [];
  }
  const files = [
    ...(await probe.list('/dev')).filter((name) => /^accel[0-9]+$/u.test(name)),
    ...(await probe.list('/dev/vfio')).filter((name) => /^[0-9]+$/u.test(name)),
  ];
  return names.slice(0, files.length).map((text, index) => {
    const name = localAcceleratorName(text);
    const known = accelerators.find((accelerator) => accelerator.name === name);
    return { vendor: 'google', id: String(index), uuid: null, name, memoryGib: known?.memoryGib ?? null };
  });
}

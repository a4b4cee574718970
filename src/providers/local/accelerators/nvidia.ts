import { localAcceleratorName } from '../../../core/accelerator.ts';
import type { Device } from './device.ts';
import type { Probe } from './probe.ts';

/** Throws with nvidia-smi's own words when there is one that fails. */
export async function nvidiaDevices(probe: Probe): Promise<Device[]> {
  const table = await probe.run('nvidia-smi', [
    '--query-gpu=index,uuid,name,memory.total',
    '--format=csv,noheader,nounits',
  ]);
  if (table === null) {
    return [];
  }
  return parseNvidia(table, (await probe.run('nvidia-smi', ['-L'])) ?? '');
}

/**
 * The GPUs of the table (index, UUID, name, MiB). One that is cut into MIG slices in the listing (`nvidia-smi -L`) is given as its
 * slices: as a whole it cannot be used.
 */
export function parseNvidia(table: string, listing: string): Device[] {
  const slices = migSlices(listing);
  return table.split('\n').flatMap((line): Device[] => {
    const [index, uuid, name, memory] = line.split(',').map((cell) => cell.trim());
    if (index === undefined || uuid === undefined || name === undefined || !/^[0-9]+$/u.test(index)) {
      return [];
    }
    const whole = localAcceleratorName(name);
    const own = slices.filter((slice) => slice.gpu === uuid);
    if (own.length > 0) {
      return own.map((slice) => ({
        vendor: 'nvidia',
        id: slice.uuid,
        uuid: null,
        name: localAcceleratorName(`${whole} MIG ${slice.profile}`),
        memoryGib: Number(/\.(?<gib>[0-9]+)gb/u.exec(slice.profile)?.groups?.['gib'] ?? Number.NaN) || null,
      }));
    }
    const mebibytes = Number(memory);
    return [
      {
        vendor: 'nvidia',
        id: index,
        uuid,
        name: whole,
        memoryGib: mebibytes > 0 ? Math.round(mebibytes / 1024) : null,
      },
    ];
  });
}

interface MigSlice {
  /** UUID of the GPU it is a slice of. */
  readonly gpu: string;
  /** Such as `1g.10gb`. */
  readonly profile: string;
  readonly uuid: string;
}

function migSlices(listing: string): MigSlice[] {
  const slices: MigSlice[] = [];
  let gpu = '';
  for (const line of listing.split('\n')) {
    gpu = /^GPU [0-9]+: .*\(UUID: (?<uuid>[^)]+)\)/u.exec(line)?.groups?.['uuid'] ?? gpu;
    const slice = /^\s+MIG (?<profile>\S+)\s+Device\s+[0-9]+: \(UUID: (?<uuid>[^)]+)\)/u.exec(line)?.groups;
    if (slice?.['profile'] !== undefined && slice['uuid'] !== undefined) {
      slices.push({ gpu, profile: slice['profile'], uuid: slice['uuid'] });
    }
  }
  return slices;
}

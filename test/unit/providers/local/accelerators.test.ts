import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { localAcceleratorName } from '../../../../src/core/accelerator.ts';
import { parseAmd } from '../../../../src/providers/local/accelerators/amd.ts';
import { deviceEnvironment } from '../../../../src/providers/local/accelerators/deviceEnvironment.ts';
import { discoverDevices } from '../../../../src/providers/local/accelerators/discovery.ts';
import { parseNvidia } from '../../../../src/providers/local/accelerators/nvidia.ts';
import { type Probe, systemProbe } from '../../../../src/providers/local/accelerators/probe.ts';
import { LocalBench, never } from './localRun.ts';

const recorded = (name: string): Promise<string> =>
  readFile(join(import.meta.dirname, '../../../fixtures/accelerators', name), 'utf8');

const nothing: Probe = { run: async () => null, list: async () => [], read: async () => null };

describe('NVIDIA GPUs', () => {
  it('have their canonical names and memory', async () => {
    expect(parseNvidia(await recorded('nvidia-smi-mixed.csv'), '')).toMatchObject([
      { id: '0', name: 'H100', memoryGib: 80 },
      { id: '1', name: 'A100-80GB', memoryGib: 80 },
      { id: '2', name: 'A100-40GB', memoryGib: 40 },
      { id: '3', name: 'V100', memoryGib: 16 },
      { id: '4', name: 'T4', memoryGib: 15 },
      { id: '5', name: 'RTX 4090', memoryGib: 24 },
      { id: '6', name: 'GB10', memoryGib: null },
    ]);
  });

  it('that are cut into slices are given as slices', async () => {
    const table = [0, 1].map((index) => `${index}, GPU-${index}, NVIDIA A100-SXM4-80GB, 81920`);
    const uuids = ['GPU-513536b6-7d19-9063-b049-1e69664bb298', 'GPU-d8594bd4-0fc3-8595-e355-7c98138f3b95'];
    const text = table.map((line, index) => line.replace(`GPU-${index}`, uuids[index] ?? '')).join('\n');
    const devices = parseNvidia(text, await recorded('nvidia-smi-list-mig.txt'));
    expect(devices).toMatchObject([
      ...[0, 1, 2, 3].map(() => ({
        id: expect.stringMatching(/^MIG-/u),
        name: 'A100-80GB MIG 1g.20gb',
        memoryGib: 20,
      })),
      { id: '1', name: 'A100-80GB', memoryGib: 80 },
    ]);
    expect(devices.every(({ name }) => localAcceleratorName(name) === name)).toBe(true);
  });

  it('behind a driver that does not answer are none, with its words', async () => {
    const words = (await recorded('nvidia-smi-no-driver.txt')).trim();
    const failing: Probe = {
      ...nothing,
      run: async (tool) => (tool === 'nvidia-smi' ? Promise.reject(new Error(words)) : null),
    };
    expect(await discoverDevices(failing, {})).toEqual({ devices: [], problems: [words] });
  });

  it('that the environment hides are left out', async () => {
    const table = await recorded('nvidia-smi-mixed.csv');
    const probe: Probe = {
      ...nothing,
      run: async (tool, args) => (tool !== 'nvidia-smi' ? null : args[0] === '-L' ? '' : table),
    };
    const visible = async (value: string): Promise<string[]> =>
      (await discoverDevices(probe, { CUDA_VISIBLE_DEVICES: value })).devices.map(({ id }) => id);
    expect(await visible('1,3')).toEqual(['1', '3']);
    expect(await visible('GPU-22222222')).toEqual(['1']);
    expect(await visible('')).toEqual([]);
  });
});

describe('AMD GPUs', () => {
  it('have the name people know', async () => {
    expect(parseAmd(await recorded('rocm-smi-rx7900.json'))).toMatchObject([
      { id: '0', name: 'Radeon RX 7900 XT', memoryGib: 20 },
    ]);
    expect(parseAmd(await recorded('rocm-smi-mi300x.txt'))).toMatchObject([
      { id: '0', name: 'MI300X', memoryGib: 192 },
      { id: '1', name: 'MI300X', memoryGib: 192 },
    ]);
  });
});

describe('TPUs', () => {
  it('are the chips on the bus that have a device file', async () => {
    const bus = new Map([
      ['0000:00:04.0', ['0x1ae0', '0x0063']],
      ['0000:00:05.0', ['0x1ae0', '0x0063']],
      ['0000:00:06.0', ['0x1af4', '0x1000']],
      ['0000:00:07.0', ['0x1ae0', '0x0042']],
    ]);
    const probe: Probe = {
      ...nothing,
      list: async (folder) =>
        folder === '/dev/vfio' ? ['0', '1', 'vfio'] : folder === '/dev' ? ['null'] : [...bus.keys()],
      read: async (path) => bus.get(path.split('/')[5] ?? '')?.[path.endsWith('vendor') ? 0 : 1] ?? null,
    };
    expect((await discoverDevices(probe, {})).devices).toMatchObject([
      { vendor: 'google', id: '0', name: 'TPU v5e', memoryGib: 16 },
      { vendor: 'google', id: '1', name: 'TPU v5e', memoryGib: 16 },
    ]);
  });
});

describe('what a job sees', () => {
  const gpu = (id: string) =>
    ({ vendor: 'nvidia', id, uuid: null, name: localAcceleratorName('H100'), memoryGib: 80 }) as const;
  const chip = (id: string) =>
    ({ vendor: 'google', id, uuid: null, name: localAcceleratorName('TPU v5e'), memoryGib: 16 }) as const;

  it('is what it was granted and nothing else', () => {
    const all = ['0', '1', '2', '3'].map(gpu);
    expect(deviceEnvironment(all.slice(1, 3), all)).toMatchObject({
      CUDA_VISIBLE_DEVICES: '1,2',
      HIP_VISIBLE_DEVICES: '',
    });
    expect(deviceEnvironment([], all)).toMatchObject({ CUDA_VISIBLE_DEVICES: '' });
  });

  it('has its shape where it is a part of a TPU host', () => {
    const all = ['0', '1', '2', '3'].map(chip);
    expect(deviceEnvironment(all.slice(0, 2), all)).toMatchObject({
      TPU_VISIBLE_CHIPS: '0,1',
      TPU_CHIPS_PER_PROCESS_BOUNDS: '1,2,1',
      TPU_PROCESS_BOUNDS: '1,1,1',
    });
    expect(deviceEnvironment(all, all)).not.toHaveProperty('TPU_PROCESS_BOUNDS');
  });
});

describe('a tool of a vendor', () => {
  it('that is not installed is no error; one that fails has its say', async () => {
    expect(await systemProbe.run('aloft-no-such-tool', [])).toBeNull();
    await expect(systemProbe.run('sh', ['-c', 'echo the driver is gone; exit 9'])).rejects.toThrow(
      'sh: the driver is gone',
    );
  });
});

describe('jobs that want accelerators', () => {
  /** A machine with four GPUs, as far as its nvidia-smi says. */
  async function withGpus(): Promise<LocalBench> {
    const bench = await LocalBench.open({ slots: 1 });
    const bin = join(bench.folder, 'bin');
    await mkdir(bin);
    const table = [0, 1, 2, 3].map((index) => `${index}, GPU-${index}, NVIDIA H100 80GB HBM3, 81559`).join('\\n');
    const script = `#!/bin/sh\ncase $1 in -L) ;; *) printf '${table}\\n' ;; esac\n`;
    await writeFile(join(bin, 'nvidia-smi'), script, { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH'] ?? ''}`);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    return bench;
  }

  const wanted = (count: number) => ({ name: localAcceleratorName('H100'), count });

  it('wait for them and see only what they were granted', async () => {
    const bench = await withGpus();
    const gate = join(bench.folder, 'gate');
    const command = `echo "$CUDA_VISIBLE_DEVICES"; while [ ! -e '${gate}' ]; do sleep 0.05; done`;
    const three = await bench.submit({ command, accelerator: wanted(3) });
    const two = await bench.submit({ command, accelerator: wanted(2) });
    const none = await bench.submit({ command: 'echo "[$CUDA_VISIBLE_DEVICES]"' });
    expect(await bench.text(none.handle)).toBe('[]\n');
    await bench.until(three.handle, ({ state }) => state === 'running');
    expect(await bench.observe(two.handle)).toMatchObject({ state: 'queued', reason: 'waits for 2 x H100' });
    const offers = await bench.connection.offers({}, never);
    expect(offers.map(({ accelerator, count, freeNow, note }) => [accelerator, count, freeNow, note])).toEqual([
      [null, 0, 1, '1 of 1 slots free'],
      ['H100', 1, 1, '1 of 4 free'],
      ['H100', 2, 0, '1 of 4 free'],
      ['H100', 3, 0, '1 of 4 free'],
      ['H100', 4, 0, '1 of 4 free'],
    ]);
    await writeFile(gate, '');
    expect(await bench.text(three.handle)).toBe('0,1,2\n');
    expect(await bench.text(two.handle)).toMatch(/^[0-3],[0-3]\n$/u);
    expect(await bench.ended(two.handle)).toMatchObject({ state: 'succeeded' });
  });

  it('are refused at once when the machine has too few', async () => {
    const bench = await withGpus();
    await expect(bench.submit({ accelerator: wanted(5) })).rejects.toMatchObject({
      tag: 'unsupported',
      field: 'accelerator.count',
      remedy: 'It has 4 x H100.',
    });
    await expect(bench.submit({ accelerator: { name: localAcceleratorName('A10'), count: 1 } })).rejects.toMatchObject({
      tag: 'unsupported',
      field: 'accelerator.name',
    });
    expect(await bench.connection.list(never)).toEqual([]);
  });
});

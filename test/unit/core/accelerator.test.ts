import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  accelerators,
  formatAccelerator,
  localAcceleratorName,
  parseAccelerator,
} from '../../../src/core/accelerator.ts';

const typed: Readonly<Record<string, readonly string[]>> = {
  T4: ['T4', 'Tesla T4', 'nvidia-tesla-t4', 'NVIDIA_TESLA_T4', 't4 16gb'],
  V100: ['v100', 'V 100', 'Tesla V100-SXM2-16GB', 'Tesla V100-SXM2-32GB', 'nvidia-tesla-v100', 'v100-32gb'],
  A10: ['a10', 'NVIDIA A10', 'A10 24GB'],
  A10G: ['a10g', 'NVIDIA A10G'],
  'A100-40GB': [
    'A100-PCIE-40GB',
    'NVIDIA A100-SXM4-40GB',
    'a100 40gb',
    'NVIDIA_TESLA_A100',
    'nvidia-tesla-a100',
    'a100 (40 GB)',
  ],
  'A100-80GB': [
    'A100-80GB',
    'a100 80gb',
    'a100-80g',
    'A100 80GiB',
    'a10080gb',
    'A100-SXM4-80GB',
    'NVIDIA A100-SXM4-80GB',
    'NVIDIA A100 80GB PCIe',
    'NVIDIA_A100_80GB',
    'nvidia-a100-80gb',
    'A100_NVLINK_80GB',
  ],
  L4: ['l4', 'nvidia-l4', 'NVIDIA L4'],
  L40: ['L40', 'NVIDIA L40'],
  L40S: ['l40s', 'NVIDIA L40S', 'L40S 48GB'],
  H100: [
    'h100',
    'H-100',
    'nvidia h100',
    'NVIDIA H100 80GB HBM3',
    'NVIDIA H100 PCIe',
    'H100-80GB',
    'h100 sxm',
    'nvidia-h100-80gb',
    'NVIDIA_H100_MEGA_80GB',
  ],
  'H100-NVL': ['NVIDIA H100 NVL', 'h100nvl', 'H100 94GB'],
  H200: ['h200', 'NVIDIA H200', 'nvidia-h200-141gb', 'NVIDIA H200 NVL'],
  GH200: ['gh200', 'NVIDIA GH200 480GB', 'Grace Hopper'],
  B200: ['b200', 'NVIDIA B200', 'nvidia-b200'],
  GB200: ['gb200', 'NVIDIA GB200', 'GB200 NVL72'],
  B300: ['b300'],
  GB300: ['gb300', 'NVIDIA GB300'],
  'RTX PRO 6000': ['rtx pro 6000', 'rtxpro6000', 'NVIDIA RTX PRO 6000 Blackwell Server Edition', 'nvidia-rtx-pro-6000'],
  MI300X: ['mi300x', 'AMD Instinct MI300X', 'amd instinct mi300x OAM', 'AMD Instinct MI300X VF', 'MI300'],
  MI325X: ['MI325X', 'AMD Instinct MI325X'],
  MI355X: ['mi355x', 'AMD MI355X'],
  'TPU v2': ['tpu v2', 'v2', 'TPU_V2'],
  'TPU v3': ['tpu-v3', 'v3'],
  'TPU v4': ['v4', 'tpu-v4-podslice', 'TPU_V4_POD', 'ct4p'],
  'TPU v5e': [
    'v5e',
    'tpu v5e',
    'tpuv5e',
    'TPU v5 lite',
    'v5litepod',
    'tpu-v5litepod',
    'tpu-v5-lite-podslice',
    'ct5lp',
    'Google Cloud TPU v5e',
  ],
  'TPU v5p': ['v5p', 'tpu-v5p-slice', 'TPU V5P'],
  'TPU v6e': ['v6e', 'trillium', 'TPU v6 lite', 'tpu-v6e-slice', 'ct6e'],
  TPU7x: ['tpu7x', 'ironwood', 'TPU v7x', 'tpu v7'],
  Trainium1: ['trn1', 'trainium', 'AWS Trainium1'],
  Trainium2: ['trn2', 'trainium 2'],
  Gaudi2: ['gaudi2', 'Gaudi 2', 'Intel Gaudi 2', 'HL-225'],
  Gaudi3: ['gaudi-3', 'Habana Gaudi3'],
};

describe('parseAccelerator', () => {
  test.each(Object.entries(typed).flatMap(([name, texts]) => texts.map((text) => [text, name] as const)))(
    '%s is %s',
    (text, name) => {
      expect(parseAccelerator(text)).toEqual({ ok: true, name });
    },
  );

  test('every accelerator of the catalogue is in the table above', () => {
    expect(Object.keys(typed).toSorted()).toEqual(accelerators.map(({ name }) => String(name)).toSorted());
  });

  test.each([
    ['a100', ['A100-40GB', 'A100-80GB']],
    ['NVIDIA A100', ['A100-40GB', 'A100-80GB']],
    ['h100 40gb', ['H100']],
    ['h1000', ['H100']],
    ['v5', ['TPU v5e', 'TPU v5p']],
    ['tpu v6', ['TPU v6e']],
    ['trillum', ['TPU v6e']],
    ['mi300a', ['MI300X']],
    ['gaudi', ['Gaudi2', 'Gaudi3']],
    ['A100-SXM4-80GB MIG 1g.10gb', ['A100-80GB']],
  ])('%s is refused, and %j is suggested', (text, expected) => {
    const parsed = parseAccelerator(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? [] : parsed.suggestions).toEqual(expect.arrayContaining(expected));
    expect(parsed.ok ? [] : parsed.suggestions.length).toBeLessThanOrEqual(3);
  });

  test.each(['', 'nvidia', 'potato', 'rtx 4090', '🙂', '\0', '..'])('%j is like nothing known', (text) => {
    expect(parseAccelerator(text)).toEqual({ ok: false, reason: 'unknown', suggestions: [] });
  });

  test.each([
    ['a100', 'ambiguous'],
    ['a100 60gb', 'unknown'],
    ['h1000', 'unknown'],
  ])('%s is %s', (text, reason) => {
    expect(parseAccelerator(text)).toMatchObject({ ok: false, reason });
  });

  const spelled = fc
    .constantFrom(...accelerators.flatMap(({ name, aliases }) => [name, ...aliases].map((text) => ({ name, text }))))
    .chain(({ name, text }) =>
      fc
        .tuple(fc.constantFrom('', ' ', '-', '_'), fc.boolean(), fc.constantFrom('', ' ', '\t'))
        .map(([separator, upper, around]) => ({
          name,
          text: around + (upper ? text.toUpperCase() : text.toLowerCase()).replaceAll(/[ _-]/gu, separator) + around,
        })),
    );

  test('every name and alias parses to its accelerator, in any case and with any separator', () => {
    fc.assert(
      fc.property(spelled, ({ name, text }) => {
        expect(parseAccelerator(text)).toEqual({ ok: true, name });
      }),
      { numRuns: 2000 },
    );
  });

  test('answers for any text with at most three known suggestions', () => {
    const known = new Set(accelerators.map(({ name }) => name));
    const near = spelled.chain(({ text }) => fc.string({ maxLength: 4 }).map((more) => text + more));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), near), (text) => {
        const parsed = parseAccelerator(text);
        const names = parsed.ok ? [parsed.name] : parsed.suggestions;
        expect(names.every((name) => known.has(name))).toBe(true);
        expect(names.length).toBeLessThanOrEqual(3);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });

  test('a very long text is answered like any other', () => {
    expect(parseAccelerator('h'.repeat(1_000_000)).ok).toBe(false);
  });
});

describe('localAcceleratorName', () => {
  test.each([
    ['NVIDIA H100 80GB HBM3', 'H100'],
    ['NVIDIA GeForce RTX 4090', 'RTX 4090'],
    ['NVIDIA RTX A6000', 'RTX A6000'],
    ['NVIDIA A40', 'A40'],
    ['Tesla P100-PCIE-16GB', 'P100-PCIE-16GB'],
    ['NVIDIA A100-SXM4-80GB MIG 1g.10gb', 'A100-SXM4-80GB MIG 1g.10gb'],
    ['AMD Radeon RX 7900 XTX', 'Radeon RX 7900 XTX'],
    ['Intel(R) Data Center GPU Max 1550', 'Data Center GPU Max 1550'],
    ['  Some\tNew\nCard\u0007 ', 'Some New Card'],
    ['NVIDIA', 'GPU'],
    ['', 'GPU'],
  ])('%j is %s', (device, name) => {
    expect(localAcceleratorName(device)).toBe(name);
  });

  const deviceWords = fc
    .array(fc.constantFrom('NVIDIA', 'ATI', 'GeForce', '(R)', 'v5e', 'a100', '80GB', 'RTX', '4090', 'GPU', '\n'))
    .map((words) => words.join(' '));

  test('is one short line that is not empty, for any device', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), deviceWords), (device) => {
        const name = localAcceleratorName(device);
        expect(name).toMatch(/^[^\p{C}]{1,60}$/u);
        expect(name.trim()).toBe(name);
        expect(localAcceleratorName(name)).toBe(name);
      }),
    );
  });
});

test('formatAccelerator names the count only when there are several', () => {
  const [first] = accelerators;
  expect(first && [1, 8].map((count) => formatAccelerator({ name: first.name, count }))).toEqual(['T4', 'T4 x 8']);
});

test('the catalogue has no name twice, and every entry has memory', () => {
  expect(new Set(accelerators.map(({ name }) => name)).size).toBe(accelerators.length);
  expect(accelerators.every(({ memoryGib }) => memoryGib > 0)).toBe(true);
});

import { describe, expect, it } from 'vitest';

import type { AcceleratorChoice } from '../../../src/protocol/submitForm.ts';
import { choiceText, pickerRows } from '../../../webview/submit/pickerRows.ts';

const place = (connectionLabel: string) => ({
  connection: connectionLabel,
  connectionLabel,
  region: null,
  likelihood: 'now' as const,
  note: '',
  price: '',
});
const h100: AcceleratorChoice = {
  name: 'H100',
  label: 'H100 80 GB',
  vendor: 'NVIDIA',
  counts: [1, 8],
  places: [place('lab')],
};
const cpu: AcceleratorChoice = {
  name: '',
  label: 'CPU only',
  vendor: '',
  counts: [0],
  places: [place('This machine')],
};
const tpu: AcceleratorChoice = {
  name: 'TPU v6e',
  label: 'TPU v6e',
  vendor: 'Google',
  counts: [16],
  places: [place('google')],
};

const keys = (query: string): readonly string[] => pickerRows([cpu, h100, tpu], query).map((row) => row.key);

describe('pickerRows', () => {
  it('lists accelerators by vendor with their places under them', () => {
    expect(keys('')).toEqual([
      '×0',
      '×0@This machine/',
      'vendor:NVIDIA',
      'H100×1',
      'H100×1@lab/',
      'H100×8',
      'H100×8@lab/',
      'vendor:Google',
      'TPU v6e×16',
      'TPU v6e×16@google/',
    ]);
  });

  it('finds by any words of name, vendor, memory, count and place', () => {
    expect(keys('nvidia x8')).toEqual(['vendor:NVIDIA', 'H100×8', 'H100×8@lab/']);
    expect(keys('80gb lab')).toHaveLength(5);
    expect(keys('tpuv6e')).toHaveLength(3);
    expect(keys('cpu')).toEqual(['×0', '×0@This machine/']);
    expect(keys('b200')).toEqual([]);
  });
});

describe('choiceText', () => {
  it('names accelerator and count', () => {
    expect(choiceText(h100, 8)).toBe('H100 80 GB × 8');
    expect(choiceText(cpu, 0)).toBe('CPU only');
  });
});

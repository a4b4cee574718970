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
  usdPerHour: null,
  spotUsdPerHour: null,
});
const h100 = (count: number): AcceleratorChoice => ({
  name: 'H100',
  label: 'H100 80 GB',
  vendor: 'NVIDIA',
  count,
  price: '',
  places: [place('lab'), place('google')],
});
const cpu: AcceleratorChoice = {
  name: '',
  label: 'CPU only',
  vendor: '',
  count: 0,
  price: '',
  places: [place('This machine')],
};
const tpu: AcceleratorChoice = {
  name: 'TPU v6e',
  label: 'TPU v6e',
  vendor: 'Google',
  count: 16,
  price: '',
  places: [place('google')],
};

const keys = (query: string, lookedAt?: string): readonly string[] =>
  pickerRows([cpu, h100(1), h100(8), tpu], query, lookedAt).map((row) => row.key);

describe('pickerRows', () => {
  it('lists accelerators by vendor, with the places of the first under it', () => {
    expect(keys('')).toEqual([
      '×0',
      '×0@This machine/',
      'vendor:NVIDIA',
      'H100×1',
      'H100×8',
      'vendor:Google',
      'TPU v6e×16',
    ]);
  });

  it('opens the one that is looked at, also when it is a place of it', () => {
    const open = [
      '×0',
      'vendor:NVIDIA',
      'H100×1',
      'H100×8',
      'H100×8@lab/',
      'H100×8@google/',
      'vendor:Google',
      'TPU v6e×16',
    ];
    expect(keys('', 'H100×8')).toEqual(open);
    expect(keys('', 'H100×8@google/')).toEqual(open);
    expect(keys('tpu', 'H100×8')).toEqual(['vendor:Google', 'TPU v6e×16', 'TPU v6e×16@google/']);
  });

  it('finds by any words of name, vendor, memory, count and place', () => {
    expect(keys('nvidia x8')).toEqual(['vendor:NVIDIA', 'H100×8', 'H100×8@lab/', 'H100×8@google/']);
    expect(keys('80gb lab')).toHaveLength(5);
    expect(keys('tpuv6e')).toHaveLength(3);
    expect(keys('cpu')).toEqual(['×0', '×0@This machine/']);
    expect(keys('b200')).toEqual([]);
  });
});

describe('choiceText', () => {
  it('names accelerator and count', () => {
    expect(choiceText(h100(8))).toBe('H100 80 GB × 8');
    expect(choiceText(cpu)).toBe('CPU only');
  });
});

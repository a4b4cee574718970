import * as z from 'zod/mini';
import { localAcceleratorName } from '../../../core/accelerator.ts';
import type { Device } from './device.ts';
import type { Probe } from './probe.ts';

/** Below this it is the graphics part of a CPU. */
const leastGib = 2;

/** Throws with rocm-smi's own words when there is one that fails. */
export async function amdDevices(probe: Probe): Promise<Device[]> {
  const text = await probe.run('rocm-smi', ['--showproductname', '--showmeminfo', 'vram', '--json']);
  return text === null ? [] : parseAmd(text);
}

const cards = z.record(z.string(), z.record(z.string(), z.unknown()));

/** The cards of rocm-smi's JSON, before which it may print warnings. Its keys changed case over the versions. */
export function parseAmd(text: string): Device[] {
  const start = text.indexOf('{');
  if (start === -1) {
    return [];
  }
  return Object.entries(z.parse(cards, JSON.parse(text.slice(start)))).flatMap(([card, fields]): Device[] => {
    const index = /^card(?<index>[0-9]+)$/u.exec(card)?.groups?.['index'];
    const memoryGib = Math.round(Number(field(fields, 'vram total memory (b)')) / 1024 ** 3);
    if (index === undefined || memoryGib < leastGib) {
      return [];
    }
    const product = field(fields, 'card series') ?? field(fields, 'device name') ?? 'AMD GPU';
    // `Navi 21 [Radeon RX 6800]`: the name people know is in the brackets.
    const name = /\[(?<name>[^\]]+)\]/u.exec(product)?.groups?.['name'] ?? product;
    return [{ vendor: 'amd', id: index, uuid: null, name: localAcceleratorName(name), memoryGib: memoryGib || null }];
  });
}

function field(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.entries(fields).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' && value !== 'N/A' ? value : undefined;
}

import catalogue from '../../media/accelerators.json' with { type: 'json' };
import { nearest } from './nearest.ts';
import type { AcceleratorRequest } from './jobSpec.ts';

/** The one name Aloft uses for an accelerator, such as `H100`, `A100-80GB` or `TPU v5e`. */
export type AcceleratorName = string & { readonly brand: 'AcceleratorName' };

export interface Accelerator {
  readonly name: AcceleratorName;
  readonly vendor: string;
  readonly architecture: string;
  /** Memory of one accelerator as its vendor prints it (some mean GB). */
  readonly memoryGib: number;
  readonly releasedYear: number | null;
  /** What else people and backends call it; `parseAccelerator` reads more spellings than these. */
  readonly aliases: readonly string[];
}

export type ParsedAccelerator =
  | { readonly ok: true; readonly name: AcceleratorName }
  | { readonly ok: false; readonly reason: 'ambiguous' | 'unknown'; readonly suggestions: readonly AcceleratorName[] };

const named = (name: string): AcceleratorName => name as AcceleratorName;

/** Every accelerator of the catalogue, grouped by vendor, oldest generation first. */
export const accelerators: readonly Accelerator[] = catalogue.map((entry) => ({ ...entry, name: named(entry.name) }));

/** Words that say who made or sells it, or how it is mounted, but not which one it is. */
const noise = new Set(
  `nvidia tesla amd instinct google cloud tpu aws amazon intel habana gpu accelerator tensor core
  sxm sxm2 sxm3 sxm4 sxm5 sxm6 pcie pci oam vf nvlink hbm2 hbm2e hbm3 hbm3e`.split(/\s+/u),
);

interface Spelling {
  /** All letters and digits of the text. */
  readonly whole: string;
  /** The same without noise and memory. */
  readonly base: string;
  readonly memoryGib: number | null;
}

function spell(text: string): Spelling {
  const lower = text.toLowerCase();
  const memory = /(?<![a-z0-9.])(\d+)[ _-]?(?:gib|gb|g)(?![a-z0-9.])/u.exec(lower);
  const rest = memory === null ? lower : lower.replace(memory[0], ' ');
  const words = rest.split(/[^a-z0-9]+/u).filter((word) => !noise.has(word));
  return {
    whole: lower.replaceAll(/[^a-z0-9]/gu, ''),
    base: words.join('').replace(/^tpu(?=v\d)/u, ''),
    memoryGib: memory === null ? null : Number(memory[1]),
  };
}

/** An alias without a memory size means the size in the canonical name, so that `a100` alone stays ambiguous. */
const spellings = accelerators.flatMap((accelerator) =>
  [accelerator.name, ...accelerator.aliases].map((text) => {
    const spelling = spell(text);
    return {
      accelerator,
      spelling: { ...spelling, memoryGib: spelling.memoryGib ?? spell(accelerator.name).memoryGib },
    };
  }),
);

const distinctNames = (matches: readonly { readonly accelerator: Accelerator }[]): readonly AcceleratorName[] => [
  ...new Set(matches.map(({ accelerator }) => accelerator.name)),
];

/**
 * Reads an accelerator's name as people type it and as `nvidia-smi`, JAX, Kubernetes labels and cloud APIs print it: case,
 * separators, the vendor, the mounting (`SXM4`, `PCIe`) and a memory size that agrees do not matter. A name that several share
 * (`a100`, with 40 or 80 GB) is ambiguous and refused with all of them as suggestions; an unknown one with at most three that
 * are near.
 */
export function parseAccelerator(text: string): ParsedAccelerator {
  const wanted = spell(text.slice(0, 200));
  const exact = spellings.find(({ spelling }) => spelling.whole === wanted.whole);
  if (exact !== undefined) {
    return { ok: true, name: exact.accelerator.name };
  }
  const family = spellings.filter(({ spelling }) => spelling.base === wanted.base);
  const sameMemory = family.filter(({ spelling }) => spelling.memoryGib === wanted.memoryGib);
  const fitting =
    sameMemory.length > 0 ? sameMemory : family.filter(({ accelerator }) => accelerator.memoryGib === wanted.memoryGib);
  const [name, ...others] = distinctNames(fitting);
  if (name !== undefined && others.length === 0) {
    return { ok: true, name };
  }
  return {
    ok: false,
    reason: family.length > 0 && wanted.memoryGib === null ? 'ambiguous' : 'unknown',
    suggestions: family.length > 0 ? distinctNames(family).slice(0, 3) : nearestNames(wanted),
  };
}

function nearestNames(wanted: Spelling): readonly AcceleratorName[] {
  if (wanted.base === '') {
    return [];
  }
  const bases = Map.groupBy(spellings, ({ spelling }) => spelling.base);
  const near = nearest(wanted.base, [...bases.keys()], bases.size);
  return distinctNames(near.flatMap((base) => bases.get(base) ?? [])).slice(0, 3);
}

/**
 * A name for a device found on this machine. One that the catalogue lacks, such as a consumer card, gets its own name without
 * the vendor: `NVIDIA GeForce RTX 4090` is `RTX 4090`. A name it gave stays as it is when it is read again.
 */
export function localAcceleratorName(deviceName: string): AcceleratorName {
  const parsed = parseAccelerator(deviceName);
  if (parsed.ok) {
    return parsed.name;
  }
  const words = deviceName
    .slice(0, 60)
    .replaceAll(/\((?:r|tm|c)\)|[®™©]/giu, ' ')
    .split(/[\p{White_Space}\p{C}]+/u)
    .filter(
      (word) => !/^(?:nvidia|geforce|amd|ati|advanced|micro|devices,?|inc\.?|intel|tesla|corporation|)$/iu.test(word),
    );
  const stripped = parseAccelerator(words.join(' '));
  return stripped.ok ? stripped.name : named(words.join(' ') || 'GPU');
}

/** `H100`, or `H100 x 8` for several per node. */
export function formatAccelerator(request: AcceleratorRequest): string {
  return request.count === 1 ? request.name : `${request.name} x ${request.count}`;
}

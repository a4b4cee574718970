import type { Container, PodSpec } from './types.ts';

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
  Ei: 1024 ** 6,
};

const pattern = /^(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?<suffix>[numkMGTPE]|[KMGTPE]i)?$/u;

export function isQuantity(text: string): boolean {
  return pattern.test(text);
}

/** The value of `500m`, `8`, `1Gi`; 0 for what is no quantity. */
export function quantity(text: string | undefined): number {
  const parts = pattern.exec(text ?? '')?.groups;
  return parts === undefined ? 0 : Number(parts['number']) * (suffixes[parts['suffix'] ?? ''] ?? 1);
}

/** A quantity as the server writes it back: `1000m` is `1`, `1000000` is `1M`. */
export function canonicalQuantity(text: string): string {
  const parts = pattern.exec(text)?.groups;
  const suffix = parts?.['suffix'] ?? '';
  if (parts === undefined || /[eE]/u.test(parts['number'] ?? '')) {
    return text;
  }
  const value = Number(parts['number']) * (suffixes[suffix] ?? 1);
  if (suffix.endsWith('i')) {
    const unit = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'].find(
      (name) => value !== 0 && value % (suffixes[name] ?? 1) === 0,
    );
    return unit === undefined ? String(value) : `${value / (suffixes[unit] ?? 1)}${unit}`;
  }
  if (!Number.isInteger(value)) {
    return `${Math.ceil(value * 1000)}m`;
  }
  const unit = ['E', 'P', 'T', 'G', 'M', 'k'].find((name) => value !== 0 && value % (suffixes[name] ?? 1) === 0);
  return unit === undefined ? String(value) : `${value / (suffixes[unit] ?? 1)}${unit}`;
}

export type Amounts = Readonly<Record<string, number>>;

/** What a pod asks for: the larger of all its containers together and its largest init container. */
export function podRequests(spec: PodSpec): Amounts {
  const of = ({ resources }: Container): Amounts =>
    Object.fromEntries(Object.entries(resources?.requests ?? {}).map(([name, text]) => [name, quantity(text)]));
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const first = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy !== 'Always');
  const together = addUp([...spec.containers, ...sidecars].map(of));
  return first.map(of).reduce<Amounts>((most, one) => {
    const names = new Set([...Object.keys(most), ...Object.keys(one)]);
    return Object.fromEntries([...names].map((name) => [name, Math.max(most[name] ?? 0, one[name] ?? 0)]));
  }, together);
}

export function addUp(all: readonly Amounts[]): Amounts {
  const sum: Record<string, number> = {};
  for (const one of all) {
    for (const [name, value] of Object.entries(one)) {
      sum[name] = (sum[name] ?? 0) + value;
    }
  }
  return sum;
}

/** As a quota shows it. */
export function quantityText(resource: string, value: number): string {
  if (resource.endsWith('memory') || resource.endsWith('storage')) {
    const unit = ['Ti', 'Gi', 'Mi', 'Ki'].find((name) => value !== 0 && value % (suffixes[name] ?? 1) === 0);
    return unit === undefined ? String(value) : `${value / (suffixes[unit] ?? 1)}${unit}`;
  }
  return Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`;
}

import { type AcceleratorName, localAcceleratorName, parseAccelerator } from '../../../core/accelerator.ts';
import type { Knowledge } from '../knowledge.ts';
import type { Site, SiteNode } from './site.ts';

/** Aloft's name for devices of a node, and how a job asks for them. */
export interface NamedDevices {
  readonly name: AcceleratorName;
  readonly gres: string;
  /** The feature that says which they are, where their type does not. */
  readonly constraint: string | null;
  /** What the cluster calls them, when that could mean several. */
  readonly ambiguous: string | null;
}

/**
 * `gpu:h100` is H100. Devices without a type are what a feature of the node says. A type that several share (`a100`, with 40 or 80
 * GB) is the one that a feature fits, else all of them.
 */
export function nameDevices(gres: string, { features }: Pick<SiteNode, 'features'>): NamedDevices[] {
  const type = gres.slice('gpu:'.length);
  if (type === '') {
    for (const feature of features) {
      const parsed = parseAccelerator(feature);
      if (parsed.ok) {
        return [{ name: parsed.name, gres, constraint: feature, ambiguous: null }];
      }
    }
    return [{ name: localAcceleratorName('GPU'), gres, constraint: null, ambiguous: null }];
  }
  const parsed = parseAccelerator(type);
  if (parsed.ok || parsed.reason === 'unknown') {
    return [{ name: localAcceleratorName(type), gres, constraint: null, ambiguous: null }];
  }
  const fitting = features.flatMap((feature) => {
    const named = parseAccelerator(feature);
    const sized = parseAccelerator(`${type}-${feature.match(/[0-9]+\s*g(?:i?b)?$/iu)?.[0] ?? ''}`);
    return [named, sized].flatMap((one) => (one.ok && parsed.suggestions.includes(one.name) ? [one.name] : []));
  });
  const [name] = fitting;
  return name === undefined
    ? parsed.suggestions.map((suggestion) => ({ name: suggestion, gres, constraint: null, ambiguous: type }))
    : [{ name, gres, constraint: null, ambiguous: null }];
}

/** What plans need to know of the cluster. */
export function knowledgeOf(site: Site): Knowledge {
  const accelerators: Knowledge['accelerators'] = {};
  for (const node of site.nodes) {
    for (const { gres } of node.devices) {
      for (const { name, constraint } of nameDevices(gres, node)) {
        accelerators[name] ??= { gres, constraint };
      }
    }
  }
  return {
    accelerators,
    preemptible: site.partitions.filter(({ isUp, isPreemptible }) => isUp && isPreemptible).map(({ name }) => name),
  };
}

import type { JobOption } from '../../../core/provider.ts';
import { moreRule, optionRules } from '../plan/options.ts';
import { slurmWord, type SlurmSettings } from '../settings.ts';
import type { Site } from './site.ts';

/** Slurm's own choices for a job, with what this cluster has. */
export function jobOptionsOf(site: Site, settings: SlurmSettings): JobOption[] {
  const features = [...new Set(site.nodes.flatMap((node) => node.features))].toSorted((a, b) => (a < b ? -1 : 1));
  const found: Readonly<Record<string, readonly string[]>> = {
    account: site.accounts,
    qos: site.qos,
    constraint: features,
    reservation: site.reservations,
  };
  const fixed: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
    nodeSharing: [
      ['exclusive', 'whole nodes, no other jobs on them'],
      ['oversubscribe', 'others may use the same CPUs'],
    ],
    requeue: [
      ['requeue', 'runs again from its beginning'],
      ['no-requeue', 'ends for good'],
    ],
  };
  const fallbacks: Readonly<Record<string, string | null>> = {
    account: settings.account ?? (site.accounts.length > 0 ? 'your default account' : null),
    qos: settings.qos ?? (site.qos.length > 0 ? 'the default of the account' : null),
    requeue: 'what the cluster does',
  };
  const options = Object.entries(optionRules).map(([name, { label, help }]): JobOption => {
    const choices =
      fixed[name] ?? (found[name] ?? []).filter((value) => slurmWord.test(value)).map((value) => [value, ''] as const);
    return {
      name,
      label,
      help,
      choices: choices.map(([value, description]) => ({ value, description })),
      mayType: fixed[name] === undefined,
      fallback: fallbacks[name] ?? null,
    };
  });
  const { name, label, help } = moreRule;
  return [...options, { name, label, help, choices: [], mayType: true, fallback: null }];
}

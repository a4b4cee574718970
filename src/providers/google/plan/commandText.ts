import { stringify } from 'yaml';
import { shellQuote } from '../../../core/shellQuote.ts';
import type { CustomJobRequest } from './request.ts';

/** The request as a command that can be copied: `CustomJobSpec` as YAML, as `gcloud ai custom-jobs create --config` reads it. */
export function commandText(
  project: string,
  region: string,
  { displayName, labels, jobSpec }: CustomJobRequest,
): string {
  const flags = {
    project,
    region,
    'display-name': displayName,
    labels: Object.entries(labels)
      .map((pair) => pair.join('='))
      .join(','),
  };
  return [
    'gcloud ai custom-jobs create \\',
    ...Object.entries(flags).map(([name, value]) => `  --${name}=${shellQuote(value)} \\`),
    "  --config=/dev/stdin <<'CONFIG'",
    `${stringify(asJson(jobSpec), { lineWidth: 0, aliasDuplicateObjects: false })}CONFIG`,
    '',
  ].join('\n');
}

/** Durations as JSON writes them. */
function asJson(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(asJson);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if ('seconds' in value) {
    return `${String(value.seconds)}s`;
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, asJson(inner)]));
}

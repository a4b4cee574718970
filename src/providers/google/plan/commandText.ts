import { stringify } from 'yaml';
import { shellQuote } from '../../../core/shellQuote.ts';
import type { CustomJobRequest } from './request.ts';

/** The request exactly as it is sent: a `CustomJob` as YAML, as people of Vertex AI write it. */
export function requestText(project: string, region: string, customJob: CustomJobRequest): string {
  return `# CreateCustomJob in projects/${project}/locations/${region}\n${asYaml(customJob)}`;
}

interface Command {
  readonly project: string;
  readonly region: string;
  /** `gs://` address of the list of pieces that the job unpacks. */
  readonly code: string;
  readonly displayName: string;
  readonly jobSpec: CustomJobRequest['jobSpec'];
}

/**
 * A command that makes the same job by hand: `CustomJobSpec` as YAML, as `gcloud ai custom-jobs create --config` reads it. Without the
 * code in the bucket it ends before it makes one.
 */
export function commandText({ project, region, code, displayName, jobSpec }: Command): string {
  return [
    `gcloud storage objects describe ${shellQuote(code)} --format='value(name)' &&`,
    'gcloud ai custom-jobs create \\',
    ...Object.entries({ project, region, 'display-name': displayName }).map(
      ([name, value]) => `  --${name}=${shellQuote(value)} \\`,
    ),
    "  --config=/dev/stdin <<'CONFIG'",
    `${asYaml(jobSpec)}CONFIG`,
    '',
  ].join('\n');
}

function asYaml(value: unknown): string {
  return stringify(asJson(value), { lineWidth: 0, aliasDuplicateObjects: false });
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

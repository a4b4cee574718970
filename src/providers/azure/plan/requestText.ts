import { apiVersion } from '../client/api.ts';
import { cloudOf } from '../cloud.ts';
import type { AzureSettings } from '../settings.ts';
import { environmentBody, type JobRequest } from './request.ts';

/** Every request as it is sent for a job: JSON, with lines of `//` between. */
export function requestText(request: JobRequest, settings: AzureSettings): string {
  const { name, workspace, environment, body, secrets } = request;
  const { resourceManager } = cloudOf(settings);
  const version = settings.apiVersion ?? apiVersion;
  const put = (path: string, sent: unknown): readonly string[] => [
    `// PUT ${resourceManager}${path}?api-version=${version}`,
    JSON.stringify(sent, null, 2),
  ];
  return [
    ...(secrets.length === 0
      ? []
      : [`// The values of ${secrets.join(', ')} go into the datastore ${request.datastore}, not into the job.`]),
    ...(environment === null ? [] : put(environment.id, environmentBody(environment.image))),
    ...put(`${workspace}/jobs/${name}`, body),
  ].join('\n');
}

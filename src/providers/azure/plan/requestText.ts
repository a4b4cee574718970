import { apiVersion } from '../client/api.ts';
import { cloudOf } from '../cloud.ts';
import type { AzureSettings } from '../settings.ts';
import { environmentBody, type JobRequest } from './request.ts';

/** Every request as it is sent for a job: that for the job itself as JSON, what goes before it in lines of `//`. */
export function requestText(request: JobRequest, settings: AzureSettings): string {
  const { name, workspace, environment, body, secrets } = request;
  const { resourceManager } = cloudOf(settings);
  const version = settings.apiVersion ?? apiVersion;
  const put = (path: string): string => `// PUT ${resourceManager}${path}?api-version=${version}`;
  const json = (sent: unknown): readonly string[] => JSON.stringify(sent, null, 2).split('\n');
  return [
    ...(secrets.length === 0
      ? []
      : [`// The values of ${secrets.join(', ')} go into the datastore ${request.datastore}, not into the job.`]),
    ...(environment === null
      ? []
      : [put(environment.id), ...json(environmentBody(environment.image)).map((line) => `// ${line}`)]),
    put(`${workspace}/jobs/${name}`),
    ...json(body),
  ].join('\n');
}

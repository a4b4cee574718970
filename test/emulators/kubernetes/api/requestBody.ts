import { parse as parseYaml } from 'yaml';
import type { ApiRequest } from './context.ts';
import { badRequest, unsupportedMedia } from './status.ts';

/** JSON or YAML; protobuf, which a real server also takes, is refused with 415. */
export function parseBody({ body, incoming }: ApiRequest): unknown {
  const media = (incoming.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? '';
  const text = body.toString();
  if (media.endsWith('yaml')) {
    return parseYaml(text);
  }
  if (!media.endsWith('json')) {
    throw unsupportedMedia(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

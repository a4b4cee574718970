import type { ResourceType } from '../objects/resources.ts';
import { ApiError } from './status.ts';

/** Throws 422 for another value than `All`. */
export function isDryRun(query: URLSearchParams): boolean {
  const given = query.getAll('dryRun');
  const wrong = given.find((value) => value !== 'All');
  if (wrong !== undefined) {
    throw new ApiError(
      422,
      'Invalid',
      `CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ${JSON.stringify(given)}: supported values: "All"`,
      { group: 'meta.k8s.io', kind: 'CreateOptions' },
    );
  }
  return given.length > 0;
}

/** What of an object a request is about. */
export function partOf(subresource: string): 'main' | 'status' {
  return subresource === 'status' ? 'status' : 'main';
}

export function namespaceOf(type: ResourceType, namespace: string): string {
  return type.namespaced ? namespace : '';
}

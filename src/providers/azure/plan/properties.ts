import * as z from 'zod/mini';
import { type JobSpec, specToInput } from '../../../core/jobSpec.ts';
import type { Json } from '../../../core/provider.ts';

/** A property of a run may be 1,000 characters long, and a run may have 50 of them. */
const longest = 1000;
const most = 32;

const prefix = 'aloft.spec.';

/** How many secrets the job has; only where it has some. Told apart from the spec, which may be too long to be carried. */
export const secretsProperty = 'aloft.secrets';

/** The spec as properties of the job, by which a lost store is rebuilt; nothing when it is too long for that. */
export function specProperties(spec: JobSpec): Readonly<Record<string, string>> {
  const text = JSON.stringify(specToInput(spec));
  const parts = Array.from({ length: Math.ceil(text.length / longest) }, (_, index) =>
    text.slice(index * longest, (index + 1) * longest),
  );
  return parts.length > most ? {} : Object.fromEntries(parts.map((part, index) => [`${prefix}${index}`, part]));
}

/** null when there is none, or not all of it. */
export function specOfProperties(properties: Readonly<Record<string, unknown>>): Json {
  const parts: string[] = [];
  for (let index = 0; index < most; index++) {
    const part = properties[`${prefix}${index}`];
    if (typeof part !== 'string') {
      break;
    }
    parts.push(part);
  }
  try {
    return z.parse(z.json(), JSON.parse(parts.join('')));
  } catch {
    return null;
  }
}

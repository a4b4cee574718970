import * as z from 'zod/mini';
import { parseJobSpec } from '../../../core/jobSpec.ts';
import type { Job } from '../model/job.ts';
import { annotation } from '../names.ts';
import { place } from './scripts.ts';

const resultsSchema = z.object({ workingDirectory: z.string(), outputs: z.array(z.string()) });

/** What the Job's own record says of where it runs and what it leaves. */
export function specOf({ metadata: { annotations } }: Job): {
  readonly folder: string;
  readonly outputs: readonly string[];
} {
  const whole = parseJobSpec(json(annotations[annotation.spec]));
  const { workingDirectory, outputs } = whole.ok
    ? whole.spec
    : (z.safeParse(resultsSchema, json(annotations[annotation.results])).data ?? {
        workingDirectory: '.',
        outputs: [],
      });
  return { folder: workingDirectory === '.' ? place.work : `${place.work}/${workingDirectory}`, outputs };
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

import * as z from 'zod/mini';
import type { AttemptKey } from '../../../core/job.ts';
import type { Bucket } from '../client/bucket.ts';
import { objectOf } from '../paths.ts';
import { isRegion, regionSchema } from '../settings.ts';

const submissionSchema = z.object({
  region: regionSchema,
  name: z.string(),
  spec: z.unknown(),
  /** Resource name of the job; null until Vertex AI has given it. */
  job: z.nullable(z.string().check(z.refine((name) => regionOfJob(name) !== null))),
});

/** Of a job's resource name; null where it names none that there can be. */
export function regionOfJob(name: string): string | null {
  const region = /^projects\/[^/]+\/locations\/([^/]+)\/customJobs\/[^/]+$/u.exec(name)?.[1] ?? '';
  return isRegion(region) ? region : null;
}

/** What the bucket says of an attempt: that it is being submitted, or which job it became. */
export type Submission = z.infer<typeof submissionSchema>;

/** A submission as it was at one moment; the generation goes with it. */
export interface KnownSubmission extends Submission {
  readonly generation: string;
  /** How long it has been like that, in ms. */
  readonly ageMs: number;
}

/**
 * The submissions of attempts, one object each. Vertex AI takes no name and no key for a job; that an object is made only where
 * there is none makes up for it: whoever made it may submit, and nobody else.
 */
export class Submissions {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  /** null when the attempt was never about to be sent, or was refused. */
  async read(key: AttemptKey, signal: AbortSignal): Promise<KnownSubmission | null> {
    const found = await this.#bucket.read(objectOf.submission(key), signal);
    if (found === null) {
      return null;
    }
    const submission = z.safeParse(submissionSchema, json(found.text)).data;
    const { generation, ageMs } = found;
    // What cannot be read was written half, or by somebody else; its job, if any, is found by its labels.
    return { ...(submission ?? { region: '', name: '', spec: null, job: null }), generation, ageMs };
  }

  /** Claims the attempt: from nobody, or from whoever wrote that generation. Resolves to ours, or to null when another was first. */
  async claim(
    key: AttemptKey,
    submission: Submission,
    from: string | null,
    signal: AbortSignal,
  ): Promise<string | null> {
    return this.#bucket.write(objectOf.submission(key), JSON.stringify(submission), from, signal);
  }

  /** Lets others submit it. Resolves to whether that claim was still there. */
  async release(key: AttemptKey, generation: string, signal: AbortSignal): Promise<boolean> {
    return this.#bucket.remove(objectOf.submission(key), signal, generation);
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

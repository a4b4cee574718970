import * as z from 'zod/mini';

const begun = {
  job: z.int(),
  /** How often Slurm had put it back into the queue. */
  restarts: z.int(),
  /** Seconds since the epoch, by the clock of the node. */
  startedAt: z.number(),
  nodes: z.string(),
};

const recordSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('running'), ...begun }),
  z.object({
    /** `stopped`: Slurm had asked it to end. */
    state: z.enum(['ended', 'stopped']),
    ...begun,
    endedAt: z.number(),
    code: z.int(),
    /** What of ours failed before the command could run. */
    why: z.optional(z.enum(['unpack', 'folder', 'secrets', 'logs'])),
  }),
]);

/** How a job, or a task of an array, began and ended: its `exit` file. */
export type ExitRecord = z.infer<typeof recordSchema>;

/** null while the job has not begun, and for a record that is just being written. */
export function parseExitRecord(text: string): ExitRecord | null {
  try {
    return z.parse(recordSchema, JSON.parse(text));
  } catch {
    return null;
  }
}

/** Sentences for what went wrong before the command could run. */
export const failedBefore = {
  unpack:
    'Its code could not be unpacked on the node: the disk is full, or the folder for runs is not shared with the nodes',
  folder: 'Its working folder is not in the code that was sent',
  secrets: 'A secret did not reach it: its script or your settings keep Slurm from passing the environment on',
  logs: 'Its log could not be written: the disk is full, or the folder for runs is not shared with the nodes',
} as const;

import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { hasCode } from './nodeError.ts';
import { runFile } from './layout.ts';

const identifiedProcess = z.object({
  pid: z.int(),
  /** In the system's own unit; with the pid it names one process for as long as the machine is up. */
  startedAt: z.string(),
});

/** One process, never mistaken for a later one with the same pid. */
export type IdentifiedProcess = z.infer<typeof identifiedProcess>;

const stopReason = z.enum(['cancel', 'limit']);
export type StopReason = z.infer<typeof stopReason>;

const queued = z.object({
  phase: z.literal('queued'),
  submittedAt: z.number(),
  /** What it waits for. */
  reason: z.string(),
});

const running = z.object({
  phase: z.literal('running'),
  submittedAt: z.number(),
  startedAt: z.number(),
  /** The boot of the machine the process belongs to. */
  bootId: z.string(),
  /** The wrapper: leader of the job's process group. */
  process: identifiedProcess,
  /** Ids of the accelerators granted. */
  devices: z.array(z.string()),
  stopping: z.nullable(z.object({ why: stopReason, since: z.number() })),
});

const ended = z.object({
  phase: z.literal('ended'),
  submittedAt: z.number(),
  startedAt: z.nullable(z.number()),
  endedAt: z.number(),
  outcome: z.enum(['succeeded', 'failed', 'cancelled']),
  exitCode: z.nullable(z.int()),
  signal: z.nullable(z.string()),
  reason: z.nullable(z.string()),
  /** Why output may be missing from the log; null when it is whole. */
  logGap: z.nullable(z.string()),
});

const starting = z.object({ phase: z.literal('starting'), submittedAt: z.number() });

const runStateSchema = z.discriminatedUnion('phase', [queued, starting, running, ended]);

/** What the supervisor knows of an attempt; the file is the truth that every window reads. */
export type RunState = z.infer<typeof runStateSchema>;
export type RunningState = z.infer<typeof running>;
export type EndedState = z.infer<typeof ended>;

/** Throws when the file cannot be read or is not a state. */
export async function readRunState(folder: string): Promise<RunState> {
  return z.parse(runStateSchema, JSON.parse(await readFile(join(folder, runFile.state), 'utf8')));
}

/** Room that every state fits in, so that a later one finds its block on a disk that is full by then. */
const stateBytes = 4096;

/** Replaces the state in one step; it is on the disk when this resolves. On a full disk it is overwritten in place. */
export async function writeRunState(folder: string, state: RunState): Promise<void> {
  const path = join(folder, runFile.state);
  const text = `${JSON.stringify(state)}\n`;
  const padded = Buffer.from(text.padEnd(Math.max(stateBytes, text.length), ' '));
  const temporary = `${path}.new`;
  try {
    await writeDurably(temporary, 'w', padded);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    if (!hasCode(error, 'ENOSPC', 'EDQUOT')) {
      throw error;
    }
    await writeDurably(path, 'r+', padded);
  }
}

async function writeDurably(path: string, flags: 'w' | 'r+', bytes: Buffer): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await file.write(bytes, 0, bytes.length, 0);
    await file.datasync();
  } finally {
    await file.close();
  }
}

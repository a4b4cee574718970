import * as z from 'zod/mini';
import { scriptedBytes } from './scriptedBytes.ts';

const states = [
  'queued',
  'provisioning',
  'running',
  'preempted',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
] as const;
const memberStateSchema = z.enum(states);
const stateSchema = z.enum([...states, 'unknown']);

/** One stretch of a job's life. `forMs: null` lasts until the job is advanced by command, or for ever when it is the last. */
export const phaseSchema = z.object({
  state: stateSchema,
  /** The backend's own word; by default the state in capitals. */
  native: z.optional(z.string()),
  reason: z._default(z.nullable(z.string()), null),
  explanation: z.optional(z.string()),
  /** The backend expects to start it this long after the phase began, in ms. */
  startsInMs: z.optional(z.number()),
  /** States of the tasks, or nodes, where they differ from that of the job. */
  tasks: z._default(z.array(memberStateSchema), []),
  nodes: z._default(z.array(memberStateSchema), []),
  forMs: z._default(z.nullable(z.number()), null),
  exitCode: z._default(z.nullable(z.number()), null),
  signal: z._default(z.nullable(z.string()), null),
});

/** Bytes as text, or `bytes` of them drawn from a seed: any byte may come, so neither UTF-8 nor lines are to be expected. */
const contentSchema = z.union([z.object({ text: z.string() }), z.object({ seed: z.number(), bytes: z.number() })]);

const whenSchema = {
  /** Comes this long after the job first ran. */
  atMs: z._default(z.number(), 0),
  stream: z._default(z.string(), 'stdout'),
  task: z._default(z.number(), 0),
  node: z._default(z.number(), 0),
};

/** Output in the order of its arrival: something printed, or a place where the backend lost something. */
export const logEntrySchema = z.union([
  z.object({ ...whenSchema, gap: z.string() }),
  z.object({ ...whenSchema, text: z.string() }),
  z.object({ ...whenSchema, seed: z.number(), bytes: z.number() }),
]);

export const jobScriptSchema = z.object({
  life: z.array(phaseSchema).check(z.minLength(1)),
  log: z._default(z.array(logEntrySchema), []),
  /** Result files; there from the moment the job runs. */
  files: z._default(z.record(z.string(), contentSchema), {}),
  /** The rest of the life once somebody cancels; null: the job does not listen. */
  onCancel: z._default(z.nullable(z.array(phaseSchema)), [
    {
      state: 'cancelled',
      reason: 'cancelled by the user',
      forMs: null,
      exitCode: null,
      signal: 'SIGTERM',
      tasks: [],
      nodes: [],
    },
  ]),
  nodes: z._default(z.number(), 1),
  tasks: z._default(z.number(), 1),
  /** TCP ports that it listens on while it runs: one sends back what it gets, or serves an HTML page. */
  ports: z._default(z.record(z.string(), z.nullable(z.string())), {}),
});

export type JobScript = z.infer<typeof jobScriptSchema>;
export type JobScriptInput = z.input<typeof jobScriptSchema>;
export type Phase = z.infer<typeof phaseSchema>;
export type LogEntry = z.infer<typeof logEntrySchema>;
export type LogEntryInput = z.input<typeof logEntrySchema>;
export type Content = z.infer<typeof contentSchema>;

/** Queued, running and done at once, with nothing printed. */
export const quickSuccess: JobScriptInput = {
  life: [
    { state: 'queued', forMs: 0 },
    { state: 'running', forMs: 0 },
    { state: 'succeeded', exitCode: 0 },
  ],
};

/** A job spec's command that makes the scripted backend live through `script`; any other command gets its default script. */
export function scriptCommand(script: JobScriptInput): string {
  return JSON.stringify(script);
}

/** null for a command that is no script. Throws for a script that is not well-formed. */
export function parseScriptCommand(command: string): JobScript | null {
  return command.startsWith('{') ? z.parse(jobScriptSchema, JSON.parse(command)) : null;
}

export function contentBytes(content: Content): Uint8Array {
  return 'text' in content ? new TextEncoder().encode(content.text) : scriptedBytes(content.seed, content.bytes);
}

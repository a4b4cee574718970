import * as z from 'zod/mini';
import type { AttemptKey } from '../../../src/core/job.ts';
import { keyText } from '../../../src/core/job.ts';
import type { Json } from '../../../src/core/provider.ts';
import type { ScriptedCloud } from './cloud.ts';
import { type ConditionsInput, conditionsSchema } from './conditions.ts';
import { type FaultInput, type Operation, faultSchema, operations, scriptedError } from './fault.ts';
import { type JobScriptInput, type LogEntryInput, jobScriptSchema, logEntrySchema, phaseSchema } from './script.ts';
import type { ScriptedJob } from './scriptedJob.ts';

const createdJobSchema = z.object({
  id: z.string(),
  key: z.object({ runId: z.string(), attempt: z.number() }),
  name: z.string(),
  state: z.string(),
});

/** A job that was really created, with its state now. */
export type CreatedJob = z.infer<typeof createdJobSchema>;

const commandSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('jobs') }),
  z.object({ do: z.literal('calls') }),
  z.object({ do: z.literal('addFault'), fault: faultSchema }),
  z.object({ do: z.literal('clearFaults') }),
  z.object({ do: z.literal('setConditions'), conditions: z.record(z.string(), z.unknown()) }),
  z.object({ do: z.literal('setDefaultScript'), script: jobScriptSchema }),
  z.object({ do: z.literal('advance'), id: z.string() }),
  z.object({ do: z.literal('live'), id: z.string(), life: z.array(phaseSchema) }),
  z.object({ do: z.literal('print'), id: z.string(), entries: z.array(logEntrySchema) }),
  z.object({ do: z.literal('show'), id: z.string(), as: z.enum(['normal', 'omitted', 'stale']) }),
  z.object({ do: z.literal('forget'), id: z.string() }),
  z.object({ do: z.literal('loseLinks') }),
]);

type Command = z.input<typeof commandSchema>;

/** Takes a command to the backend and its answer back. */
export type SendCommand = (command: Json) => Promise<Json>;

/** What a test can make the backend do, wherever that runs. */
export class Control {
  readonly #send: SendCommand;

  constructor(send: SendCommand) {
    this.#send = send;
  }

  /** Every job that exists, duplicates included. */
  async jobs(): Promise<readonly CreatedJob[]> {
    return z.parse(z.array(createdJobSchema), await this.#do({ do: 'jobs' }));
  }

  /** How many jobs exist for a key; 1 is right, more is a job that bills twice. */
  async jobsFor(key: AttemptKey): Promise<number> {
    const jobs = await this.jobs();
    return jobs.filter((job) => `${job.key.runId}/${job.key.attempt}` === keyText(key)).length;
  }

  /** Requests that arrived, per operation, failed ones included. */
  async calls(): Promise<Readonly<Record<Operation, number>>> {
    return z.parse(z.record(z.enum(operations), z.number()), await this.#do({ do: 'calls' }));
  }

  /** Makes coming requests go wrong; several faults for one operation come one after the other. */
  async addFault(fault: FaultInput): Promise<void> {
    await this.#do({ do: 'addFault', fault });
  }

  async clearFaults(): Promise<void> {
    await this.#do({ do: 'clearFaults' });
  }

  /** Changes the conditions that are given and leaves the others. */
  async setConditions(conditions: ConditionsInput): Promise<void> {
    await this.#do({ do: 'setConditions', conditions });
  }

  /** The script of jobs whose command is not one. */
  async setDefaultScript(script: JobScriptInput): Promise<void> {
    await this.#do({ do: 'setDefaultScript', script });
  }

  /** Ends the job's present phase. */
  async advance(id: string): Promise<void> {
    await this.#do({ do: 'advance', id });
  }

  /** Replaces the rest of the job's life. */
  async live(id: string, life: JobScriptInput['life']): Promise<void> {
    await this.#do({ do: 'live', id, life });
  }

  /** Adds to the job's output. */
  async print(id: string, entries: LogEntryInput[]): Promise<void> {
    await this.#do({ do: 'print', id, entries });
  }

  /** `omitted`: observe leaves it out. `stale`: observe never says anything newer than its first phase. */
  async show(id: string, as: 'normal' | 'omitted' | 'stale'): Promise<void> {
    await this.#do({ do: 'show', id, as });
  }

  /** The backend loses the job. */
  async forget(id: string): Promise<void> {
    await this.#do({ do: 'forget', id });
  }

  /** Shells and forwarded ports that are open die. */
  async loseLinks(): Promise<void> {
    await this.#do({ do: 'loseLinks' });
  }

  async #do(command: Command): Promise<Json> {
    return this.#send(z.parse(z.json(), JSON.parse(JSON.stringify(command))));
  }
}

/** Does what a Control asks for. */
export function obey(cloud: ScriptedCloud, input: Json): Json {
  const command = z.parse(commandSchema, input);
  const now = cloud.clock.now();
  switch (command.do) {
    case 'jobs':
      return [...cloud.jobs.keys()].map((id) => created(cloud.job(id), now));
    case 'calls':
      return Object.fromEntries(cloud.calls);
    case 'addFault':
      cloud.faults.add(command.fault);
      break;
    case 'clearFaults':
      cloud.faults.clear();
      break;
    case 'setConditions':
      cloud.conditions = z.parse(conditionsSchema, { ...cloud.conditions, ...command.conditions });
      break;
    case 'setDefaultScript':
      cloud.defaultScript = command.script;
      break;
    case 'advance':
      cloud.job(command.id).advance(now);
      break;
    case 'live':
      cloud.job(command.id).live(command.life, now);
      break;
    case 'print':
      cloud.job(command.id).print(command.entries);
      break;
    case 'show':
      cloud.job(command.id).visibility = command.as;
      break;
    case 'loseLinks':
      cloud.links.lose();
      break;
    case 'forget':
      if (!cloud.jobs.delete(command.id)) {
        throw scriptedError('notFound');
      }
  }
  cloud.changes.fire();
  return null;
}

function created(job: ScriptedJob, now: number): CreatedJob {
  const { id, key, name } = job.identity;
  return { id, key: { ...key }, name, state: job.observation(now, 0).state };
}

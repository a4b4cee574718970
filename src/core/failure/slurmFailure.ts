import type { MachineFailure } from './machineFailure.ts';
import { SIGNALS, SIGNAL_WORDS } from './signals.ts';

const CANCELLED =
  /\*\*\* (?:JOB|STEP) \S{1,60} ON \S{1,200} CANCELLED AT \S{1,40}(?: (?:DUE TO ([A-Z][A-Z ]{1,40}))?)?/;
const TASK = new RegExp(
  `^srun: error: [\\w.,[\\]-]{1,300}: tasks? ([\\d,-]{1,200}): (?:(Exited with exit code \\d+)|(Out Of Memory)|${SIGNAL_WORDS})`,
);

/** What Slurm's daemons and tools say of a job that failed. */
export function slurmFailure(text: string): MachineFailure | null {
  const cancelled = CANCELLED.exec(text);
  if (cancelled !== null) return named(`slurm: ${cancelled[1]?.trim().toLowerCase() ?? 'cancelled'}`, text, null);
  if (!/^(?:slurmstepd(?:-[\w.-]{1,100})?|srun|sbatch|salloc|slurmd): error: /.test(text)) return null;
  if (/oom[-_ ]kill/i.test(text)) return named('slurm: oom-kill', text, null);
  const [, tasks, exited, memory, word] = TASK.exec(text) ?? [];
  if (tasks === undefined) return named('slurm: error', text, null);
  const rank = /^\d{1,7}$/.test(tasks) ? Number(tasks) : null;
  const ending = exited === undefined ? SIGNALS.get(word ?? '') : 'slurm: task failed';
  return named(memory === undefined ? (ending ?? 'slurm: error') : 'slurm: oom-kill', text, rank);
}

function named(type: string, message: string, rank: number | null): MachineFailure {
  return { type, message, rank, level: 'error', place: null };
}

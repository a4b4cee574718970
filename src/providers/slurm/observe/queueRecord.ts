/**
 * One job, or one task of an array, as `squeue` shows it. Text instead of JSON: 22.05's `--json` ignores every filter, and the
 * shapes of the two differ.
 */
export interface QueueRecord {
  /** The id that sbatch printed: of the array as a whole where it is one. */
  readonly jobId: string;
  /** Tasks the record stands for: `7`, or `0-9%2` for those of an array that wait; null when it is no array. */
  readonly tasks: string | null;
  /** Slurm's own id of this task. */
  readonly taskJobId: string;
  readonly state: string;
  /** null for `None`. */
  readonly reason: string | null;
  /** Seconds since the epoch, by the controller's clock. */
  readonly submittedAt: number | null;
  /** For what waits, when Slurm expects to start it. */
  readonly startAt: number | null;
  /** For what runs, when its time limit ends it. */
  readonly endAt: number | null;
  readonly nodeList: string;
  readonly partition: string;
  /** Its working folder; free text from here on. */
  readonly folder: string;
}

/** For `squeue -o`, with SLURM_TIME_FORMAT=%s. What may hold a `|` comes last. */
export const queueFormat = '%F|%K|%A|%T|%r|%V|%S|%e|%N|%P|%Z';

/** null for a line that is none. */
export function parseQueueLine(line: string): QueueRecord | null {
  const [jobId, task = '', taskJobId = '', state, reason = '', submitted, start, end, nodeList, partition, ...rest] =
    line.split('|');
  if (jobId === undefined || !/^[0-9]+$/u.test(jobId) || state === undefined || state === '') {
    return null;
  }
  return {
    jobId,
    tasks: /^[0-9]/u.test(task) || task.startsWith('[') ? task.replaceAll(/[[\]]/gu, '') : null,
    taskJobId,
    state: state.trim(),
    reason: reason === '' || reason === 'None' ? null : reason,
    submittedAt: seconds(submitted),
    startAt: seconds(start),
    endAt: seconds(end),
    nodeList: nodeList ?? '',
    partition: partition ?? '',
    folder: rest.join('|'),
  };
}

/** `N/A`, `Unknown` and 0 are no time. */
function seconds(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]{1,12}$/u.test(text) && Number(text) > 0 ? Number(text) : null;
}

/** The first tasks of `0,2-4%2`; an array may have millions. */
export function expandTasks(tasks: string, most = 1000): number[] {
  const numbers: number[] = [];
  for (const part of tasks.replace(/%.*$/u, '').split(',')) {
    const [, first, last, step] = /^([0-9]+)(?:-([0-9]+)(?::([0-9]+))?)?/u.exec(part) ?? [];
    if (first === undefined) {
      continue;
    }
    for (let task = Number(first); task <= Number(last ?? first) && numbers.length < most; task += Number(step ?? 1)) {
      numbers.push(task);
    }
  }
  return numbers;
}

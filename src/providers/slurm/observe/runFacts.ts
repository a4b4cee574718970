import { isRunName, type RunName } from '../../../core/runName.ts';
import { type ExitRecord, parseExitRecord } from './exitRecord.ts';
import { parseQueueLine, type QueueRecord } from './queueRecord.ts';

/** One task, or the whole job where it is no array, as accounting has it. */
export interface AccountRecord {
  readonly tasks: string | null;
  readonly state: string;
  /** `3:0` */
  readonly code: string;
  /** Seconds since the epoch. */
  readonly startAt: number | null;
  readonly endAt: number | null;
  readonly nodeList: string;
  readonly reason: string | null;
}

/** Everything that one look at the cluster told of a run. */
export interface RunFacts {
  /** What Slurm says of its tasks now. */
  readonly queue: readonly QueueRecord[];
  /** The last it said of those that have ended. */
  readonly final: readonly QueueRecord[];
  /** `3:0` by the id of the task's job. */
  readonly codes: ReadonlyMap<string, string>;
  /** By task; the key of a job that is no array is null. */
  readonly exits: ReadonlyMap<number | null, ExitRecord>;
  readonly accounts: readonly AccountRecord[];
  /** What Slurm wrote into the log when it put the job back into the queue. */
  readonly requeued: string | null;
  readonly isCancelled: boolean;
}

export interface Look {
  /** Seconds since the epoch, by the clock of the login node. */
  readonly now: number;
  readonly runs: ReadonlyMap<RunName, RunFacts>;
}

interface Draft {
  readonly queue: QueueRecord[];
  readonly final: QueueRecord[];
  readonly codes: Map<string, string>;
  readonly exits: Map<number | null, ExitRecord>;
  readonly accounts: AccountRecord[];
  requeued: string | null;
  isCancelled: boolean;
}

/** Reads what `observeScript` prints. Runs whose folder is gone are left out. */
export function parseLook(text: string): Look {
  const drafts = new Map<string, Draft>();
  const there = new Set<RunName>();
  let now = Number.NaN;
  for (const line of text.split('\n')) {
    const [kind = '', name = ''] = line.split(' ', 2);
    const rest = line.slice(kind.length + name.length + 2);
    if (kind === 'now') {
      now = Number(name);
    } else if (isRunName(name)) {
      const draft = drafts.get(name) ?? emptyDraft();
      drafts.set(name, draft);
      if (kind === 'there') {
        there.add(name);
      }
      add(draft, kind, rest);
    }
  }
  return { now, runs: new Map([...there].map((name) => [name, drafts.get(name) ?? emptyDraft()])) };
}

function emptyDraft(): Draft {
  return {
    queue: [],
    final: [],
    codes: new Map(),
    exits: new Map(),
    accounts: [],
    requeued: null,
    isCancelled: false,
  };
}

function add(draft: Draft, kind: string, rest: string): void {
  switch (kind) {
    case 'queue':
    case 'final': {
      const record = parseQueueLine(rest);
      if (record !== null && !(kind === 'final' && draft.final.some(({ tasks }) => tasks === record.tasks))) {
        draft[kind].push(record);
      }
      return;
    }
    case 'code': {
      const [job = '', code = ''] = rest.split(' ');
      draft.codes.set(job, code);
      return;
    }
    case 'exit': {
      const [file = ''] = rest.split(' ', 1);
      const record = parseExitRecord(rest.slice(file.length));
      if (record !== null) {
        draft.exits.set(taskOfFile(file), record);
      }
      return;
    }
    case 'account': {
      const record = parseAccountLine(rest);
      draft.accounts.push(...(record === null ? [] : [record]));
      return;
    }
    case 'requeued':
      draft.requeued = rest;
      return;
    case 'cancel':
      draft.isCancelled = true;
      return;
    default:
  }
}

/** `exit.t3` */
function taskOfFile(name: string): number | null {
  const task = /\.t([0-9]+)$/u.exec(name)?.[1];
  return task === undefined ? null : Number(task);
}

function parseAccountLine(line: string): AccountRecord | null {
  const [id = '', state, code = '', start, end, nodeList = '', ...reason] = line.split('|');
  if (state === undefined || state === '') {
    return null;
  }
  const tasks = /^[0-9]+_\[?([0-9][0-9,:%-]*)/u.exec(id)?.[1] ?? null;
  const why = reason.join('|');
  return {
    tasks,
    state,
    code,
    startAt: time(start),
    endAt: time(end),
    nodeList: nodeList === 'None assigned' ? '' : nodeList,
    reason: why === '' || why === 'None' ? null : why,
  };
}

function time(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]+$/u.test(text) && text !== '0' ? Number(text) : null;
}

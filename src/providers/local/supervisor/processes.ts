import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { IdentifiedProcess } from '../runState.ts';

const run = promisify(execFile);

/** A process of this machine, as far as ending jobs needs it. Zombies are left out: they have ended. */
interface ProcessEntry {
  readonly pid: number;
  readonly group: number;
  readonly startedAt: string;
}

/** Environment variables that mark every process of a job: how those that left its process group are found. */
export type JobMarks = Readonly<Record<string, string>>;

/** Changes when the machine starts anew. */
export async function readBootId(): Promise<string> {
  if (process.platform === 'linux') {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  }
  return (await run('sysctl', ['-n', 'kern.bootsessionuuid'])).stdout.trim();
}

/** When the process with that pid began, in the system's own unit; null when there is none (or only its zombie). */
export async function processStart(pid: number): Promise<string | null> {
  return (await entryOf(pid))?.startedAt ?? null;
}

export async function isAlive(known: IdentifiedProcess): Promise<boolean> {
  return (await processStart(known.pid)) === known.startedAt;
}

/**
 * The live processes of a job except its wrapper: the wrapper's process group and, on Linux, whoever carries the job's marks
 * in the environment (those that made a session of their own).
 */
export async function jobProcesses(wrapper: IdentifiedProcess, marks: JobMarks): Promise<number[]> {
  const all = await allProcesses();
  const leader = all.find((entry) => entry.pid === wrapper.pid);
  const groupIsOurs = leader === undefined || leader.startedAt === wrapper.startedAt;
  return all
    .filter((entry) => entry.pid !== process.pid && !(groupIsOurs && entry.pid === wrapper.pid))
    .filter((entry) => (groupIsOurs && entry.group === wrapper.pid) || carries(entry.pid, marks))
    .map((entry) => entry.pid);
}

/** A process that has ended meanwhile, or is not ours, is no error. */
export function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it is gone, which is what was wanted. EPERM: it became somebody else's and cannot be ended by us.
  }
}

async function entryOf(pid: number): Promise<ProcessEntry | null> {
  if (process.platform === 'linux') {
    return linuxEntry(pid);
  }
  const listed = await run('ps', ['-o', psColumns, '-p', String(pid)]).catch(() => null);
  return parsePs(listed?.stdout ?? '')[0] ?? null;
}

async function allProcesses(): Promise<readonly ProcessEntry[]> {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^[0-9]+$/u.test(name))
      .map((name) => linuxEntry(Number(name)))
      .filter((entry) => entry !== null);
  }
  return parsePs((await run('ps', ['-ax', '-o', psColumns])).stdout);
}

function linuxEntry(pid: number): ProcessEntry | null {
  try {
    return parseLinuxStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** A line of /proc/<pid>/stat. The name in it may hold anything, so the rest is counted from its closing parenthesis. */
export function parseLinuxStat(stat: string): ProcessEntry | null {
  const [state, , group, , , , , , , , , , , , , , , , , startedAt] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || group === undefined || startedAt === undefined || state === 'Z' || state === 'X') {
    return null;
  }
  return { pid: Number.parseInt(stat, 10), group: Number(group), startedAt };
}

const psColumns = 'pid=,pgid=,stat=,lstart=';

/** Lines such as `  501   501 Ss   Tue Mar  4 10:11:12 2025`. */
export function parsePs(text: string): ProcessEntry[] {
  return text.split('\n').flatMap((line) => {
    const [pid, group, state, ...startedAt] = line.trim().split(/\s+/u);
    const whole = group !== undefined && state !== undefined && !state.startsWith('Z') && startedAt.length > 0;
    return whole ? [{ pid: Number(pid), group: Number(group), startedAt: startedAt.join(' ') }] : [];
  });
}

function carries(pid: number, marks: JobMarks): boolean {
  if (process.platform !== 'linux') {
    return false;
  }
  try {
    const environment = new Set(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'));
    return Object.entries(marks).every(([name, value]) => environment.has(`${name}=${value}`));
  } catch {
    return false;
  }
}

import { anyOf } from './anyOf.ts';
import { SIGNALS, SIGNAL_WORDS } from './signals.ts';
import { slurmFailure } from './slurmFailure.ts';

/** A failure that one line tells whole, of the machine, the launcher or the scheduler rather than of Python. */
export interface MachineFailure {
  readonly type: string;
  readonly message: string;
  readonly rank: number | null;
  readonly level: 'error' | 'warning';
  /** Where in the code, with columns in the text. */
  readonly place: {
    readonly path: string;
    readonly line: number;
    readonly function: string;
    readonly end: number;
  } | null;
}

/** A line without any of these cannot match the patterns below, as is true of almost all. */
export const MACHINE_WORDS: readonly string[] = [
  ...SIGNALS.keys(),
  '*** ',
  'slurm',
  'srun: ',
  'sbatch: ',
  'salloc: ',
  'NCCL WARN',
  'Watchdog caught',
  'block: [',
  'Check failed: ',
  'OOMKilled',
  'Out of memory: ',
  'exitcode: -',
  'return code = -',
  'command not found',
  'No module named ',
  "can't open file ",
  '.py: error: ',
];
const HINT = anyOf(MACHINE_WORDS);

const SIGNAL_NUMBERS: ReadonlyMap<string, string> = new Map([
  ['4', 'SIGILL'],
  ['6', 'SIGABRT'],
  ['7', 'SIGBUS'],
  ['8', 'SIGFPE'],
  ['9', 'SIGKILL'],
  ['11', 'SIGSEGV'],
]);

const ALONE = new RegExp(`^${SIGNAL_WORDS}(?: \\(core dumped\\))?$`);
const IN_SHELL = new RegExp(`^[^\\s:]{1,300}: line \\d{1,7}: +\\d{1,10} ${SIGNAL_WORDS}(?:\\s|$)`);
const RECEIVED = /^\*\*\* (SIG[A-Z]{2,6}) (?:received|\(@)/;
const DEVICE_ASSERT =
  /^([^\s:]{1,500}):(\d{1,7}): ([^\s:][^:]{0,300}): block: \[\d+,\d+,\d+\], thread: \[\d+,\d+,\d+\] (Assertion .{1,1000} failed\.?)$/;
const EXIT_BY_SIGNAL = /(?:\(exitcode: |return code = )-(\d{1,2})(?:\)|$)/;

/** What is told by one pattern; the message is its first group, or the whole line. */
const simple: readonly { readonly type: string; readonly pattern: RegExp; readonly level?: 'warning' }[] = [
  {
    type: 'NCCL error',
    level: 'warning',
    pattern: /^[\w.-]{1,100}:\d{1,10}:\d{1,10} \[\d{1,3}\] (?:[^ ]{1,100} )?NCCL WARN (.+)$/,
  },
  {
    type: 'SIGKILL',
    pattern: /^(?:\[[\d. ]{1,30}\] )?(?:Out of memory|Memory cgroup out of memory): Killed process \d/,
  },
  { type: 'command not found', pattern: /^(?:[^\s:]{1,300}: )?(?:line \d{1,7}: )?[^\s:]{1,300}: command not found$/ },
  { type: 'ModuleNotFoundError', pattern: /^\S{0,300}python[\d.]{0,8}: (No module named \S{1,300})$/ },
  { type: 'FileNotFoundError', pattern: /^\S{0,300}python[\d.]{0,8}: (can't open file .*)$/ },
  { type: 'usage error', pattern: /^[\w./-]{1,300}\.py: error: ([^\d\s].*)$/ },
  { type: 'Check failed', pattern: /^Check failed: (.+)$/ },
];

const matchers: readonly ((text: string) => MachineFailure | null)[] = [
  signal,
  slurmFailure,
  watchdog,
  deviceAssert,
  (text) => (isOomKilled(text) ? { ...bare, type: 'kubernetes: OOMKilled', message: text.trim() } : null),
  oneOfSimple,
];

/** What the text of a line, without prefixes, says of a failure; null for nearly all. */
export function machineFailure(text: string): MachineFailure | null {
  if (!HINT.test(text)) return null;
  const trimmed = text.trimEnd();
  for (const match of matchers) {
    const found = match(trimmed);
    if (found !== null) return found;
  }
  return null;
}

const bare = { rank: null, level: 'error', place: null } as const;

function signal(text: string): MachineFailure | null {
  const word = ALONE.exec(text)?.[1] ?? IN_SHELL.exec(text)?.[1];
  const type =
    SIGNALS.get(word ?? '') ?? RECEIVED.exec(text)?.[1] ?? SIGNAL_NUMBERS.get(EXIT_BY_SIGNAL.exec(text)?.[1] ?? '');
  return type === undefined ? null : { ...bare, type, message: text };
}

function oneOfSimple(text: string): MachineFailure | null {
  for (const { type, pattern, level } of simple) {
    const found = pattern.exec(text);
    if (found !== null) return { ...bare, type, message: found[1] ?? text, level: level ?? 'error' };
  }
  return null;
}

function watchdog(text: string): MachineFailure | null {
  const found = /^\[(?:PG .{1,200})?Rank (\d{1,6})\] (Watchdog caught collective operation timeout: .*)$/i.exec(text);
  return found === null ? null : { ...bare, type: 'NCCL timeout', message: found[2] ?? '', rank: Number(found[1]) };
}

function deviceAssert(text: string): MachineFailure | null {
  const [, path, digits, name, message] = DEVICE_ASSERT.exec(text) ?? [];
  if (path === undefined || digits === undefined || name === undefined || message === undefined) return null;
  const place = { path, line: Number(digits), function: name, end: path.length + 1 + digits.length };
  return { ...bare, type: 'CUDA device-side assert', message, place };
}

/** As `kubectl describe`, events and launchers say it; not a field that says it did not happen. */
function isOomKilled(text: string): boolean {
  return /(?:^|[\s:("'])OOMKilled(?:[\s,.)"']|$)/.test(text) && !/OOMKilled"?\s{0,4}[:=]/.test(text);
}

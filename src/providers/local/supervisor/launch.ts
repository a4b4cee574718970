import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants as fsConstants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { runFile } from '../layout.ts';
import type { IdentifiedProcess } from '../runState.ts';
import { processStart } from './processes.ts';

/**
 * Runs around the job, so that its exit status is on the disk whoever else dies.
 * - It starts the job only after a word through descriptor 3: by then its pid is on the disk, and no job runs unknown.
 * - Its traps catch what is sent to the whole group; caught signals, unlike ignored ones, are back at their default in the job.
 * - The status goes into a file that has its block already (`1<>` does not truncate): a full disk cannot swallow it.
 * Arguments: exit file, shell, script for that shell, set-up, command, set-up marker.
 */
const wrapperScript = `
exit_file=$1 shell=$2 script=$3
shift 3
trap : HUP INT QUIT TERM USR1 USR2
IFS= read -r word <&3 || { printf '%-15s\\n' unstarted 1<>"$exit_file"; exit 0; }
exec 3>&- 4>&2 2>/dev/null
"$shell" -c "$script" aloft "$@" 2>&4 4>&-
status=$?
printf '%-15s\\n' "$status" 1<>"$exit_file"
exit "$status"
`;

/** Set-up and command in one shell, so that what the set-up exports or activates holds for the command. */
const jobScript = `
aloft_setup=$1 aloft_command=$2 aloft_set_up=$3
set --
if [ -n "$aloft_setup" ]; then
  set -e
  eval "$aloft_setup"
  set +e
fi
printf '%-15s\\n' done 1<>"$aloft_set_up"
eval "$aloft_command"
`;

export interface LaunchInput {
  /** The run folder. */
  readonly folder: string;
  readonly workingDirectory: string;
  readonly setup: string | null;
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Launched {
  readonly process: IdentifiedProcess;
  /** Lets the command start. Until then nothing of the user's has run; if we die before, nothing will. */
  go(): void;
  /** Ends the wrapper instead. */
  abandon(): void;
  /** Resolves when the wrapper has ended. */
  readonly ended: Promise<void>;
}

/** Starts the wrapper in a session of its own, its output straight into the run's files. Throws when it cannot be started. */
export async function launch(input: LaunchInput): Promise<Launched> {
  const path = (name: string): string => join(input.folder, name);
  writeFileSync(path(runFile.exit), `${'unknown'.padEnd(15)}\n`, { mode: 0o600 });
  writeFileSync(path(runFile.setUp), `${'not done'.padEnd(15)}\n`, { mode: 0o600 });
  const stdout = openSync(path(runFile.stdout), 'a', 0o600);
  const stderr = openSync(path(runFile.stderr), 'a', 0o600);
  try {
    const child = spawn(
      '/bin/sh',
      [
        ...['-c', wrapperScript, 'aloft', path(runFile.exit)],
        ...[jobShell(), jobScript, input.setup ?? '', input.command, path(runFile.setUp)],
      ],
      {
        cwd: input.workingDirectory,
        detached: true,
        env: input.environment,
        stdio: ['ignore', stdout, stderr, 'pipe'],
      },
    );
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
    });
    const started = Promise.withResolvers<void>();
    child.once('spawn', started.resolve);
    child.once('error', started.reject);
    await started.promise;
    const gate = child.stdio[3];
    const startedAt = child.pid === undefined ? null : await processStart(child.pid);
    if (child.pid === undefined || startedAt === null || gate === null || gate === undefined || !('write' in gate)) {
      throw new Error('its first process ended before it began');
    }
    gate.on('error', () => {
      // The wrapper was killed while it waited: its end says so.
    });
    return {
      process: { pid: child.pid, startedAt },
      go: () => {
        gate.end('go\n');
      },
      abandon: () => {
        gate.destroy();
      },
      ended,
    };
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}

/** How the job's main process ended, as far as the wrapper could tell. */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  /** The command was never started. */
  | { readonly kind: 'unstarted' }
  /** The wrapper itself was killed. */
  | { readonly kind: 'unknown' };

export function readExitStatus(folder: string): ExitStatus {
  return parseExitStatus(readFileSync(join(folder, runFile.exit), 'utf8'));
}

export function isSetUp(folder: string): boolean {
  return readFileSync(join(folder, runFile.setUp), 'utf8').startsWith('done');
}

/** A shell says "ended by signal n" as status 128 + n; that is read back here. */
export function parseExitStatus(text: string): ExitStatus {
  const word = text.trim();
  if (word === 'unstarted') {
    return { kind: 'unstarted' };
  }
  if (!/^[0-9]+$/u.test(word)) {
    return { kind: 'unknown' };
  }
  const code = Number(word);
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return signal === undefined ? { kind: 'exited', code } : { kind: 'signalled', signal };
}

/** People write for bash (`source`, arrays); a plain sh serves where there is none. */
function jobShell(): string {
  try {
    accessSync('/bin/bash', fsConstants.X_OK);
    return '/bin/bash';
  } catch {
    return '/bin/sh';
  }
}

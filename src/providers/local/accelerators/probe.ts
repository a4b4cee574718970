import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hasCode, messageOf } from '../nodeError.ts';

/** How the machine is looked at. */
export interface Probe {
  /** What the tool printed; null when it is not installed. Throws with the tool's own words when it fails. */
  run(tool: string, args: readonly string[]): Promise<string | null>;
  /** Names in a folder; none when it is not there. */
  list(folder: string): Promise<readonly string[]>;
  /** The file's text without the space around it; null when it cannot be read. */
  read(path: string): Promise<string | null>;
}

const runFile = promisify(execFile);
/** A driver that hangs must not hang us. */
const longestMs = 10_000;

export const systemProbe: Probe = {
  run: async (tool, args) => {
    try {
      return (await runFile(tool, args, { timeout: longestMs, maxBuffer: 1 << 24 })).stdout;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'EACCES')) {
        return null;
      }
      throw new Error(`${tool}: ${toolWords(error)}`, { cause: error });
    }
  },
  list: async (folder) => readdir(folder).catch(() => []),
  read: async (path) =>
    readFile(path, 'utf8').then(
      (text) => text.trim(),
      () => null,
    ),
};

/** The tools say what is wrong on either stream. */
function toolWords(error: unknown): string {
  const printed = [error]
    .flatMap((value) =>
      value instanceof Error && 'stdout' in value && 'stderr' in value ? [value.stdout, value.stderr] : [],
    )
    .map((text) => (typeof text === 'string' ? text.trim() : ''))
    .filter((text) => text !== '');
  return printed.join(' ') || messageOf(error);
}

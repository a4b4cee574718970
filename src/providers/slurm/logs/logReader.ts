import { randomUUID } from 'node:crypto';

import type { RunName } from '../../../core/runName.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';
import { type Frame, readFrames } from './frames.ts';
import type { Position } from './position.ts';
import { readerScript } from './readerScript.ts';

/** What the reader script says of some runs, each from its position on. */
export async function* readLogs(
  shell: SlurmShell,
  mode: 'follow' | 'once',
  runs: ReadonlyMap<RunName, Position>,
  signal: AbortSignal,
): AsyncGenerator<Frame, void> {
  const word = randomUUID();
  const lines = [...runs].flatMap(([run, position]) => [
    `${run}\n`,
    ...[...position].map(([file, { offset, inode }]) => `${run} ${file} ${offset} ${inode}\n`),
  ]);
  const script = { text: readerScript, args: [mode, word], input: Buffer.from(lines.join('')) };
  yield* readFrames(shell.stream(script, signal), word);
}

import { spawn } from 'node:child_process';

/** How long a program takes; undefined when it is not installed. Its output is thrown away. */
export async function peerMs(program: string, args: readonly string[]): Promise<number | undefined> {
  const started = performance.now();
  const child = spawn(program, args, {
    // GNU grep stops at the first hit when it writes to /dev/null.
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  child.stdout.resume();
  return await new Promise((resolve) => {
    child.on('error', () => {
      resolve(undefined);
    });
    child.on('close', () => {
      resolve(performance.now() - started);
    });
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { IdentifiedProcess } from '../runState.ts';
import { type JobMarks, jobProcesses, sendSignal } from './processes.ts';

const lookAgainMs = 50;

/**
 * Ends every process of a job but its wrapper, which ends by itself once it has noted the exit status: SIGTERM to each, also to
 * those that appear meanwhile, and SIGKILL from `killAt` (epoch ms) on. Resolves when none is left.
 */
export async function terminate(wrapper: IdentifiedProcess, marks: JobMarks, killAt: number): Promise<void> {
  const asked = new Set<number>();
  for (;;) {
    const left = await jobProcesses(wrapper, marks);
    if (left.length === 0) {
      return;
    }
    const kill = Date.now() >= killAt;
    for (const pid of left) {
      if (kill) {
        sendSignal(pid, 'SIGKILL');
      } else if (!asked.has(pid)) {
        asked.add(pid);
        sendSignal(pid, 'SIGTERM');
      }
    }
    await sleep(lookAgainMs);
  }
}

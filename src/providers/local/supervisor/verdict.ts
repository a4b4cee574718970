import { writeDuration } from '../../../core/quantity.ts';
import type { EndedState, StopReason } from '../runState.ts';
import type { ExitStatus } from './launch.ts';

export interface VerdictInput {
  readonly status: ExitStatus;
  readonly stopped: StopReason | null;
  readonly setUp: boolean;
  readonly durationLimitMs: number | null;
}

export type Verdict = Pick<EndedState, 'outcome' | 'exitCode' | 'signal' | 'reason'>;

/** How an attempt ended, from what is known of its main process. */
export function verdict({ status, stopped, setUp, durationLimitMs }: VerdictInput): Verdict {
  const exitCode = status.kind === 'exited' ? status.code : null;
  const signal = status.kind === 'signalled' ? status.signal : null;
  if (stopped === 'cancel') {
    return { outcome: 'cancelled', exitCode, signal, reason: 'cancelled' };
  }
  if (stopped === 'limit') {
    const limit = writeDuration(durationLimitMs ?? 0);
    return { outcome: 'failed', exitCode, signal, reason: `stopped after its limit of ${limit}` };
  }
  if (exitCode === 0 && setUp) {
    return { outcome: 'succeeded', exitCode, signal, reason: null };
  }
  const how = setUp || status.kind === 'unknown' ? howItEnded(status) : `set-up failed: ${howItEnded(status)}`;
  return { outcome: 'failed', exitCode, signal, reason: how };
}

function howItEnded(status: ExitStatus): string {
  switch (status.kind) {
    case 'exited':
      return `exit code ${status.code}`;
    case 'signalled':
      return status.signal === 'SIGKILL'
        ? 'ended by SIGKILL, which is also what the system sends when memory runs out'
        : `ended by ${status.signal}`;
    default:
      return 'all its processes are gone and none left an exit status: something ended them from outside';
  }
}

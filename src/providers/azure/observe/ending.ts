import type { EpochMs } from '../../../core/job.ts';
import { signalOf } from '../../../core/linuxSignals.ts';
import type { Observation } from '../../../core/provider.ts';
import { endReason } from '../../../core/stateSentence.ts';
import { judgeRoom } from '../client/apiError.ts';
import type { RunDetails } from '../client/runHistory.ts';
import { type Job, timeOf } from '../job.ts';
import { exitCode as ours } from '../plan/script.ts';
import { durationOf } from '../plan/duration.ts';

type Ending = Pick<Observation, 'state' | 'reason' | 'explanation' | 'startedAt' | 'endedAt' | 'exitCode' | 'signal'>;

/** How a job ended, from its status and what its error says. */
export function endingOf(job: Job, details: RunDetails | null, startedAt: EpochMs | null): Ending {
  const error = details?.error?.error;
  const raw = [error?.code, error?.message].filter(Boolean).join(': ') || null;
  const common = { startedAt, endedAt: timeOf(details?.endTimeUtc), exitCode: null, signal: null };
  switch (job.properties.status) {
    case 'Completed':
      return { ...common, state: 'succeeded', reason: null, exitCode: 0 };
    case 'Canceled':
      return tookItsTime(job, common.endedAt, startedAt)
        ? { ...common, state: 'failed', reason: raw, explanation: 'It reached its time limit' }
        : { ...common, state: 'cancelled', reason: raw, startedAt };
    default:
      return { ...common, state: 'failed', ...failure(job, raw, common.endedAt, startedAt) };
  }
}

function failure(
  job: Job,
  raw: string | null,
  endedAt: EpochMs | null,
  startedAt: EpochMs | null,
): Pick<Observation, 'reason' | 'explanation' | 'exitCode' | 'signal'> {
  const text = raw ?? '';
  const code = codeIn(text);
  const signal = code === null ? null : signalOf(code < 0 ? 128 - code : code);
  const explanation = explain(job, text, code, signal, endedAt, startedAt);
  return {
    reason: raw,
    exitCode: signal === null ? code : null,
    signal,
    ...(explanation === null ? {} : { explanation }),
  };
}

function explain(
  job: Job,
  text: string,
  code: number | null,
  signal: string | null,
  endedAt: EpochMs | null,
  startedAt: EpochMs | null,
): string | null {
  if (tookItsTime(job, endedAt, startedAt) || (code === null && tellsOfLimit(job, text))) {
    return 'It reached its time limit';
  }
  if (code === ours.damagedCode) {
    return 'The code could not be unpacked on the machine; the log says why';
  }
  if (code === ours.noFolder) {
    return 'Its working folder could not be entered';
  }
  if (code === ours.noSecrets) {
    return 'Its secrets could not be read on the machine: they are gone, or the datastore could not be reached';
  }
  if (signal === 'SIGKILL') {
    return 'It was killed, most likely because the machine ran out of memory';
  }
  if (code !== null || signal !== null) {
    return endReason({ state: 'failed', exitCode: signal === null ? code : null, signal });
  }
  const room = judgeRoom(text);
  if (room !== null) {
    return room.message.replace(/\.$/u, '');
  }
  if (/image ?build|failed to build|docker(?:file)? build/iu.test(text)) {
    return 'Its image could not be built; the build log is among the logs';
  }
  if (/pull|manifest unknown|imagenotfound|container registry/iu.test(text)) {
    return 'Its image could not be pulled: check its name, and that the workspace may read the registry';
  }
  if (/mount|datastore|storage|ScriptExecution\.Stream/iu.test(text)) {
    return 'Azure could not reach the data of the job: whoever it runs as needs the right to read the datastore';
  }
  return null;
}

/** Whether it failed by what its own program did, not Azure. */
export function endedByItself(details: RunDetails | null): boolean {
  return codeIn(details?.error?.error?.message ?? '') !== null;
}

/** As the job's own machine and the services around it put it. */
function codeIn(text: string): number | null {
  const found =
    /exited with (?:status|exit) ?code:? (-?\d{1,3})/iu.exec(text) ??
    /(?:exit|return)(?:ed with)? ?code(?: of)?:? (-?\d{1,3})/iu.exec(text);
  return found === null ? null : Number(found[1]);
}

/** There is no word for it that is published: the time tells. */
function tookItsTime({ properties: { limits } }: Job, endedAt: EpochMs | null, startedAt: EpochMs | null): boolean {
  const limit = durationOf(limits?.timeout ?? '');
  return (
    limit !== null &&
    endedAt !== null &&
    startedAt !== null &&
    endedAt - startedAt >= limit - Math.min(2000, limit / 10)
  );
}

/** Azure's own words, not those of a program whose connection timed out. */
function tellsOfLimit({ properties: { limits } }: Job, text: string): boolean {
  return (
    Boolean(limits?.timeout) &&
    /\bmax(?:imum)?[ _]?(?:run|job|execution)?[ _]?(?:duration|time ?out)|\b(?:job|run) timed out\b|\btimeout\b.{0,30}\b(?:exceeded|reached)\b/iu.test(
      text,
    )
  );
}

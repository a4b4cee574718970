import { type AttemptKey, isRunId } from './job.ts';

/** `<runId>.<attempt>`: the name of an attempt's folder and the id of its handle. */
export type RunName = string & { readonly brand: 'RunName' };

const runNamePattern = /^(?<runId>[0-9A-Z]{26})\.(?<attempt>[1-9][0-9]{0,8})$/u;

/** null when the text is not such a name. */
export function parseRunName(text: string): { readonly name: RunName; readonly key: AttemptKey } | null {
  const groups = runNamePattern.exec(text)?.groups;
  const runId = groups?.['runId'];
  const attempt = Number(groups?.['attempt']);
  return isRunId(runId) && isRunName(text) ? { name: text, key: { runId, attempt } } : null;
}

export function isRunName(text: unknown): text is RunName {
  return typeof text === 'string' && isRunId(runNamePattern.exec(text)?.groups?.['runId']);
}

/** Throws a RangeError when the attempt is not a positive integer. */
export function runName(key: AttemptKey): RunName {
  const text = `${key.runId}.${key.attempt}`;
  if (!isRunName(text)) {
    throw new RangeError(`"${text}" is not a run id and an attempt number`);
  }
  return text;
}

import type { RunRequest } from '../request.ts';
import type { JobMarks } from './processes.ts';
import type { PythonEnvironment } from './python.ts';

export interface EnvironmentInput {
  /** The supervisor's own. */
  readonly base: NodeJS.ProcessEnv;
  readonly request: RunRequest;
  readonly secrets: Readonly<Record<string, string>>;
  readonly python: PythonEnvironment;
  /** Which accelerators the job may see; hides all when it was granted none. */
  readonly devices: Readonly<Record<string, string>>;
}

/** What every process of an attempt carries in its environment. */
export function jobMarks(request: RunRequest): JobMarks {
  return { ALOFT_RUN_ID: request.runId, ALOFT_ATTEMPT: String(request.attempt) };
}

/** The job's environment: this machine's, without what only concerns the editor, then ours, then what the user asked for. */
export function jobEnvironment({ base, request, secrets, python, devices }: EnvironmentInput): Record<string, string> {
  const inherited = Object.entries(base).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(?:VSCODE_|ELECTRON_)/u.test(entry[0]),
  );
  const environment: Record<string, string> = {
    ...Object.fromEntries(inherited),
    PYTHONUNBUFFERED: '1',
    ...devices,
  };
  if (python.virtualEnv !== null) {
    environment['VIRTUAL_ENV'] = python.virtualEnv;
    delete environment['PYTHONHOME'];
  }
  Object.assign(environment, request.spec.env, secrets, jobMarks(request));
  const path = environment['PATH'] ?? '';
  environment['PATH'] = [...python.path, ...(path === '' ? [] : [path])].join(':');
  return environment;
}

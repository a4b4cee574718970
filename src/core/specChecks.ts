import { isVariableName, type JobSpec } from './jobSpec.ts';
import { ProviderError } from './providerError.ts';
import { safeRelativePath } from './safePath.ts';

/**
 * What no backend can run, whatever it is: a working folder outside the snapshot, NUL characters, names that no environment variable
 * can have. For `plan`, whose specs need not come from `parseJobSpec`. Throws `invalid`, naming the field.
 */
export function refuseImpossible(spec: JobSpec): void {
  const { workingDirectory, env, secrets } = spec;
  if (workingDirectory !== '.' && safeRelativePath(workingDirectory) === null) {
    throw new ProviderError('invalid', `The working folder "${workingDirectory}" is not inside the job's folder.`, {
      field: 'workingDirectory',
      remedy: 'Give a path relative to the root of what is uploaded.',
    });
  }
  for (const [field, text] of textsOf(spec)) {
    if (text.includes('\0')) {
      throw new ProviderError('invalid', 'A NUL character cannot be passed to a program.', { field });
    }
  }
  for (const name of [...Object.keys(env), ...secrets]) {
    if (!isVariableName(name)) {
      throw new ProviderError('invalid', `"${name}" cannot be the name of an environment variable.`, {
        field: secrets.includes(name) ? 'secrets' : 'env',
        remedy: 'Use letters, digits and underscores, and no name that begins with ALOFT_.',
      });
    }
  }
}

/** A warning of backends that limit the time of each start and not that of the job. */
export const restartNote =
  'When it is interrupted it starts again, and may then run for its whole time limit again, which costs as much again.';

/** What reaches a program as it was written, by the name of its field. */
export function textsOf({ command, setup, env }: JobSpec): readonly (readonly [string, string])[] {
  return [
    ['command', command],
    ['setup', setup ?? ''],
    ...Object.entries(env).map(([name, value]) => [`env.${name}`, value] as const),
  ];
}

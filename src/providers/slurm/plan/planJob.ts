import { type JobSpec, specToInput } from '../../../core/jobSpec.ts';
import type { Json, Plan, PlanInput } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { type RunName, runName } from '../../../core/runName.ts';
import { safeRelativePath } from '../../../core/safePath.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import { refuseImpossible, restartNote } from '../../../core/specChecks.ts';
import type { Knowledge } from '../knowledge.ts';
import type { SlurmSettings } from '../settings.ts';
import { type CommandInput, commandText } from './commandText.ts';
import { directive, jobName, ownArguments, readableName, scriptBody } from './jobScript.ts';
import type { JobRequest } from './request.ts';
import { chosenArguments, resourceArguments, type Warnings } from './resources.ts';
import { parseSbatchCommand, type SbatchCommand } from './sbatchCommand.ts';

/** Spec to batch script. Throws `unsupported` or `invalid`, naming the field. */
export function planJob({ spec, key, snapshotId }: PlanInput, settings: SlurmSettings, knowledge: Knowledge): Plan {
  refuseImage(spec.image);
  refuseImpossible(spec);
  const run = runName(key);
  const warnings: Warnings = [];
  if (spec.secrets.length > 0) {
    warnings.push(
      "Slurm keeps the values of secrets with the job's environment on its own disks until the job has ended, and in its accounting for good where AccountingStoreFlags has job_env; its administrators can read them there.",
    );
  }
  const existing = parseSbatchCommand(spec.command);
  const common = {
    version: 1,
    run,
    snapshot: snapshotId,
    secrets: spec.secrets,
    workingDirectory: spec.workingDirectory,
  };
  const resources = (existing === null ? resourceArguments : chosenArguments)(spec, settings, knowledge, warnings);
  if (spec.limits.durationMs !== null && mayStartAgain([...(existing?.arguments ?? []), ...resources], spec.spot)) {
    warnings.push(restartNote);
  }
  const planned =
    existing === null
      ? planCommand(spec, run, snapshotId, resources)
      : planScript(spec, run, snapshotId, existing, resources, warnings);
  const request = { ...common, ...planned.request, name: spec.name, spec: specToInput(spec) } satisfies
    | JobRequest
    | Json;
  const { workingDirectory, env } = spec;
  const command = { name: readableName(spec.name), snapshotId, workingDirectory, env, submit: planned.byHand };
  return {
    request,
    text: planned.text,
    language: 'shellscript',
    command: commandText(command, settings),
    warnings,
  };
}

/** The last word of these arguments on it counts, which sbatch also takes shortened; where they have none, jobs that may be preempted do. */
function mayStartAgain(sbatchArguments: readonly string[], spot: boolean): boolean {
  const last = sbatchArguments.findLast((argument) => /^--(?:req|no-r)/u.test(argument));
  return last?.startsWith('--req') ?? spot;
}

interface Planned {
  readonly request: Pick<JobRequest, 'script' | 'existingScript'> & { readonly arguments: readonly string[] };
  readonly text: string;
  readonly byHand: CommandInput['submit'];
}

function planCommand(spec: JobSpec, run: RunName, snapshotId: string, resources: readonly string[]): Planned {
  const scriptOf = (name: string, owner: RunName | null): string => {
    const directives = [`--job-name=${name}`, ...ownArguments(owner), ...resources];
    const body = scriptBody({
      run: owner,
      snapshotId,
      spec,
      work: { kind: 'command', setup: spec.setup, command: spec.command },
      signal: spec.options['signal'] ?? null,
    });
    // A login shell, so that what people's profiles set up, such as environment modules, is there.
    return ['#!/bin/bash -l', ...directives.map(directive), body].join('\n');
  };
  const script = scriptOf(jobName(spec.name, run), run);
  return {
    request: { script, existingScript: null, arguments: [] },
    text: script,
    byHand: { kind: 'command', script: scriptOf(readableName(spec.name), null) },
  };
}

function planScript(
  spec: JobSpec,
  run: RunName,
  snapshotId: string,
  { script, scriptArguments, arguments: own, leftOut }: SbatchCommand,
  chosen: readonly string[],
  warnings: Warnings,
): Planned {
  if (spec.setup !== null) {
    throw new ProviderError('unsupported', 'A batch script that is submitted as it is has no set-up before it.', {
      field: 'setup',
      remedy: 'Put it into the script.',
    });
  }
  if (leftOut.length > 0) {
    warnings.push(`Left out, because Aloft sets them itself: ${leftOut.join(' ')}`);
  }
  if (chosen.length > 0) {
    warnings.push(`What the form says goes before what the script says: ${chosen.join(' ')}`);
  }
  const body = scriptBody({
    run,
    snapshotId,
    // Its own srun, if any, starts it on other nodes.
    spec: { ...spec, nodes: 1 },
    work: { kind: 'script', scriptArguments },
    signal: null,
  });
  const wanted = [...own, ...chosen];
  const all = [...ownArguments(run), ...wanted];
  const existingScript = script.startsWith('/') ? script : inSnapshot(spec.workingDirectory, script);
  const text = [
    `# sbatch ${all.map(readable).join(' ')}`,
    '#!/bin/bash',
    `# Here come the #SBATCH lines of ${existingScript}; the script itself is run below, as it is.`,
    body,
  ].join('\n');
  return {
    request: { script: body, existingScript, arguments: all },
    text,
    byHand: { kind: 'script', words: [...ownArguments(null), ...wanted, script, ...scriptArguments] },
  };
}

function readable(argument: string): string {
  return /^[A-Za-z0-9_./:@%+,=-]+$/u.test(argument) ? argument : shellQuote(argument);
}

function inSnapshot(folder: string, path: string): string {
  return safeRelativePath(`${folder}/${path}`) ?? path;
}

function refuseImage(image: string | null): void {
  if (image !== null) {
    throw new ProviderError('unsupported', 'Aloft runs Slurm jobs without containers.', {
      field: 'image',
      remedy: 'Leave the image empty and call apptainer or srun --container-image in the command.',
    });
  }
}

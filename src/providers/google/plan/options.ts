import type { JobOption } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { parseDuration } from '../../../core/quantity.ts';
import { machines } from '../machines/choose.ts';
import type { GoogleSettings } from '../settings.ts';

/** Choices for a job that only Google Cloud has, read from `JobSpec.options`. */
export interface PlanOptions {
  readonly flexStart: boolean;
  readonly maxWaitMs: number | null;
  readonly machineType: string | null;
  readonly serviceAccount: string | null;
  readonly network: string | null;
  /** `gs://bucket/folder`; null: a folder of the run in the connection's bucket. */
  readonly outputDirectory: string | null;
  readonly restart: 'disableRetries' | 'restartJobOnWorkerRestart' | null;
  /** Full name of a reservation. */
  readonly reservation: string | null;
}

const plain = (pairs: readonly (readonly [string, string])[]): JobOption['choices'] =>
  pairs.map(([value, description]) => ({ value, description }));

const typed = { mayType: true, choices: [] } as const;

const optionTexts = {
  scheduling: {
    label: 'Scheduling',
    help: 'Flex-start waits until all machines can be had at once, and costs less than standard.',
    fallback: 'standard, or spot where that is chosen',
    mayType: false,
    choices: plain([
      ['STANDARD', 'Fails when there is no capacity'],
      ['FLEX_START', 'Waits for capacity, runs for at most 7 days'],
    ]),
  },
  maxWait: {
    ...typed,
    label: 'Flex-start wait limit',
    help: 'How long Flex-start may wait for capacity before the job fails, such as 12h.',
    fallback: 'the wait limit of the job, else 24 hours',
  },
  machineType: {
    label: 'Machine type',
    help: 'Another machine with the same accelerators.',
    fallback: 'the smallest that has what the job asks for',
    mayType: true,
    choices: plain(
      [...Map.groupBy(machines, ({ machineType }) => machineType)].map(([machineType, alike]) => [
        machineType,
        [...new Set(alike.map(({ accelerator }) => accelerator ?? 'CPUs only'))].join(', '),
      ]),
    ),
  },
  serviceAccount: {
    ...typed,
    label: 'Service account',
    help: 'E-mail of the account that the job runs as; it must read and write the bucket.',
    fallback: 'that of the connection, else the custom code agent of the project',
  },
  network: {
    ...typed,
    label: 'Network',
    help: 'VPC network that the job is peered with, as projects/NUMBER/global/networks/NAME.',
    fallback: 'that of the connection, else none',
  },
  outputDirectory: {
    ...typed,
    label: 'Output directory',
    help: 'A gs:// folder for models, checkpoints and TensorBoard logs (AIP_MODEL_DIR and the like); Aloft never deletes there.',
    fallback: 'a folder of the run in the bucket of the connection',
  },
  restart: {
    label: 'Restart',
    help: 'What Vertex AI does when a machine fails.',
    fallback: 'it tries again after failures that are its own',
    mayType: false,
    choices: plain([
      ['disableRetries', 'Nothing is tried again: the job fails'],
      ['restartJobOnWorkerRestart', 'All workers start again'],
    ]),
  },
  reservation: {
    ...typed,
    label: 'Reservation',
    help: 'A reservation of machines, as projects/PROJECT/zones/ZONE/reservations/NAME.',
    fallback: 'none',
  },
} as const satisfies Record<string, Omit<JobOption, 'name'>>;

type OptionName = keyof typeof optionTexts;

export function jobOptions(): readonly JobOption[] {
  return Object.entries(optionTexts).map(([name, texts]) => ({ name, ...texts }));
}

const patterns = {
  serviceAccount: /^[a-z0-9][-a-z0-9._]*@[-a-z0-9.]+$/u,
  network: /^projects\/[-a-z0-9:.]+\/global\/networks\/[-a-z0-9]+$/u,
  outputDirectory: /^gs:\/\/[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9](?:\/[^\0\r\n]*)?$/u,
  reservation: /^projects\/[-a-z0-9:.]+\/zones\/[-a-z0-9]+\/reservations\/[-a-z0-9]+$/u,
} as const;

/** Throws `unsupported` for an option that there is not and `invalid` for a value that cannot be. */
export function readOptions(options: Readonly<Record<string, string>>, settings: GoogleSettings): PlanOptions {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(optionTexts, name));
  if (unknown !== undefined) {
    throw new ProviderError('unsupported', `There is no option ${unknown} here.`, {
      field: `options.${unknown}`,
      remedy: `Take it out. There are ${Object.keys(optionTexts).join(', ')}.`,
    });
  }
  const value = (name: OptionName): string | null => options[name]?.trim() || null;
  const like = (name: keyof typeof patterns): string | null => {
    const text = value(name);
    return text === null || patterns[name].test(text)
      ? text
      : refuse(name, `"${text}" cannot be used there. ${optionTexts[name].help}`);
  };
  return {
    flexStart: oneOf('scheduling', value('scheduling'), ['FLEX_START', 'STANDARD']) === 'FLEX_START',
    maxWaitMs: readDuration(value('maxWait')),
    machineType: value('machineType'),
    serviceAccount: like('serviceAccount') ?? settings.serviceAccount ?? null,
    network: like('network') ?? settings.network ?? null,
    outputDirectory: like('outputDirectory')?.replace(/\/*$/u, '') ?? null,
    restart: oneOf('restart', value('restart'), ['disableRetries', 'restartJobOnWorkerRestart']),
    reservation: like('reservation'),
  };
}

function oneOf<T extends string>(name: OptionName, text: string | null, words: readonly T[]): T | null {
  return text === null
    ? null
    : (words.find((word) => word.toLowerCase() === text.toLowerCase().replace('-', '_')) ??
        refuse(name, `"${text}" is none of ${words.join(', ')}.`));
}

function readDuration(text: string | null): number | null {
  if (text === null) {
    return null;
  }
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : refuse('maxWait', parsed.message);
}

function refuse(name: OptionName, message: string): never {
  throw new ProviderError('invalid', message, { field: `options.${name}` });
}

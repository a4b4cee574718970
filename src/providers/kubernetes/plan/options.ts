import type { JobOption } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { parseBytes, parseDuration } from '../../../core/quantity.ts';

/** Choices for a job that only Kubernetes has, read from `JobSpec.options`. */
export interface PlanOptions {
  /** Kueue's LocalQueue. */
  readonly queue: string | null;
  readonly controller: 'Job' | 'JobSet';
  readonly priorityClass: string | null;
  readonly imagePullSecret: string | null;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Size of /dev/shm in bytes; null: as large as the cluster allows. */
  readonly sharedMemoryBytes: number | null;
  readonly serviceAccount: string | null;
  readonly restricted: boolean;
  /** How long results wait for being fetched after the job's end, in s. */
  readonly keepResultsSeconds: number;
  /** Whether the job gets the RDMA network of its nodes; null: as the provider thinks fit. */
  readonly rdma: boolean | null;
}

const defaultKeepSeconds = 900;

/** Without the choices that only the cluster knows. */
export const optionTexts = {
  queue: {
    label: 'Kueue queue',
    help: 'The LocalQueue that admits the job when there is room.',
    fallback: 'none: the job starts when its pods fit',
  },
  controller: {
    label: 'Run as',
    help: 'A JobSet starts all nodes again when one of them fails.',
    fallback: 'a Job',
  },
  priorityClass: {
    label: 'Priority class',
    help: 'Jobs of a higher priority may take the place of others.',
    fallback: 'the default of the cluster',
  },
  imagePullSecret: {
    label: 'Image pull secret',
    help: 'The secret by which the cluster signs in to the registry of the image.',
    fallback: 'none, or what the service account has',
  },
  nodeSelector: {
    label: 'Node selector',
    help: 'Labels that the nodes must have, as key=value, with commas between.',
    fallback: 'the labels of the accelerator',
  },
  sharedMemory: {
    label: 'Shared memory',
    help: 'Size of /dev/shm, such as 16GiB; it counts as memory of the job.',
    fallback: 'half of the memory, for jobs with an accelerator',
  },
  serviceAccount: {
    label: 'Service account',
    help: 'What the job may do in the cluster itself.',
    fallback: 'default',
  },
  security: {
    label: 'Security profile',
    help: 'Namespaces that enforce the restricted profile need it; the job then runs as user 1000.',
    fallback: 'that of the image',
  },
  keepResults: {
    label: 'Keep results for',
    help: 'How long the pod stays after its end until the results were fetched, such as 2h; it keeps its accelerators so long.',
    fallback: '15 minutes, when the job names outputs',
  },
  rdma: {
    label: 'RDMA network',
    help: 'InfiniBand or RoCE between the nodes (rdma/ib).',
    fallback: 'on for several nodes with all their accelerators',
  },
} as const satisfies Record<string, Pick<JobOption, 'label' | 'help' | 'fallback'>>;

export type OptionName = keyof typeof optionTexts;

const objectName = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u;

/** Throws `unsupported` for an option that there is not and `invalid` for a value that cannot be. */
export function readOptions(options: Readonly<Record<string, string>>, names: readonly OptionName[]): PlanOptions {
  const unknown = Object.keys(options).find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) {
    throw new ProviderError('unsupported', `There is no option ${unknown} here.`, {
      field: `options.${unknown}`,
      remedy: `Take it out. There are ${names.join(', ')}.`,
    });
  }
  const value = (name: OptionName): string | null => options[name]?.trim() || null;
  const nameOf = (name: OptionName): string | null => {
    const text = value(name);
    return text === null || objectName.test(text)
      ? text
      : refuse(name, `"${text}" cannot be the name of anything in Kubernetes: use small letters, digits, - and dots.`);
  };
  return {
    queue: nameOf('queue'),
    controller: oneOf('controller', value('controller'), ['Job', 'JobSet']) ?? 'Job',
    priorityClass: nameOf('priorityClass'),
    imagePullSecret: nameOf('imagePullSecret'),
    nodeSelector: readSelector(value('nodeSelector')),
    sharedMemoryBytes: readWith('sharedMemory', value('sharedMemory'), parseBytes),
    serviceAccount: nameOf('serviceAccount'),
    restricted: oneOf('security', value('security'), ['restricted']) !== null,
    keepResultsSeconds: Math.ceil(
      (readWith('keepResults', value('keepResults'), parseDuration) ?? defaultKeepSeconds * 1000) / 1000,
    ),
    rdma: readSwitch(value('rdma')),
  };
}

function readSwitch(text: string | null): boolean | null {
  const word = oneOf('rdma', text, ['on', 'off']);
  return word === null ? null : word === 'on';
}

function oneOf<T extends string>(name: OptionName, text: string | null, words: readonly T[]): T | null {
  if (text === null) {
    return null;
  }
  return (
    words.find((word) => word.toLowerCase() === text.toLowerCase()) ??
    refuse(name, `"${text}" is none of ${words.join(', ')}.`)
  );
}

function readWith(name: OptionName, text: string | null, parse: typeof parseBytes): number | null {
  if (text === null) {
    return null;
  }
  const parsed = parse(text);
  return parsed.ok ? parsed.value : refuse(name, parsed.message);
}

const labelKey = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/u;
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/u;

function readSelector(text: string | null): Readonly<Record<string, string>> {
  const pairs = (text ?? '').split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', value = '', ...more] = pair.split('=').map((part) => part.trim());
      return labelKey.test(key) && labelValue.test(value) && more.length === 0 && pair.includes('=')
        ? [key, value]
        : refuse('nodeSelector', `"${pair.trim()}" is no label: write key=value.`);
    }),
  );
}

function refuse(name: OptionName, message: string): never {
  throw new ProviderError('invalid', message, { field: `options.${name}` });
}

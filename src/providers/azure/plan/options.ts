import type { JobOption } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { parseBytes } from '../../../core/quantity.ts';

/** Choices for a job that only Azure ML has, read from `JobSpec.options`. */
export interface PlanOptions {
  /** Name of a cluster, or `serverless`; null: what the connection is set to. */
  readonly compute: string | null;
  readonly instanceType: string | null;
  /** Id of an environment, as jobs name it; null: by the accelerator. */
  readonly environment: string | null;
  readonly experiment: string;
  readonly distribution: 'PyTorch' | 'Mpi' | null;
  readonly processesPerNode: number;
  readonly identity: 'AMLToken' | 'Managed' | 'UserIdentity' | null;
  readonly sharedMemoryBytes: number | null;
  readonly inputs: readonly DataBinding[];
  readonly outputs: readonly DataBinding[];
}

/** Data that Azure ML brings to a job or takes from it. */
export interface DataBinding {
  /** Its path in the job is `${{inputs.<name>}}`, or outputs. */
  readonly name: string;
  readonly uri: string;
  readonly type: 'uri_file' | 'uri_folder';
  readonly mode: string;
}

export const optionTexts = {
  compute: {
    label: 'Compute',
    help: 'A cluster of the workspace, or serverless: machines that Azure makes for this job alone.',
    fallback: 'that of the connection, else serverless',
  },
  instanceType: {
    label: 'Machine size',
    help: 'A size by its name, such as Standard_NC24ads_A100_v4, for serverless compute.',
    fallback: 'the smallest that fits',
  },
  environment: {
    label: 'Environment',
    help: 'An environment of the workspace as name:version, or a curated one as azureml://registries/azureml/environments/name/labels/latest.',
    fallback: 'a curated one with PyTorch where there is an accelerator',
  },
  experiment: {
    label: 'Experiment',
    help: 'What the job is filed under in Azure ML studio.',
    fallback: 'aloft',
  },
  distribution: {
    label: 'Distribution',
    help: 'How the processes of several nodes are started and find each other.',
    fallback: 'PyTorch, for several nodes',
  },
  processesPerNode: {
    label: 'Processes per node',
    help: 'How often the command is started on each node; torchrun needs it once.',
    fallback: '1',
  },
  identity: {
    label: 'Identity',
    help: 'As whom the job reads data and calls Azure: user is you, managed the identity of a cluster (serverless has none), workspace a token of Azure ML.',
    fallback: 'that of the workspace',
  },
  sharedMemory: {
    label: 'Shared memory',
    help: 'Size of /dev/shm, such as 64GiB.',
    fallback: '8 GiB for each accelerator of a node, 64 GiB at most; else the 2 GiB of Azure ML',
  },
  inputs: {
    label: 'Inputs',
    help: 'Data as name=uri, with @mount, @download or @direct behind it and ; between several. The command reads its path from ${{inputs.name}}; name:file is a single file.',
    fallback: null,
  },
  outputs: {
    label: 'Data outputs',
    help: 'Where data goes as name=uri, with @mount or @upload behind it and ; between several. The command writes to ${{outputs.name}}.',
    fallback: null,
  },
} as const satisfies Record<string, Pick<JobOption, 'label' | 'help' | 'fallback'>>;

export type OptionName = keyof typeof optionTexts;

export const optionNames = Object.keys(optionTexts).filter((name): name is OptionName => name in optionTexts);

const inputModes = { mount: 'ReadOnlyMount', download: 'Download', direct: 'Direct' } as const;
const outputModes = { mount: 'ReadWriteMount', upload: 'Upload' } as const;

/** Throws `unsupported` for an option that there is not and `invalid` for a value that cannot be. */
export function readOptions(options: Readonly<Record<string, string>>): PlanOptions {
  const unknown = Object.keys(options).find((name) => !optionNames.some((known) => known === name));
  if (unknown !== undefined) {
    throw new ProviderError('unsupported', `There is no option ${unknown} here.`, {
      field: `options.${unknown}`,
      remedy: `Take it out. There are ${optionNames.join(', ')}.`,
    });
  }
  const value = (name: OptionName): string | null => options[name]?.trim() || null;
  const matching = (name: OptionName, pattern: RegExp, what: string): string | null => {
    const text = value(name);
    return text === null || pattern.test(text) ? text : refuse(name, `"${text}" is no ${what}.`);
  };
  const distribution = value('distribution')?.toLowerCase() ?? null;
  const processes = value('processesPerNode');
  return {
    compute: matching('compute', /^[A-Za-z0-9][-A-Za-z0-9_]{0,254}$/u, 'name of a cluster'),
    instanceType: matching('instanceType', /^[A-Za-z]\w{1,79}$/u, 'name of a size'),
    environment: matching(
      'environment',
      /^(?:azureml:\/\/registries\/[-A-Za-z0-9_./]+|[-A-Za-z0-9_.]+(?::[-A-Za-z0-9_.]+|@latest)?)$/u,
      'environment',
    ),
    experiment: matching('experiment', /^[A-Za-z0-9_-]{1,255}$/u, 'name of an experiment') ?? 'aloft',
    distribution:
      distribution === null
        ? null
        : distribution === 'pytorch'
          ? 'PyTorch'
          : distribution === 'mpi'
            ? 'Mpi'
            : refuse('distribution', `"${distribution}" is none of PyTorch, Mpi.`),
    processesPerNode:
      processes === null
        ? 1
        : /^[1-9]\d{0,2}$/u.test(processes)
          ? Number(processes)
          : refuse('processesPerNode', 'This must be a whole number, at least 1.'),
    identity: readIdentity(value('identity')),
    sharedMemoryBytes: readSize(value('sharedMemory')),
    inputs: readBindings('inputs', value('inputs'), inputModes, 'mount'),
    outputs: readBindings('outputs', value('outputs'), outputModes, 'mount'),
  };
}

function readIdentity(text: string | null): PlanOptions['identity'] {
  switch (text?.toLowerCase()) {
    case undefined:
      return null;
    case 'user':
      return 'UserIdentity';
    case 'managed':
      return 'Managed';
    case 'workspace':
      return 'AMLToken';
    default:
      return refuse('identity', `"${text}" is none of user, managed, workspace.`);
  }
}

function readSize(text: string | null): number | null {
  if (text === null) {
    return null;
  }
  const parsed = parseBytes(text);
  return parsed.ok ? parsed.value : refuse('sharedMemory', parsed.message);
}

function readBindings(
  option: 'inputs' | 'outputs',
  text: string | null,
  modes: Readonly<Record<string, string>>,
  usual: string,
): readonly DataBinding[] {
  const parts = (text ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const bindings = parts.map((part) => {
    const groups = /^(?<name>[A-Za-z_]\w*)(?<file>:file)?=(?<uri>[^\s"'`$\\]+)$/u.exec(part)?.groups;
    const { name, uri: whole = '' } = groups ?? {};
    const given = Object.keys(modes).find((word) => whole.endsWith(`@${word}`));
    const uri = given === undefined ? whole : whole.slice(0, -given.length - 1);
    const mode = modes[given ?? usual];
    if (name === undefined || uri === '' || mode === undefined || name.toLowerCase().startsWith('aloft')) {
      return refuse(
        option,
        `"${part}" is not name=uri, perhaps with one of @${Object.keys(modes).join(', @')} behind it.`,
      );
    }
    return { name, uri, mode, type: groups?.['file'] === undefined ? 'uri_folder' : 'uri_file' } as const;
  });
  if (new Set(bindings.map(({ name }) => name)).size < bindings.length) {
    return refuse(option, 'Two of these have the same name.');
  }
  return bindings;
}

function refuse(option: OptionName, message: string): never {
  throw new ProviderError('invalid', message, { field: `options.${option}` });
}

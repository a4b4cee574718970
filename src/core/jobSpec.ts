import type { AcceleratorName } from './accelerator.ts';
import { readAccelerator, writeAccelerator } from './acceleratorField.ts';
import { defaultName } from './defaultCommand.ts';
import { InputField, type InputProblem } from './inputField.ts';
import type { JsonObject, ProviderId } from './provider.ts';
import { type ParsedQuantity, parseBytes, parseDuration, writeBytes, writeDuration } from './quantity.ts';
import { safeRelativePath } from './safePath.ts';

/** What to run and on what. Everything but `name` and `command` has a default. */
export interface JobSpec {
  /** Shown in lists; one line, at most 100 characters. */
  readonly name: string;
  /** A command line for the shell, run in the working folder. */
  readonly command: string;
  /** A command line run once before `command`, in the same shell and folder; its failure fails the job. */
  readonly setup: string | null;
  /** Relative to the snapshot's root, `/` between parts; `.` is the root. */
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names of secrets; each becomes an environment variable of the same name. */
  readonly secrets: readonly string[];
  readonly image: string | null;
  readonly accelerator: AcceleratorRequest | null;
  readonly nodes: number;
  readonly spot: boolean;
  readonly region: string | null;
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  readonly diskBytes: number | null;
  /** Connections or providers in order of preference; empty: any. */
  readonly providers: readonly ProviderId[];
  /** Choices that only the backend knows, by the names that `Connection.jobOptions` gives: a Slurm account, a Kueue queue. */
  readonly options: Readonly<Record<string, string>>;
  /** Globs of result files, relative to the working folder. */
  readonly outputs: readonly string[];
  readonly limits: JobLimits;
}

export interface AcceleratorRequest {
  readonly name: AcceleratorName;
  /** Per node, at least 1. */
  readonly count: number;
}

export interface JobLimits {
  readonly durationMs: number | null;
  /** How long it may wait in queues before it is given up; null: what is usual where it runs (`waitLimit`). */
  readonly waitMs: number | 'never' | null;
  readonly costUsd: number | null;
}

export type ParsedJobSpec =
  | { readonly ok: true; readonly spec: JobSpec }
  | { readonly ok: false; readonly problems: readonly InputProblem[] };

const fieldNames = [
  'name',
  'command',
  'run',
  'setup',
  'workingDirectory',
  'env',
  'secrets',
  'image',
  'accelerator',
  'nodes',
  'spot',
  'region',
  'cpus',
  'memory',
  'disk',
  'providers',
  'options',
  'outputs',
  'limits',
] as const;

/** Words that other tools use for the same thing. */
const synonyms = new Map([
  ['gpu', 'accelerator'],
  ['gpus', 'accelerator'],
  ['tpu', 'accelerator'],
  ['cwd', 'workingDirectory'],
  ['workdir', 'workingDirectory'],
  ['container', 'image'],
  ['preemptible', 'spot'],
  ['provider', 'providers'],
  ['artifacts', 'outputs'],
  ['timeout', 'limits.duration'],
  ['duration', 'limits.duration'],
  ['wait', 'limits.wait'],
  ['cost', 'limits.cost'],
  ['budget', 'limits.cost'],
]);

const maxCommandLength = 100_000;

/**
 * Reads a job as the form, job files and agents write it: `{ command: 'python train.py', accelerator: 'H100 x 8', memory:
 * '64GiB', limits: { duration: '12h' } }`. Fields that are left out or null get their defaults, the name comes from the command.
 * Never throws; reports every problem at once, each with the path of its field.
 */
export function parseJobSpec(input: unknown): ParsedJobSpec {
  const problems: InputProblem[] = [];
  const root = new InputField('', input, problems).required(
    'A job is a set of fields, such as command: python train.py.',
  );
  const field = root.record(fieldNames, synonyms);
  const command = readCommand(field('command'), field('run'));
  const limits = field('limits').record(['duration', 'wait', 'cost']);
  const env = readEnv(field('env'));
  const spec: JobSpec = {
    name: field('name').line(100) ?? defaultName(command),
    command,
    setup: field('setup').text(maxCommandLength) ?? null,
    workingDirectory: readFolder(field('workingDirectory')) ?? '.',
    env,
    secrets: readSecrets(field('secrets'), env),
    image: field('image').word(500, 'python:3.12') ?? null,
    accelerator: readAccelerator(field('accelerator')) ?? null,
    nodes: field('nodes').wholeNumber({ min: 1, max: 10_000 }) ?? 1,
    spot: field('spot').boolean() ?? false,
    region: field('region').word(100, 'us-central1') ?? null,
    cpus: field('cpus').number({ min: 0.01, max: 10_000 }) ?? null,
    memoryBytes: readQuantity(field('memory'), parseBytes) ?? null,
    diskBytes: readQuantity(field('disk'), parseBytes) ?? null,
    providers: field('providers')
      .items()
      .flatMap((item) => item.word(200, 'local') ?? []),
    options: readOptions(field('options')),
    outputs: field('outputs')
      .items()
      .flatMap((item) => readGlob(item) ?? []),
    limits: {
      durationMs: readQuantity(limits('duration'), parseDuration) ?? null,
      waitMs: readWait(limits('wait')) ?? null,
      costUsd: readCost(limits('cost')) ?? null,
    },
  };
  return problems.length === 0 ? { ok: true, spec } : { ok: false, problems };
}

function readCommand(command: InputField, run: InputField): string {
  if (!command.isAbsent && !run.isAbsent) {
    run.refuse('This is another word for command, which is there as well. Remove one of them.');
  }
  const used = command.isAbsent && !run.isAbsent ? run : command;
  return used.required('Say what to run, such as python train.py.').text(maxCommandLength) ?? '';
}

function readFolder(field: InputField): string | undefined {
  const path = field.text(4096)?.trim();
  if (path === undefined || /^\.(?:\/+\.?)*$/u.test(path)) {
    return path && '.';
  }
  return (
    safeRelativePath(path) ??
    field.refuse('This must be a folder below the one that is sent, such as src or ., with / between its parts.')
  );
}

function readGlob(field: InputField): string | undefined {
  const glob = field.line(4096);
  return (
    glob &&
    (safeRelativePath(glob) ??
      field.refuse('This must be a path or pattern below the working folder, such as results/*.json.'))
  );
}

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/u;
const reservedName = /^ALOFT_/iu;

/** True of a name that an environment variable of a job may have. */
export function isVariableName(name: string): boolean {
  return variableName.test(name) && !reservedName.test(name);
}

function refuseVariableName(field: InputField, name: string): boolean {
  if (!variableName.test(name)) {
    field.refuse(
      'This is no name for an environment variable. Use letters, digits and _, beginning with a letter or _.',
    );
  } else if (reservedName.test(name)) {
    field.refuse('Names that begin with ALOFT_ are kept for what Aloft itself sets. Use another one.');
  } else {
    return false;
  }
  return true;
}

function readEnv(field: InputField): Readonly<Record<string, string>> {
  const variables = field.entries().map(([name, variable]): readonly [string, string] => {
    refuseVariableName(variable, name);
    const { value } = variable.required('This has no value. Write one, or "" for an empty one.');
    const plain = typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
    return [name, plain ?? (variable.isAbsent ? '' : (variable.anyText(maxCommandLength) ?? ''))];
  });
  return Object.fromEntries(variables);
}

function readOptions(field: InputField): Readonly<Record<string, string>> {
  const options = field.entries().flatMap(([name, option]): readonly (readonly [string, string])[] => {
    if (!/^[a-z][A-Za-z0-9]{0,49}$/u.test(name)) {
      option.refuse('This is no name for an option. Use letters and digits, beginning with a small letter.');
    }
    const value = option.line(1000);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(options);
}

function readSecrets(field: InputField, env: Readonly<Record<string, string>>): readonly string[] {
  const names = new Set<string>();
  for (const item of field.items()) {
    const name = item.line(200);
    if (name === undefined || refuseVariableName(item, name)) {
      continue;
    }
    if (names.has(name)) {
      item.refuse(`${name} is in the list twice. Remove one.`);
    } else if (Object.hasOwn(env, name)) {
      item.refuse(`${name} is set in env as well. Remove it there, so that its value stays secret.`);
    }
    names.add(name);
  }
  return [...names];
}

function readQuantity(field: InputField, parse: (text: string) => ParsedQuantity): number | undefined {
  const text = typeof field.value === 'number' ? String(field.value) : field.line(100);
  if (text === undefined) {
    return undefined;
  }
  const parsed = parse(text);
  if (!parsed.ok) {
    return field.refuse(parsed.message);
  }
  return parsed.value > 0
    ? parsed.value
    : field.refuse('This must be more than zero. Leave it out to ask for none in particular.');
}

function readWait(field: InputField): number | 'never' | undefined {
  const isNever = typeof field.value === 'string' && field.value.trim().toLowerCase() === 'never';
  return isNever ? 'never' : readQuantity(field, parseDuration);
}

function readCost(field: InputField): number | undefined {
  if (typeof field.value !== 'string') {
    return field.number({ min: 0.01, max: 1e9 });
  }
  const amount = /^\$? ?(\d{1,10}(?:\.\d{1,6})?)(?: ?USD)?$/iu.exec(field.value.trim())?.[1];
  return amount !== undefined && Number(amount) >= 0.01
    ? Number(amount)
    : field.refuse('This must be an amount in US dollars, such as 400 or $400.');
}

/** The job as people write it, without what is at its default. `parseJobSpec` reads exactly the same spec from it. */
export function specToInput(spec: JobSpec): JsonObject {
  const { accelerator, limits } = spec;
  const limitTexts = withoutDefaults({
    duration: limits.durationMs === null ? null : writeDuration(limits.durationMs),
    wait: typeof limits.waitMs === 'number' ? writeDuration(limits.waitMs) : limits.waitMs,
    cost: limits.costUsd,
  });
  return withoutDefaults({
    name: spec.name,
    command: spec.command,
    setup: spec.setup,
    workingDirectory: spec.workingDirectory === '.' ? null : spec.workingDirectory,
    env: Object.keys(spec.env).length === 0 ? null : spec.env,
    secrets: spec.secrets,
    image: spec.image,
    accelerator: accelerator === null ? null : writeAccelerator(accelerator),
    nodes: spec.nodes === 1 ? null : spec.nodes,
    spot: spec.spot || null,
    region: spec.region,
    cpus: spec.cpus,
    memory: spec.memoryBytes === null ? null : writeBytes(spec.memoryBytes),
    disk: spec.diskBytes === null ? null : writeBytes(spec.diskBytes),
    providers: spec.providers,
    options: Object.keys(spec.options).length === 0 ? null : spec.options,
    outputs: spec.outputs,
    limits: Object.keys(limitTexts).length === 0 ? null : limitTexts,
  });
}

function withoutDefaults(fields: JsonObject): JsonObject {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)),
  );
}

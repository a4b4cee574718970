import { defaultSpecForFile } from '../core/defaultCommand.ts';
import type { EnvRow, FormDraft, FormField, FormProblem, OptionValues } from '../protocol/submitForm.ts';
import { emptyDraft } from '../protocol/submitForm.ts';
import { t } from './l10n.ts';

/** A problem as the spec parser reports it. */
export interface SpecProblem {
  readonly path: string;
  readonly message: string;
}

const lines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Digits become a number; anything else stays text, so that the parser can say what is wrong with it. */
const numberOrText = (text: string): number | string => (/^\d+(\.\d+)?$/u.test(text.trim()) ? Number(text) : text);

const filledRows = (rows: readonly EnvRow[]): readonly EnvRow[] =>
  rows.filter((row) => row.name.trim() !== '' || row.value !== '');

/** The form's text as the shape that people write in job files; `parseJobSpec` reads both. Empty fields are left out. */
export function draftToInput(draft: FormDraft): Readonly<Record<string, unknown>> {
  const text = (value: string): string | undefined => (value.trim() === '' ? undefined : value.trim());
  const numeric = (value: string): number | string | undefined =>
    value.trim() === '' ? undefined : numberOrText(value);
  const limits = dropUndefined({
    duration: text(draft.durationLimit),
    wait: text(draft.waitLimit),
    cost: numeric(draft.costLimit),
  });
  const env = filledRows(draft.env);
  return dropUndefined({
    name: text(draft.name),
    command: draft.command.trim(),
    setup: text(draft.setup),
    workingDirectory: text(draft.workingDirectory),
    env: env.length === 0 ? undefined : Object.fromEntries(env.map((row) => [row.name.trim(), row.value])),
    secrets: draft.secrets.length === 0 ? undefined : draft.secrets,
    image: text(draft.image),
    accelerator: draft.accelerator === '' ? undefined : { name: draft.accelerator, count: numeric(draft.count) ?? 1 },
    nodes: numeric(draft.nodes),
    spot: draft.spot ? true : undefined,
    region: text(draft.region),
    cpus: numeric(draft.cpus),
    memory: text(draft.memory),
    disk: text(draft.disk),
    providers: draft.connection === '' ? undefined : [draft.connection],
    options: chosenOptions(draft),
    outputs: lines(draft.outputs).length === 0 ? undefined : lines(draft.outputs),
    limits: Object.keys(limits).length === 0 ? undefined : limits,
  });
}

/** Options mean something to one connection only. */
function chosenOptions(draft: FormDraft): OptionValues | undefined {
  const values = Object.entries(draft.options[draft.connection] ?? {}).flatMap(([name, value]) =>
    value.trim() === '' ? [] : [[name, value.trim()] as const],
  );
  return draft.connection === '' || values.length === 0 ? undefined : Object.fromEntries(values);
}

function dropUndefined(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

const fieldOfPath: Readonly<Record<string, FormField>> = {
  name: 'name',
  command: 'command',
  setup: 'setup',
  workingDirectory: 'workingDirectory',
  image: 'image',
  accelerator: 'accelerator',
  'accelerator.name': 'accelerator',
  'accelerator.count': 'count',
  nodes: 'nodes',
  spot: 'spot',
  region: 'region',
  cpus: 'cpus',
  memory: 'memory',
  disk: 'disk',
  providers: 'connection',
  outputs: 'outputs',
  'limits.duration': 'durationLimit',
  'limits.wait': 'waitLimit',
  'limits.cost': 'costLimit',
};

/** Puts a parser's problem next to the field it came from. */
export function formProblem(problem: SpecProblem, draft: FormDraft): FormProblem {
  const { path, message } = problem;
  if (path.startsWith('env.')) {
    const name = path.slice('env.'.length);
    const row = draft.env.findIndex((candidate) => candidate.name.trim() === name);
    return { field: 'env', row: row === -1 ? null : row, message };
  }
  if (isOptionPath(path)) {
    return { field: path, row: null, message };
  }
  const indexed = /^(\w+)\[(\d+)\]/u.exec(path);
  if (indexed !== null) {
    const field = indexed[1] === 'secrets' ? 'secrets' : (fieldOfPath[indexed[1] ?? ''] ?? 'form');
    return { field, row: Number(indexed[2]), message };
  }
  return { field: fieldOfPath[path] ?? 'form', row: null, message };
}

function isOptionPath(path: string): path is `options.${string}` {
  return path.startsWith('options.');
}

/** What only the form can get wrong: two rows with one name. */
export function duplicateEnvProblems(draft: FormDraft): readonly FormProblem[] {
  const seen = new Set<string>();
  return draft.env.flatMap((row, index): readonly FormProblem[] => {
    const name = row.name.trim();
    if (name === '' || !seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ field: 'env', row: index, message: t('{0} is set twice; remove one of the rows.', name) }];
  });
}

/**
 * The form with another file as what it runs; a command that was typed for this very file is kept with its arguments. `start`:
 * what the file begins with.
 */
export function draftForFile(draft: FormDraft, relativePath: string, start: string): FormDraft {
  const keep = !draft.followActiveFile && mentions(draft.command, relativePath);
  return keep ? draft : { ...draft, command: defaultSpecForFile(relativePath, start).command, name: '' };
}

function mentions(command: string, path: string): boolean {
  const words = command.match(/'[^']*'|"[^"]*"|\S+/gu) ?? [];
  return words.some((word) => word.replaceAll(/^['"]|['"]$/gu, '').replace(/^\.\//u, '') === path);
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** Two levels of texts; what is anything else is left out. */
function parseOptions(value: unknown): FormDraft['options'] {
  const entries = (record: unknown): readonly (readonly [string, unknown])[] =>
    typeof record === 'object' && record !== null ? Object.entries(record) : [];
  return Object.fromEntries(
    entries(value).map(([connection, values]) => [
      connection,
      Object.fromEntries(entries(values).filter((entry): entry is readonly [string, string] => isText(entry[1]))),
    ]),
  );
}

const isRow = (value: unknown): value is EnvRow =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  'value' in value &&
  isText(value.name) &&
  isText(value.value);

/** A draft that came from a webview or was remembered: fields of the wrong shape fall back to the empty draft's. */
export function parseDraft(value: unknown): FormDraft {
  if (typeof value !== 'object' || value === null) {
    return emptyDraft;
  }
  const record: Readonly<Record<string, unknown>> = { ...value };
  const texts = Object.fromEntries(
    Object.entries(emptyDraft).flatMap(([key, fallback]) =>
      isText(fallback) ? [[key, isText(record[key]) ? record[key] : fallback]] : [],
    ),
  );
  return {
    ...emptyDraft,
    ...texts,
    followActiveFile: record['followActiveFile'] !== false,
    spot: record['spot'] === true,
    options: parseOptions(record['options']),
    env: Array.isArray(record['env'])
      ? record['env'].filter(isRow).map(({ name, value: text }) => ({ name, value: text }))
      : [],
    secrets: Array.isArray(record['secrets']) ? record['secrets'].filter(isText) : [],
  };
}

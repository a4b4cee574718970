// Everything a change must pass, one after the other, with one closing line over all suites.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { inOrder, root, script } from './steps.ts';

const results = join(root, 'out', 'results');
await rm(results, { recursive: true, force: true });
await mkdir(results, { recursive: true });
const json = (name: string): readonly string[] => [
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${join(results, `${name}.json`)}`,
];

const code = await inOrder([
  { name: 'check', run: async () => await script('check') },
  { name: 'unit', run: async () => await script('unit', json('unit')) },
  { name: 'host', run: async () => await script('host', [join(results, 'host.json')]) },
  { name: 'end to end', run: async () => await script('e2e', json('e2e')) },
]);

const suites = await Promise.all(['unit', 'host', 'e2e'].map(async (name) => reportOf(join(results, `${name}.json`))));
for (const { title, reason } of suites.flatMap(failures)) {
  console.log(`\nFAIL  ${title}\n${reason}`);
}
const sum = (key: string): number => suites.reduce((total, report) => total + number(report[key]), 0);
console.log(
  `${sum('numPassedTests')} passed, ${sum('numFailedTests')} failed, ${sum('numPendingTests') + sum('numTodoTests')} skipped`,
);
process.exitCode = code;

type Fields = Readonly<Record<string, unknown>>;

/** Vitest's JSON report or ours, which has the same names; nothing when the suite did not run. */
async function reportOf(file: string): Promise<Fields> {
  return fields(JSON.parse(await readFile(file, 'utf8').catch(() => '{}')));
}

/** What failed, once more in short at the very end: the beginning of a long output is often cut off. */
function failures(report: Fields): readonly { readonly title: string; readonly reason: string }[] {
  return list(report['testResults']).flatMap((file) => {
    const name = relative(root, String(file['name']));
    const tests = list(file['assertionResults']).filter((test) => test['status'] === 'failed');
    const alone =
      tests.length === 0 && file['status'] === 'failed' ? [{ title: name, reason: String(file['message']) }] : [];
    return [
      ...alone,
      ...tests.map((test) => ({
        title: `${name}: ${String(test['fullName'])}`,
        reason: messages(test['failureMessages']).map(beginning).join('\n'),
      })),
    ];
  });
}

function beginning(message: string): string {
  return stripVTControlCharacters(message).split('\n').slice(0, 12).join('\n');
}

function messages(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

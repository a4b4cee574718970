import { ProviderError } from '../../../core/providerError.ts';
import { safeRelativePath } from '../../../core/safePath.ts';
import { guarded, isShortFor, ownLong, refusedLong, shortWithValue } from './guardedOptions.ts';
import { shellWords } from './shellWords.ts';

/** `sbatch [arguments] script [its arguments]`, taken apart. */
export interface SbatchCommand {
  /** Arguments of sbatch that are passed on, as they were. */
  readonly arguments: readonly string[];
  /** Relative to the working folder, or absolute on the cluster. */
  readonly script: string;
  readonly scriptArguments: readonly string[];
  /** Arguments that Aloft sets itself and therefore leaves out. */
  readonly leftOut: readonly string[];
}

const shortWithout = 'HkQsvWhuV';
const longWithout = new Set([
  ...[
    'hold',
    'overcommit',
    'oversubscribe',
    'exclusive',
    'requeue',
    'no-requeue',
    'parsable',
    'quiet',
    'verbose',
    'wait',
  ],
  ...[
    'contiguous',
    'spread-job',
    'use-min-nodes',
    'no-kill',
    'get-user-env',
    'nice',
    'reboot',
    'ignore-pbs',
    'propagate',
  ],
  ...['test-only', 'help', 'usage', 'version', 'share'],
]);

/** For the letters and for the long names of `refusedLong`. */
const advices: Readonly<Record<string, string>> = {
  wrap: 'Write the command itself instead of wrapping it.',
  M: 'Add the other cluster as a connection of its own.',
  cluster: 'Add the other cluster as a connection of its own.',
  clusters: 'Add the other cluster as a connection of its own.',
};
const refused = new Set([...refusedLong, 'M', 'h', 'u', 'V']);
const leftOut = new Set([...ownLong, 'o', 'e', 'Q', 'v', 'W']);

/** null when the command is something else. Throws `invalid` when it begins with sbatch and cannot be submitted as it is. */
export function parseSbatchCommand(command: string): SbatchCommand | null {
  if (!/^\s*sbatch(?:\s|$)/u.test(command)) {
    return null;
  }
  const words = shellWords(command.trim());
  if (words === null) {
    throw refusal(
      'Only a single sbatch with plain arguments can be submitted as it is.',
      'Leave out variables, pipes and further commands.',
    );
  }
  const rest = words.slice(1);
  const kept: string[] = [];
  const dropped: string[] = [];
  while (rest[0]?.startsWith('-') === true) {
    const { name, text } = takeArgument(rest);
    if (refused.has(name)) {
      throw refusal(`sbatch cannot be given ${text[0] ?? ''} here.`, advices[name] ?? 'Take it out.');
    }
    if (name.length > 1 && !guarded.includes(name) && isShortFor(name, guarded)) {
      throw refusal(`${text[0] ?? ''} is the beginning of another option of sbatch.`, 'Write it in full.');
    }
    (leftOut.has(name) ? dropped : kept).push(...text);
  }
  const [script, ...scriptArguments] = rest;
  if (script === undefined) {
    throw refusal('It is not said which script sbatch is to submit.', 'Name it, as in sbatch train.sbatch.');
  }
  if (!script.startsWith('/') && safeRelativePath(script) === null) {
    throw refusal(
      `"${script}" is not inside the job's folder.`,
      'Give a path below the working folder, or an absolute one on the cluster.',
    );
  }
  return { arguments: kept, script, scriptArguments, leftOut: dropped };
}

/** Takes one option with its value off the front. */
function takeArgument(words: string[]): { readonly name: string; readonly text: readonly string[] } {
  const first = words.shift() ?? '';
  const [, long, value] = /^--([a-z][a-z-]*)(=[^]*)?$/u.exec(first) ?? [];
  if (long !== undefined) {
    return value !== undefined || longWithout.has(long) ? { name: long, text: [first] } : withNext(long, first, words);
  }
  const letter = /^-([A-Za-z])/u.exec(first)?.[1] ?? '';
  if (shortWithout.includes(letter) && letter !== '') {
    if (first.length > 2) {
      words.unshift(`-${first.slice(2)}`);
    }
    return { name: letter, text: [`-${letter}`] };
  }
  if (!shortWithValue.includes(letter) || letter === '') {
    throw refusal(`sbatch has no argument ${first}.`, 'Take it out.');
  }
  return first.length > 2 ? { name: letter, text: [first] } : withNext(letter, first, words);
}

function withNext(
  name: string,
  first: string,
  words: string[],
): { readonly name: string; readonly text: readonly string[] } {
  const value = words.shift();
  if (value === undefined) {
    throw refusal(`${first} has no value.`, 'Write one behind it.');
  }
  return { name, text: [first, value] };
}

function refusal(message: string, remedy: string): ProviderError {
  return new ProviderError('invalid', message, { field: 'command', remedy });
}

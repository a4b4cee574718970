import { hasBatchDirectives } from './batchScript.ts';
import { shellQuote } from './shellQuote.ts';

const runners = new Map([
  ['py', 'python'],
  ['sh', 'bash'],
  ['bash', 'bash'],
  ['zsh', 'zsh'],
  ['js', 'node'],
  ['cjs', 'node'],
  ['mjs', 'node'],
  ['ts', 'node'],
  ['cts', 'node'],
  ['mts', 'node'],
  ['jl', 'julia'],
  ['r', 'Rscript'],
  ['rb', 'ruby'],
  ['pl', 'perl'],
  ['lua', 'lua'],
  ['sbatch', 'sbatch'],
  ['slurm', 'sbatch'],
  ['ipynb', 'jupyter nbconvert --to notebook --execute --inplace'],
]);

/**
 * The command line that runs a file, by its extension, and a name for the job. `relativePath` is relative to the folder that is
 * sent, `/` between its parts; a file of another kind is run as a program. A shell script that tells Slurm what it needs is
 * handed to Slurm as it is: `start` is what the file begins with, where that is known. Throws RangeError for a path with a NUL.
 */
export function defaultSpecForFile(
  relativePath: string,
  start = '',
): { readonly command: string; readonly name: string } {
  const byName = runners.get(extension(relativePath));
  const runner = byName === 'bash' && hasBatchDirectives(start) ? 'sbatch' : byName;
  const file = runner === undefined || relativePath.startsWith('-') ? `./${relativePath}` : relativePath;
  const words = runner === undefined ? [] : [runner];
  return { command: [...words, shellQuote(file)].join(' '), name: oneLine(baseName(relativePath)) };
}

/**
 * A name for a job that has none: the script or module in its command, else the start of the command. `python -m lab.train --lr 3`
 * is `lab.train`, `torchrun --nproc-per-node 8 train.py` is `train.py`, `sleep 5; nvidia-smi` stays as it is.
 */
export function defaultName(command: string): string {
  const all = (command.slice(0, 10_000).match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/gu) ?? []).map((word) =>
    word.replaceAll(/['"]/gu, ''),
  );
  const words = all.filter((word) => !/^(?:\w+|-.*)=/u.test(word));
  const script = words.find((word) => runners.has(extension(word)));
  const flag = words.indexOf('-m');
  const module = flag === -1 ? undefined : words[flag + 1];
  return oneLine(script === undefined && module === undefined ? shortened(words) : baseName(script ?? module ?? ''));
}

/** At most 40 characters of it, so that a list of jobs can show the name whole. */
function shortened(words: readonly string[]): string {
  const [program = '', ...rest] = words;
  const text = [baseName(program), ...rest].join(' ');
  return text.length <= 40 || rest.length === 0 ? text : `${text.slice(0, 39)}…`;
}

function extension(path: string): string {
  return /[^/]\.([A-Za-z]+)$/u.exec(path)?.[1]?.toLowerCase() ?? '';
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/', path.length - 2) + 1);
}

function oneLine(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, ' ')
    .slice(0, 100)
    .replace(/\p{Cs}$/u, '');
  return line.trim() || 'job';
}

import type { JobSpec } from '../../../core/jobSpec.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { guarded, isShortFor } from './guardedOptions.ts';
import { shellWords } from './shellWords.ts';

/** An option of a job and the sbatch argument it becomes. */
interface OptionRule {
  readonly label: string;
  readonly help: string;
  readonly pattern: RegExp;
  /** What is wrong with a value that does not match, and what to write instead. */
  readonly advice: string;
  readonly argument: (value: string) => string;
}

/** One word of Slurm's own language that neither a shell nor a `#SBATCH` line reads anything into. */
const word = /^[A-Za-z0-9_.:@/+-]{1,200}$/u;

export const optionRules: Readonly<Record<string, OptionRule>> = {
  account: {
    label: 'Account',
    help: 'The account whose share and budget the job uses.',
    pattern: word,
    advice: 'Write the name of one account.',
    argument: (value) => `--account=${value}`,
  },
  qos: {
    label: 'QOS',
    help: 'The quality of service: its priority and its limits.',
    pattern: word,
    advice: 'Write the name of one QOS.',
    argument: (value) => `--qos=${value}`,
  },
  constraint: {
    label: 'Node features',
    help: 'What the nodes must have, such as nvlink or h100&nvlink.',
    pattern: /^[A-Za-z0-9_.:@/+\-&|,[\]()*]{1,200}$/u,
    advice: 'Write features joined by & or |, such as h100&nvlink.',
    argument: (value) => `--constraint=${value}`,
  },
  reservation: {
    label: 'Reservation',
    help: 'Nodes that were set aside under this name.',
    pattern: word,
    advice: 'Write the name of one reservation.',
    argument: (value) => `--reservation=${value}`,
  },
  nodeSharing: {
    label: 'Sharing of nodes',
    help: 'Whether other jobs may run on the same nodes.',
    pattern: /^(?:exclusive|oversubscribe)$/u,
    advice: 'Choose exclusive or oversubscribe.',
    argument: (value) => `--${value}`,
  },
  requeue: {
    label: 'After preemption or a lost node',
    help: 'Whether Slurm puts the job back into the queue to run it again from its beginning.',
    pattern: /^(?:requeue|no-requeue)$/u,
    advice: 'Choose requeue or no-requeue.',
    argument: (value) => `--${value}`,
  },
  array: {
    label: 'Array',
    help: 'Runs the command once for each number, which is in SLURM_ARRAY_TASK_ID: 0-9, or 0-99%4 for four at a time.',
    pattern: /^[0-9]+(?:-[0-9]+(?::[0-9]+)?)?(?:,[0-9]+(?:-[0-9]+(?::[0-9]+)?)?)*(?:%[0-9]+)?$/u,
    advice: 'Write numbers and ranges, such as 0-9, 1,3,5 or 0-99%4.',
    argument: (value) => `--array=${value}`,
  },
  signal: {
    label: 'Warning before the time limit',
    help: 'A signal that the command gets so many seconds before its time limit, such as USR1@120.',
    pattern: /^(?:USR1|USR2|HUP|INT)@[0-9]{1,5}$/u,
    advice: 'Write USR1, USR2, HUP or INT and the seconds, such as USR1@120.',
    argument: (value) => `--signal=B:${value}`,
  },
  dependency: {
    label: 'Dependency',
    help: 'Other jobs that must have ended first, such as afterok:12345.',
    pattern: /^[a-z]+(?::[0-9_+]+)*(?:[,?][a-z]+(?::[0-9_+]+)*)*$/u,
    advice: 'Write it as Slurm does, such as afterok:12345.',
    argument: (value) => `--dependency=${value}`,
  },
};

const moreName = 'sbatchArguments';

export const moreRule = {
  name: moreName,
  label: 'More sbatch arguments',
  help: 'Anything else that sbatch takes, such as --nice=100 --mail-type=END.',
};

/** Arguments that would break what makes a submission findable, or its log whole, as sbatch takes them: also when they are shortened. */
function isOurs(argument: string): boolean {
  const name = argument.replace(/^--/u, '').replace(/=.*$/su, '');
  return isShortFor(name, ours) || /^(?:ntasks|tasks|gres|gpus)/u.test(name);
}

const ours = [
  ...guarded,
  ...['job-name', 'chdir', 'array', 'signal', 'export', 'export-file', 'get-user-env', 'nodes', 'jobid'],
  ...['ntasks', 'tasks-per-node', 'gres', 'gpus'],
];

/** The sbatch arguments that the options of a spec become. Throws `unsupported` or `invalid`, naming the option. */
export function optionArguments(options: JobSpec['options']): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (name === moreName) {
      return moreArguments(value);
    }
    const rule = Object.hasOwn(optionRules, name) ? optionRules[name] : undefined;
    if (rule === undefined) {
      throw new ProviderError('unsupported', `Slurm has no option "${name}" here.`, {
        field: `options.${name}`,
        remedy: `Take it out. There are: ${[...Object.keys(optionRules), moreName].join(', ')}.`,
      });
    }
    if (!rule.pattern.test(value)) {
      throw new ProviderError('invalid', `"${value}" cannot be used for ${rule.label}.`, {
        field: `options.${name}`,
        remedy: rule.advice,
      });
    }
    return [rule.argument(value)];
  });
}

function moreArguments(text: string): string[] {
  const words = shellWords(text);
  for (const argument of words ?? ['']) {
    if (!/^--[a-z][a-z-]*(?:=[A-Za-z0-9_.:@/+%,=-]*)?$/u.test(argument) || isOurs(argument)) {
      throw new ProviderError(
        'invalid',
        `${argument === '' ? text : argument} cannot be added to the arguments of sbatch.`,
        {
          field: `options.${moreName}`,
          remedy: isOurs(argument)
            ? 'Aloft sets this one itself; use the field of the form for it.'
            : 'Write long options with = and plain values, such as --nice=100 --mail-type=END.',
        },
      );
    }
  }
  return words ?? [];
}

import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import type { RunId, SnapshotId } from '../../../../src/core/job.ts';
import type { JobSpec } from '../../../../src/core/jobSpec.ts';
import { restartNote } from '../../../../src/core/specChecks.ts';
import type { JsonObject, Plan } from '../../../../src/core/provider.ts';
import type { Knowledge } from '../../../../src/providers/slurm/knowledge.ts';
import { planJob } from '../../../../src/providers/slurm/plan/planJob.ts';
import { parseSbatchCommand } from '../../../../src/providers/slurm/plan/sbatchCommand.ts';
import { shellWords } from '../../../../src/providers/slurm/plan/shellWords.ts';
import { parseSettings } from '../../../../src/providers/slurm/settings.ts';
import { specFor } from '../../../conformance/harness.ts';

const unknown: Knowledge = { accelerators: {}, preemptible: [] };

function plan(
  more: Partial<JobSpec> & { readonly command?: string },
  settings: JsonObject = {},
  knowledge = unknown,
): Plan {
  return planJob(
    {
      spec: specFor(more.command ?? 'python train.py', more),
      key: { runId: '01M8C77BHN95PXFPVSKMXKKF1D' as RunId, attempt: 2 },
      snapshotId: 'a'.repeat(64) as SnapshotId,
      interpreter: null,
    },
    parseSettings(settings),
    knowledge,
  );
}

const directives = ({ text }: Plan): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('#SBATCH '))
    .map((line) => line.slice('#SBATCH '.length));

function refusal(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('a plan', () => {
  it('asks for what the spec says', () => {
    const planned = plan(
      {
        name: 'Train ü/1',
        accelerator: { name: 'A100-80GB' as never, count: 4 },
        nodes: 3,
        region: 'gpu',
        cpus: 7.5,
        memoryBytes: 64 * 2 ** 30,
        diskBytes: 2 ** 40,
        limits: { durationMs: 90_000, waitMs: null, costUsd: null },
        options: { constraint: 'nvlink&(ib|roce)', requeue: 'requeue', sbatchArguments: '--nice=100 --mail-type=END' },
      },
      { account: 'vision', qos: 'normal', partition: 'other' },
      { accelerators: { 'A100-80GB': { gres: 'gpu:a100', constraint: 'a100_80gb' } }, preemptible: [] },
    );
    expect(directives(planned)).toEqual([
      '--job-name=Train-1-01M8C77BHN95PXFPVSKMXKKF1D.2',
      '--comment=aloft:01M8C77BHN95PXFPVSKMXKKF1D.2',
      '--open-mode=append',
      '--partition=gpu',
      '--nodes=3',
      '--ntasks-per-node=1',
      '--gres=gpu:a100:4',
      '--cpus-per-task=8',
      '--mem=65536M',
      '--tmp=1048576M',
      '--time=2',
      '--account=vision',
      '--qos=normal',
      '--constraint="a100_80gb&(nvlink&(ib|roce))"',
      '--requeue',
      '--nice=100',
      '--mail-type=END',
    ]);
    expect(planned.warnings).toEqual([
      'Slurm counts time limits in whole minutes: this one is 2 min.',
      'Slurm gives whole CPUs: 8 instead of 7.5.',
      restartNote,
    ]);
  });

  it('guesses what a cluster that was not looked at yet calls an accelerator, and says when it has none', () => {
    expect(directives(plan({ accelerator: { name: 'A100-40GB' as never, count: 1 } }))).toContain('--gres=gpu:a100:1');
    const other = { accelerators: { H100: { gres: 'gpu:h100', constraint: null } }, preemptible: [] };
    expect(plan({ accelerator: { name: 'B200' as never, count: 1 } }, {}, other).warnings.join()).toContain(
      'offers H100',
    );
    expect(refusal(() => plan({ accelerator: { name: 'TPU v5e' as never, count: 1 } }))).toMatchObject({
      tag: 'unsupported',
    });
  });

  it('sends spot jobs where jobs are preempted, and nowhere else', () => {
    expect(directives(plan({ spot: true }, { spotPartition: 'cheap' }))).toEqual(
      expect.arrayContaining(['--partition=cheap', '--requeue']),
    );
    expect(directives(plan({ spot: true }, {}, { ...unknown, preemptible: ['spot'] }))).toContain('--partition=spot');
    expect(directives(plan({ spot: true, region: 'any' }, { spotQos: 'scavenger' }))).toEqual(
      expect.arrayContaining(['--partition=any', '--qos=scavenger']),
    );
    const refused = { tag: 'unsupported', field: 'spot' };
    expect(refusal(() => plan({ spot: true }))).toMatchObject(refused);
    const region = { spot: true, region: 'gpu' };
    expect(refusal(() => plan(region, {}, { ...unknown, preemptible: ['spot'] }))).toMatchObject(refused);
  });

  it('says that its time limit holds for each start where there may be several', () => {
    const limits = { durationMs: 3_600_000, waitMs: null, costUsd: null };
    const warned = (more: Partial<JobSpec>): boolean =>
      plan({ limits, ...more }, { spotPartition: 'cheap' }).warnings.includes(restartNote);
    expect([
      warned({}),
      warned({ spot: true }),
      warned({ spot: true, options: { requeue: 'no-requeue' } }),
      warned({ options: { requeue: 'requeue' } }),
      warned({ spot: true, limits: { ...limits, durationMs: null } }),
    ]).toEqual([false, true, false, true, false]);
    const script = 'train.sh --requeue';
    expect([
      warned({ command: `sbatch ${script}` }),
      warned({ command: `sbatch --requeue ${script}` }),
      warned({ command: `sbatch --requeue ${script}`, options: { requeue: 'no-requeue' } }),
      warned({ command: `sbatch --no-requeue ${script}`, spot: true }),
      warned({ options: { sbatchArguments: '--requeue' } }),
      warned({ options: { requeue: 'requeue', sbatchArguments: '--no-requeue' } }),
    ]).toEqual([false, true, false, false, true, false]);
  });

  it('holds no value of a secret, and says where Slurm will keep it', () => {
    const planned = plan({ secrets: ['API_TOKEN', 'OTHER'] });
    expect(planned.text).toContain('aloft_secrets=(API_TOKEN OTHER)');
    expect(planned.warnings.join()).toContain('administrators');
  });

  it.each([
    [{ image: 'python:3' }, 'image'],
    [{ workingDirectory: '../up' }, 'workingDirectory'],
    [{ command: 'a\0b' }, 'command'],
    [{ env: { X: 'a\0b' } }, 'env.X'],
    [{ env: { 'X=1;id': '' } }, 'env'],
    [{ region: 'a b' }, 'region'],
    [{ region: '--wrap=id' }, 'region'],
    [{ options: { account: 'a;id' } }, 'options.account'],
    [{ options: { account: '--uid=0' } }, 'options.account'],
    [{ options: { constraint: '"; rm -rf /; "' } }, 'options.constraint'],
    [{ options: { array: '0-9; id' } }, 'options.array'],
    [{ options: { signal: 'KILL@1' } }, 'options.signal'],
    [{ options: { sbatchArguments: '--wrap=id' } }, 'options.sbatchArguments'],
    [{ options: { sbatchArguments: '--output=/etc/x' } }, 'options.sbatchArguments'],
    [{ options: { sbatchArguments: '--mail-user="a b"' } }, 'options.sbatchArguments'],
    [{ options: { sbatchArguments: '$(id)' } }, 'options.sbatchArguments'],
    [{ options: { toString: 'x' } as never }, 'options.toString'],
    [{ command: 'sbatch x.sh', setup: 'module load x' }, 'setup'],
  ])('is refused for %j', (more, field) => {
    expect(refusal(() => plan(more))).toMatchObject({ name: 'ProviderError', field });
  });

  it.each(['', 'relative', '/x\ny', '~ada/x'])('refuses a folder for runs such as %j', (root) => {
    expect(refusal(() => parseSettings({ root }))).toMatchObject({ tag: 'invalid', field: 'root' });
  });

  it.each([
    {},
    { nodes: 4, options: { array: '0-3' } },
    { options: { signal: 'USR1@60' } },
    { command: 'sbatch a.sh "x y"' },
    { command: `echo '$(rm)' "\\"\n\nALOFT_COMMAND\nEOF`, setup: `a='b\nALOFT_SETUP`, env: { A: `'"\n$\`` } },
  ])('is shell that bash can read: %j', (more) => {
    execFileSync('bash', ['-n'], { input: plan(more).text });
  });
});

describe('sbatch as a command', () => {
  it.each([
    ['python train.py', null],
    ['sbatchx a.sh', null],
    ['sbatch a.sh', { arguments: [], script: 'a.sh', scriptArguments: [], leftOut: [] }],
    ['  sbatch   a.sh  ', { arguments: [], script: 'a.sh' }],
    [
      'sbatch -N2 -p gpu --time 1:00 --exclusive -H dir/a.sh -x --y',
      {
        arguments: ['-N2', '-p', 'gpu', '--time', '1:00', '--exclusive', '-H'],
        script: 'dir/a.sh',
        scriptArguments: ['-x', '--y'],
      },
    ],
    [
      `sbatch --export=ALL,A=1 "my job.sh" 'it'\\''s' "a\\"b" c\\ d`,
      { arguments: ['--export=ALL,A=1'], script: 'my job.sh', scriptArguments: ["it's", 'a"b', 'c d'] },
    ],
    [
      'sbatch -o out.%j -e err.txt --comment=x -Q --parsable -W /shared/a.sh',
      {
        arguments: [],
        script: '/shared/a.sh',
        leftOut: ['-o', 'out.%j', '-e', 'err.txt', '--comment=x', '-Q', '--parsable', '-W'],
      },
    ],
    ['sbatch --array=0-9%2 a.sh {} ~ #', { arguments: ['--array=0-9%2'], script: 'a.sh' }],
  ])('%s', (command, expected) => {
    const parsed = refusal(() => parseSbatchCommand(command));
    if (expected === null) {
      expect(parsed).toBeNull();
    } else if (command.endsWith('#')) {
      expect(parsed).toMatchObject({ tag: 'invalid' });
    } else {
      expect(parsed).toMatchObject(expected);
    }
  });

  it.each([
    'sbatch',
    'sbatch -p',
    'sbatch --wrap "id"',
    'sbatch --wrap=id',
    'sbatch -M other a.sh',
    'sbatch --uid=0 a.sh',
    'sbatch --test-only a.sh',
    'sbatch ../a.sh',
    'sbatch a.sh; rm -rf /',
    'sbatch a.sh && id',
    'sbatch a.sh | tee x',
    'sbatch $SCRIPT',
    'sbatch a.sh $(id)',
    'sbatch a.sh `id`',
    'sbatch a.sh > out',
    'sbatch *.sh',
    'sbatch "a.sh',
    "sbatch a.sh 'b",
    'sbatch a.sh\nrm -rf /',
    'sbatch "$(id)"',
    'sbatch a.sh "$HOME"',
    'sbatch -Z a.sh',
    'sbatch - a.sh',
  ])('refuses %j', (command) => {
    expect(refusal(() => parseSbatchCommand(command))).toMatchObject({ tag: 'invalid', field: 'command' });
  });

  it.each([`a 'b c' "d\\"e" f\\ g`, `''`, `"" x`, String.raw`a\\b`, `x"y"'z'`, 'a=b,c:d%e+f@g'])(
    'splits %j as a shell does',
    (text) => {
      const shell = execFileSync('bash', ['-c', `printf '%s\\0' ${text}`], { encoding: 'utf8' });
      expect(shellWords(text)).toEqual(shell.split('\0').slice(0, -1));
    },
  );
});

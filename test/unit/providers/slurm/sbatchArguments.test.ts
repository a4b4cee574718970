import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { optionArguments } from '../../../../src/providers/slurm/plan/options.ts';
import { parseSbatchCommand } from '../../../../src/providers/slurm/plan/sbatchCommand.ts';
import { refusedDirective } from '../../../../src/providers/slurm/submit/directives.ts';

describe('arguments of sbatch that would lose the job or its log', () => {
  it.each([
    '--comm=x',
    '--chd=/tmp',
    '--outp=x',
    '--job=x',
    '--tes',
    '--wai',
    '--clus=b',
    '--par',
    '--wait',
    '--gpus-per-node=1',
  ])('are refused among more arguments, whole or shortened: %s', (argument) => {
    expect(() => optionArguments({ sbatchArguments: argument })).toThrow('cannot be added');
  });

  it.each(['--nice=100', '--mail-type=END', '--wait-all-nodes=1', '--mem=4G', '--exclude=n1', '--no-kill'])(
    'are not all there are: %s',
    (argument) => {
      expect(optionArguments({ sbatchArguments: argument })).toEqual([argument]);
    },
  );

  it.each(['--tes', '--test-only', '--clus b', '-M b', '--cluster=b', '--comm=x', '--wai'])(
    'are refused in a command: %s',
    (argument) => {
      expect(() => parseSbatchCommand(`sbatch ${argument} job.sh`)).toThrow();
    },
  );

  it('leave what Aloft sets itself out of a command', () => {
    expect(parseSbatchCommand('sbatch -W --output=x -p gpu --nice job.sh a')).toEqual({
      arguments: ['-p', 'gpu', '--nice'],
      script: 'job.sh',
      scriptArguments: ['a'],
      leftOut: ['-W', '--output=x'],
    });
  });

  const firstRefused = (line: string): string =>
    execFileSync('/bin/sh', ['-c', 'awk "$1"', 'sh', refusedDirective], { input: `#!/bin/bash\n${line}\n` })
      .toString()
      .trim();

  it.each([
    ['#SBATCH --test-only', '--test-only'],
    ['#SBATCH --tes', '--tes'],
    ['#SBATCH -p gpu --wait', '--wait'],
    ['#SBATCH\t-HW', '-HW'],
    ['#SBATCH -M other', '-M'],
    ['#SBATCH --clusters=other', '--clusters=other'],
    ['#SBATCH "--wait"', '--wait'],
    ['#SBATCH --job-name="a b" --wrap=x', '--wrap=x'],
  ])('are found in a batch script: %s', (line, option) => {
    expect(firstRefused(line)).toBe(option);
  });

  it.each([
    '#SBATCH -p gpu -N1 --time=1:00',
    '#SBATCH --job-name="please --wait"',
    "#SBATCH --comment='-W'",
    '#SBATCH -J -W',
    '#SBATCH --wait-all-nodes=1',
    '#SBATCH -p gpu # --wait',
    '##SBATCH --wait',
    '#SBATCHER --wait',
  ])('are not seen where there are none: %s', (line) => {
    expect(firstRefused(line)).toBe('');
  });
});

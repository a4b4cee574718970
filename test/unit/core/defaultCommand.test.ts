import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultName, defaultSpecForFile } from '../../../src/core/defaultCommand.ts';
import { parseJobSpec } from '../../../src/core/jobSpec.ts';

describe('defaultSpecForFile', () => {
  test.each([
    ['train.py', 'python train.py', 'train.py'],
    ['src/lab/train.py', 'python src/lab/train.py', 'train.py'],
    ['Run.SH', 'bash Run.SH', 'Run.SH'],
    ['x.ts', 'node x.ts', 'x.ts'],
    ['fit.R', 'Rscript fit.R', 'fit.R'],
    ['a b.ipynb', "jupyter nbconvert --to notebook --execute --inplace 'a b.ipynb'", 'a b.ipynb'],
    ['-c.py', 'python ./-c.py', '-c.py'],
    ['simulate', './simulate', 'simulate'],
    ['.py', './.py', '.py'],
    ['x.constructor', './x.constructor', 'x.constructor'],
    ["it's.py", String.raw`python 'it'\''s.py'`, "it's.py"],
    ['two\nlines.py', "python 'two\nlines.py'", 'two lines.py'],
    ['jobs/train.sbatch', 'sbatch jobs/train.sbatch', 'train.sbatch'],
    ['a b.slurm', "sbatch 'a b.slurm'", 'a b.slurm'],
    ['-x.sbatch', 'sbatch ./-x.sbatch', '-x.sbatch'],
  ])('%j is run by %j', (path, command, name) => {
    expect(defaultSpecForFile(path)).toEqual({ command, name });
  });

  test('a shell script that tells Slurm what it needs is handed to Slurm', () => {
    const script = '#!/bin/bash -l\n# our job\n\n#SBATCH --gres=gpu:1\nsrun python train.py\n';
    expect(defaultSpecForFile('train.sh', script).command).toBe('sbatch train.sh');
    expect(defaultSpecForFile('train.sh', script.replaceAll('\n', '\r\n')).command).toBe('sbatch train.sh');
    expect(defaultSpecForFile('train.py', script).command).toBe('python train.py');
  });

  test.each([
    '#!/bin/bash\necho hello\n#SBATCH --gres=gpu:1\n',
    '#!/bin/bash\n##SBATCH --gres=gpu:1\n',
    '#!/bin/bash\n #SBATCH --gres=gpu:1\n',
    '#!/bin/bash\n#SBATCHER\n',
    '',
  ])('%j tells Slurm nothing', (script) => {
    expect(defaultSpecForFile('train.sh', script).command).toBe('bash train.sh');
  });

  const hostilePart = fc
    .string({
      unit: fc.constantFrom(...'\'"`$\\!*?[]{}()<>|&;#~= \n\t-%.a1'.split(''), 'é', '🙂', '$(touch x)', '`id`'),
      minLength: 1,
      maxLength: 12,
    })
    .filter((part) => part !== '.' && part !== '..');
  const hostilePath = fc
    .tuple(fc.array(hostilePart, { minLength: 1, maxLength: 2 }), fc.constantFrom('.sh', '.py', '.js', '.ipynb', ''))
    .map(([parts, suffix]) => parts.join('/') + suffix)
    .filter((path) => !/(?:^|\/)\.{1,2}(?:\/|$)/u.test(path));

  describe('in a real shell', () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'aloft-command-'));
      mkdirSync(join(folder, 'bin'));
      for (const runner of ['python', 'node', 'jupyter']) {
        const file = join(folder, 'bin', runner);
        writeFileSync(file, '#!/bin/sh\nprintf \'%s\\0\' "$@"\n');
        chmodSync(file, 0o755);
      }
    });
    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    test('a file with a hostile name is the one that runs, and nothing else does', () => {
      fc.assert(
        fc.property(hostilePath, (path) => {
          const root = mkdtempSync(join(folder, 'tree-'));
          const file = join(root, path);
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, "#!/bin/sh\nprintf 'ran\\0'\n");
          chmodSync(file, 0o755);
          const env = { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` };
          const words = execFileSync('sh', ['-c', defaultSpecForFile(path).command], { cwd: root, env })
            .toString()
            .split('\0');
          const last = words.at(-2) ?? '';
          expect([normalize(path), 'ran']).toContain(last === 'ran' ? last : normalize(last));
          expect(words.at(-1)).toBe('');
        }),
        { numRuns: 60 },
      );
    });
  });

  test('its command and name make a job for every path', () => {
    fc.assert(
      fc.property(fc.oneof(hostilePath, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 })), (path) => {
        fc.pre(!path.includes('\0'));
        expect(parseJobSpec(defaultSpecForFile(path))).toMatchObject({ ok: true });
      }),
    );
  });
});

describe('defaultName', () => {
  test.each([
    ['python train.py --lr 3', 'train.py'],
    ['python -m lab.train --lr 3', 'lab.train'],
    ['torchrun --nproc-per-node 8 src/train.py', 'train.py'],
    ["SEED=1 bash 'my run.sh'", 'my run.sh'],
    ['python main.py --config=other.py', 'main.py'],
    ['./bin/simulate -n 3', 'simulate -n 3'],
    ['/usr/bin/sleep 5; nvidia-smi', 'sleep 5; nvidia-smi'],
    [`echo ${'long '.repeat(20)}`, `echo ${'long '.repeat(6)}long…`],
    ['make', 'make'],
    ['A=1', 'job'],
    ['  ', 'job'],
    [`./${'x'.repeat(300)}`, 'x'.repeat(100)],
  ])('%j is called %j', (command, name) => {
    expect(defaultName(command)).toBe(name);
  });

  test('is a name that a job may have, for any command', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (command) => {
        const name = defaultName(command);
        expect(parseJobSpec({ command: 'true', name })).toMatchObject({ ok: true, spec: { name } });
      }),
    );
  });
});

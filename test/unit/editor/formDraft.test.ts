import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  draftForFile,
  draftToInput,
  duplicateEnvProblems,
  formProblem,
  parseDraft,
} from '../../../src/editor/formDraft.ts';
import { emptyDraft, type FormDraft } from '../../../src/protocol/submitForm.ts';

const draft: FormDraft = {
  ...emptyDraft,
  command: ' python train.py ',
  accelerator: 'H100',
  count: '8',
  nodes: '2',
  env: [
    { name: 'LR', value: '3e-4' },
    { name: '', value: '' },
  ],
  outputs: 'outputs/**\n\n *.json ',
  durationLimit: '12h',
  costLimit: '400',
};

describe('draftToInput', () => {
  it('gives the shape people write in job files, without what was left empty', () => {
    expect(draftToInput(draft)).toEqual({
      command: 'python train.py',
      workingDirectory: '.',
      env: { LR: '3e-4' },
      accelerator: { name: 'H100', count: 8 },
      nodes: 2,
      outputs: ['outputs/**', '*.json'],
      limits: { duration: '12h', cost: 400 },
    });
  });

  it('takes the options of the chosen connection, and of no other', () => {
    const options = { lab: { account: ' vision ', qos: '' }, cluster: { queue: 'x' } };
    expect(draftToInput({ ...draft, connection: 'lab', options })).toMatchObject({ options: { account: 'vision' } });
    expect(draftToInput({ ...draft, connection: 'local', options })).not.toHaveProperty('options');
    expect(draftToInput({ ...draft, connection: '', options: { ...options, '': { a: 'b' } } })).not.toHaveProperty(
      'options',
    );
  });

  it('hands on what is not a number as it was typed', () => {
    expect(draftToInput({ ...draft, nodes: 'two', costLimit: '$400' })).toMatchObject({
      nodes: 'two',
      limits: { cost: '$400' },
    });
  });
});

describe('formProblem', () => {
  const problem = (path: string) => formProblem({ path, message: 'wrong' }, draft);

  it('finds the field', () => {
    expect(problem('limits.duration')).toEqual({ field: 'durationLimit', row: null, message: 'wrong' });
    expect(problem('accelerator.count').field).toBe('count');
    expect(problem('accelerator').field).toBe('accelerator');
    expect(problem('outputs[1]')).toEqual({ field: 'outputs', row: 1, message: 'wrong' });
    expect(problem('secrets[0]')).toEqual({ field: 'secrets', row: 0, message: 'wrong' });
    expect(problem('options.account')).toEqual({ field: 'options.account', row: null, message: 'wrong' });
    expect(problem('env.LR')).toEqual({ field: 'env', row: 0, message: 'wrong' });
  });

  it('shows what belongs to no field at the form', () => {
    expect(problem('nonsense').field).toBe('form');
  });
});

describe('duplicateEnvProblems', () => {
  it('marks the second row of a name', () => {
    const rows = [
      { name: 'A', value: '1' },
      { name: ' A', value: '2' },
    ];
    expect(duplicateEnvProblems({ ...draft, env: rows })).toEqual([
      { field: 'env', row: 1, message: 'A is set twice; remove one of the rows.' },
    ]);
  });
});

describe('parseDraft', () => {
  it('gives back what it is given', () => {
    expect(parseDraft(structuredClone(draft))).toEqual(draft);
  });

  it('keeps the options of every connection, and nothing that is no text', () => {
    const options = { lab: { account: 'vision' }, cluster: { queue: '' } };
    expect(parseDraft({ ...draft, options }).options).toEqual(options);
    expect(parseDraft({ ...draft, options: { lab: { account: 7, qos: 'x' }, bad: 'y', worse: null } }).options).toEqual(
      {
        lab: { qos: 'x' },
        bad: {},
        worse: {},
      },
    );
  });

  it('makes a draft of anything', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const parsed = parseDraft(value);
        expect(Object.keys(parsed).toSorted()).toEqual(Object.keys(emptyDraft).toSorted());
        expect(parsed.env.every((row) => typeof row.name === 'string' && typeof row.value === 'string')).toBe(true);
      }),
    );
  });
});

describe('draftForFile', () => {
  it('runs the file with the rest of the form', () => {
    expect(draftForFile({ ...draft, name: 'old' }, 'src/eval.py', '')).toEqual({
      ...draft,
      command: 'python src/eval.py',
      name: '',
    });
  });

  it('hands a script to Slurm that tells it what it needs', () => {
    expect(draftForFile(draft, 'run.sh', '#!/bin/bash\n#SBATCH -p gpu\n').command).toBe('sbatch run.sh');
  });

  it('keeps a command that was typed for this very file', () => {
    const typed = { ...draft, followActiveFile: false, command: "python 'my file.py' --lr 3" };
    expect(draftForFile(typed, 'my file.py', '')).toBe(typed);
    const other = { ...typed, command: 'python pretrain.py --lr 3' };
    expect(draftForFile(other, 'train.py', '').command).toBe('python train.py');
  });
});

import { describe, expect, it } from 'vitest';

import { hasEnded, observationOf } from '../../../../src/providers/slurm/observe/observation.ts';
import { parseLook } from '../../../../src/providers/slurm/observe/runFacts.ts';

const run = '01M8C77BHN95PXFPVSKMXKKF1D.1';
const now = 1_795_700_500;

/** What is said of one run after a look that printed these lines. */
function seen(...lines: readonly string[]): ReturnType<typeof observationOf> & { readonly ended: boolean } {
  const look = parseLook(
    [`now ${now}.250`, ...lines.map((line) => line.replace('RUN', run)), `there ${run}`].join('\n'),
  );
  const [facts] = look.runs.values();
  if (facts === undefined) {
    throw new Error('The run is not there.');
  }
  return { ...observationOf(facts, look.now), ended: hasEnded(facts) };
}

const queue = (state: string, reason = 'None', nodes = 'n1', times = '1795700000|1795700010|1795700100'): string =>
  `queue RUN 12|N/A|12|${state}|${reason}|${times}|${nodes}|gpu|/runs/x`;
const record = (more: object): string =>
  `exit RUN exit ${JSON.stringify({ state: 'running', job: 12, restarts: 0, startedAt: 1_795_700_011, nodes: 'n1', ...more })}`;

describe('one job', () => {
  it('waits with a reason, a sentence and an estimate', () => {
    expect(seen(queue('PENDING', 'Resources', '', '1795700000|1795703600|N/A'))).toMatchObject({
      state: 'queued',
      nativeState: 'PENDING',
      reason: 'Resources',
      explanation: 'It is next in line and waits for nodes to become free',
      expectedStartAt: 1_795_703_600_000,
      observedAt: now * 1000 + 250,
      startedAt: null,
      nodes: [],
    });
  });

  it('has no estimate that has passed already', () => {
    expect(seen(queue('PENDING', 'Priority', '', '1795700000|1795700400|N/A'))).not.toHaveProperty('expectedStartAt');
  });

  it('runs on its nodes', () => {
    expect(seen(queue('RUNNING', 'None', 'n[1-2]'), record({}))).toMatchObject({
      state: 'running',
      startedAt: 1_795_700_010_000,
      endedAt: null,
      exitCode: null,
      nodes: [
        { rank: 0, host: 'n1', state: 'running' },
        { rank: 1, host: 'n2', state: 'running' },
      ],
    });
  });

  it('is being cancelled when we asked for it, whatever Slurm still says', () => {
    for (const state of ['PENDING', 'RUNNING', 'COMPLETING']) {
      expect(seen(queue(state), 'cancel RUN').state).toBe('cancelling');
    }
    expect(seen(queue('COMPLETED'), 'cancel RUN').state).toBe('succeeded');
  });

  it('keeps a word that is new to us', () => {
    expect(seen(queue('QUANTUM'))).toMatchObject({ state: 'unknown', nativeState: 'QUANTUM', ended: false });
  });

  it('was preempted while Slurm holds it back, and waits like any other after that', () => {
    const line =
      'requeued RUN slurmstepd-n1: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-26T15:35:23 DUE TO PREEMPTION ***';
    const held = seen(queue('PENDING', 'BeginTime', '', '1795700000|1795700620|N/A'), record({}), line);
    expect(held).toMatchObject({
      state: 'preempted',
      startedAt: 1_795_700_011_000,
      expectedStartAt: 1_795_700_620_000,
    });
    expect(held.explanation).toContain('make room for another job');
    expect(seen(queue('PENDING', 'Priority', ''), record({}), line)).toMatchObject({ state: 'queued' });
  });

  it('has the start of when it ran last until it runs again', () => {
    const startedAt = 1_795_700_011_000;
    expect(seen(queue('PENDING', 'Priority', ''), record({}))).toMatchObject({ state: 'queued', startedAt });
    expect(seen(queue('CONFIGURING'), record({}))).toMatchObject({ state: 'provisioning', startedAt });
    expect(seen(queue('CONFIGURING'))).toMatchObject({ state: 'provisioning', startedAt: null });
  });

  it('is back in the queue because its node failed', () => {
    const line =
      'requeued RUN slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-26T15:35:23 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***';
    expect(seen(queue('PENDING', 'BeginTime', ''), record({}), line)).toMatchObject({ state: 'queued' });
    expect(seen(queue('PENDING', 'BeginTime', ''), record({}), line).explanation).toContain('node it ran on failed');
    // Nobody was left to write that line.
    expect(seen(queue('PENDING', 'BeginTime', ''), record({})).explanation).toContain('node it ran on failed');
  });

  it.each([
    [
      queue('COMPLETED'),
      record({ state: 'ended', endedAt: 1_795_700_100, code: 0 }),
      { state: 'succeeded', exitCode: 0, signal: null },
    ],
    [
      queue('FAILED', 'NonZeroExitCode'),
      record({ state: 'ended', endedAt: 1_795_700_100, code: 3 }),
      { state: 'failed', exitCode: 3, reason: 'NonZeroExitCode' },
    ],
    [
      queue('FAILED', 'NonZeroExitCode'),
      record({ state: 'ended', endedAt: 1_795_700_100, code: 137 }),
      { state: 'failed', signal: 'SIGKILL' },
    ],
    [queue('FAILED', 'JobLaunchFailure'), 'code RUN 12 0:53', { state: 'failed', signal: 'signal 53' }],
    [queue('OUT_OF_MEMORY', 'OutOfMemory'), 'code RUN 12 0:125', { state: 'failed' }],
    [
      queue('TIMEOUT', 'TimeLimit'),
      record({ state: 'stopped', endedAt: 1_795_700_100, code: 143 }),
      { state: 'failed', signal: 'SIGTERM', explanation: 'It reached its time limit' },
    ],
    [queue('NODE_FAIL'), record({}), { state: 'failed', exitCode: null, explanation: 'A node it ran on failed' }],
    [queue('CANCELLED'), record({}), { state: 'cancelled' }],
    [queue('PREEMPTED'), record({ state: 'stopped', endedAt: 1_795_700_100, code: 143 }), { state: 'preempted' }],
    [
      queue('FAILED', 'NonZeroExitCode'),
      record({ state: 'ended', endedAt: 1_795_700_100, code: 1, why: 'unpack' }),
      { explanation: expect.stringContaining('could not be unpacked') },
    ],
    [
      queue('FAILED', 'NonZeroExitCode'),
      record({ state: 'ended', endedAt: 1_795_700_100, code: 1, why: 'secrets' }),
      { explanation: expect.stringContaining('secret') },
    ],
  ])('has ended: %s', (line, more, expected) => {
    expect(seen(line, more)).toMatchObject({
      ended: true,
      endedAt: 1_795_700_100_000,
      startedAt: 1_795_700_010_000,
      ...expected,
    });
  });

  it('is not told from the record of a run that was put back into the queue', () => {
    const before = record({ state: 'stopped', startedAt: 1_795_699_000, endedAt: 1_795_699_100, code: 143 });
    expect(seen(queue('FAILED', 'NonZeroExitCode'), before, 'code RUN 12 1:0')).toMatchObject({
      exitCode: 1,
      signal: null,
    });
  });

  it('never started when it has no nodes', () => {
    expect(seen(queue('CANCELLED', 'None', '', '1795700000|1795700100|1795700100'))).toMatchObject({
      state: 'cancelled',
      startedAt: null,
      nodes: [],
    });
  });

  it('has the end that was seen first, whatever Slurm says later', () => {
    const final = queue('FAILED', 'NonZeroExitCode').replace('queue', 'final');
    const later = seen(queue('PENDING', 'Priority', ''), final);
    expect(later).toMatchObject({ state: 'failed', ended: true });
    expect(seen(final)).toEqual(later);
    // Two who saw it at the same time.
    expect(seen(final, final.replace('1795700100', '1795700109'))).toEqual(later);
  });

  it('is known from accounting when the controller has forgotten it', () => {
    expect(seen('account RUN 12|CANCELLED by 0|0:15|1795700010|1795700100|n1|None')).toMatchObject({
      state: 'cancelled',
      nativeState: 'CANCELLED by 0',
      signal: 'SIGTERM',
      startedAt: 1_795_700_010_000,
      endedAt: 1_795_700_100_000,
    });
    expect(seen('account RUN 12|FAILED|9:0|1795700010|1795700100|n1|NonZeroExitCode')).toMatchObject({ exitCode: 9 });
    expect(seen('account RUN 12|CANCELLED by 7|0:0|Unknown|1795700100|None assigned|None')).toMatchObject({
      startedAt: null,
    });
  });

  it('is known from its own record when all else has forgotten it', () => {
    const ended = (code: number, state = 'ended'): string => record({ state, endedAt: 1_795_700_200, code });
    expect(seen(ended(0))).toMatchObject({ state: 'succeeded', exitCode: 0, endedAt: 1_795_700_200_000 });
    expect(seen(ended(2))).toMatchObject({ state: 'failed', exitCode: 2 });
    expect(seen(ended(143, 'stopped'), 'cancel RUN')).toMatchObject({ state: 'cancelled' });
    expect(seen(ended(143), 'cancel RUN')).toMatchObject({ state: 'cancelled' });
    expect(seen(ended(3), 'cancel RUN')).toMatchObject({ state: 'failed', exitCode: 3 });
    expect(seen(ended(143, 'stopped')).explanation).toContain('forgotten why');
    expect(seen(record({}))).toMatchObject({ state: 'failed', ended: true });
    expect(seen()).toMatchObject({ state: 'failed', explanation: expect.stringContaining('never began') });
    expect(seen('cancel RUN')).toMatchObject({ state: 'cancelled' });
  });

  it('is not misled by a record that is torn, foreign or in the making', () => {
    for (const text of ['', '{', '{"state":"ended"}', 'null', '[]', JSON.stringify({ state: 'ended', job: 'x' })]) {
      expect(seen(queue('RUNNING'), `exit RUN exit ${text}`).state).toBe('running');
    }
  });

  it('has an end that is not before its beginning, whose clocks differ', () => {
    const odd = seen(record({ state: 'ended', endedAt: 1_795_690_000, code: 0 }));
    expect(odd.endedAt).toBeGreaterThanOrEqual(odd.startedAt ?? 0);
  });
});

describe('an array', () => {
  const task = (number: string, state: string, reason = 'None', nodes = 'n1'): string =>
    `queue RUN 45|${number}|5${number.slice(0, 1)}|${state}|${reason}|1795700000|1795700010|1795700100|${nodes}|gpu|/x`;

  it('is what its tasks are, the ones that wait as well', () => {
    const all = seen(task('0', 'COMPLETED'), task('1', 'RUNNING'), task('2-4%2', 'PENDING', 'JobArrayTaskLimit', ''));
    expect(all).toMatchObject({ state: 'running', ended: false, endedAt: null });
    expect(all.tasks.map(({ index, state }) => [index, state])).toEqual([
      [0, 'succeeded'],
      [1, 'running'],
      [2, 'queued'],
      [3, 'queued'],
      [4, 'queued'],
    ]);
  });

  it('says how many tasks wait, and why', () => {
    expect(seen(task('0', 'COMPLETED'), task('1-3', 'PENDING', 'Resources', '')).explanation).toBe(
      '3 of 4 tasks: It is next in line and waits for nodes to become free',
    );
  });

  it('began with its first task, and waits since its last one began', () => {
    const [early, late] = [task('0', 'COMPLETED'), task('1', 'COMPLETED').replace('1795700010', '1795700300')];
    expect(seen(early, late, task('2', 'RUNNING')).startedAt).toBe(1_795_700_010_000);
    expect(seen(early, late, task('2-4', 'PENDING', 'Resources', '')).startedAt).toBe(1_795_700_300_000);
    expect(seen(early, late, task('2', 'CONFIGURING')).startedAt).toBe(1_795_700_300_000);
    expect(seen(task('0-4', 'PENDING', 'Resources', '')).startedAt).toBeNull();
    expect(seen(early, late).startedAt).toBe(1_795_700_010_000);
  });

  it('has failed when one task has, and keeps what was forgotten', () => {
    const exit = (number: number, code: number): string =>
      record({ state: 'ended', endedAt: 1_795_700_100, code, job: 45 }).replace('RUN exit', `RUN exit.t${number}`);
    const all = seen(task('0', 'COMPLETED').replace('queue', 'final'), exit(0, 0), exit(1, 4), exit(2, 0));
    expect(all).toMatchObject({ state: 'failed', exitCode: 4, ended: true });
    expect(all.tasks.map(({ exitCode }) => exitCode)).toEqual([0, 4, 0]);
  });
});

describe('a look', () => {
  it('leaves out runs whose folder is gone, and what is no line of ours', () => {
    const look = parseLook(`noise\nnow 12.5\nqueue ${run} 1|N/A|1|RUNNING|None|1|1|1|n1|gpu|/x\nthere ../../etc\n`);
    expect(look.now).toBe(12.5);
    expect(look.runs.size).toBe(0);
  });
});

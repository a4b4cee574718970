import { describe, expect, it } from 'vitest';

import { endingOfPair, endingOfStatus } from '../../../../src/providers/slurm/observe/exitCode.ts';
import { expandHostList } from '../../../../src/providers/slurm/observe/hostList.ts';
import { expandTasks, parseQueueLine } from '../../../../src/providers/slurm/observe/queueRecord.ts';
import { explainReason } from '../../../../src/providers/slurm/observe/reasons.ts';
import { meaningOf } from '../../../../src/providers/slurm/observe/states.ts';

describe('expandHostList', () => {
  it.each([
    ['', []],
    ['n1', ['n1']],
    ['n[1-3,07],login2', ['n1', 'n2', 'n3', 'n07', 'login2']],
    ['gpu[008-011]', ['gpu008', 'gpu009', 'gpu010', 'gpu011']],
    ['rack[1-2]n[01-02]', ['rack1n01', 'rack1n02', 'rack2n01', 'rack2n02']],
    ['(null)', ['(null)']],
    ['n[1-', ['n[1-']],
    ['n[3-1]', []],
  ])('%s', (text, hosts) => {
    expect(expandHostList(text)).toEqual(hosts);
  });

  it('stays bounded', () => {
    expect(expandHostList('n[1-999999999],m[1-999999999]').length).toBeLessThan(100_000);
    expect(expandHostList('n[1-9999]'.repeat(8)).length).toBeLessThan(100_000);
    expect(expandHostList('[1]'.repeat(100_000))).toHaveLength(1);
    expect(expandHostList('n,'.repeat(300_000)).length).toBeLessThan(100_000);
    expect(expandHostList(`${'n[1'.repeat(100_000)},`)).toHaveLength(1);
  });
});

describe('parseQueueLine', () => {
  it('reads a running job', () => {
    expect(
      parseQueueLine('12|N/A|12|RUNNING|None|1795700000|1795700010|1795786410|n[1-2]|gpu|/home/a|b c/runs'),
    ).toEqual({
      jobId: '12',
      tasks: null,
      taskJobId: '12',
      state: 'RUNNING',
      reason: null,
      submittedAt: 1_795_700_000,
      startAt: 1_795_700_010,
      endAt: 1_795_786_410,
      nodeList: 'n[1-2]',
      partition: 'gpu',
      folder: '/home/a|b c/runs',
    });
  });

  it.each([
    ['45|0-3%2|45|PENDING|JobArrayTaskLimit|1|N/A|N/A||gpu|/x', '0-3%2'],
    ['45|[2-3%2]|45|PENDING|Resources|1|N/A|N/A||gpu|/x', '2-3%2'],
    ['45|7|52|RUNNING|None|1|2|N/A|n1|gpu|/x', '7'],
  ])('reads the tasks of %s', (line, tasks) => {
    expect(parseQueueLine(line)).toMatchObject({ jobId: '45', tasks, endAt: null });
  });

  it.each(['', 'slurm_load_jobs error: Invalid job id specified', 'JOBID|STATE', '12'])(
    'takes %j for no job',
    (line) => {
      expect(parseQueueLine(line)).toBeNull();
    },
  );

  it.each([
    ['0-3%2', [0, 1, 2, 3]],
    ['1,4-8:2', [1, 4, 6, 8]],
    ['7', [7]],
    ['', []],
    ['x', []],
  ])('counts the tasks %s', (tasks, numbers) => {
    expect(expandTasks(tasks)).toEqual(numbers);
  });

  it('does not count for ever', () => {
    expect(expandTasks('0-4000000000')).toHaveLength(1000);
    expect(expandTasks('0-9:0', 5)).toHaveLength(5);
  });
});

describe('exit codes', () => {
  it.each([
    ['0:0', { exitCode: 0, signal: null }],
    ['3:0', { exitCode: 3, signal: null }],
    ['0:9', { exitCode: null, signal: 'SIGKILL' }],
    ['137:0', { exitCode: null, signal: 'SIGKILL' }],
    ['0:53', { exitCode: null, signal: 'signal 53' }],
    ['', { exitCode: null, signal: null }],
    ['garbage', { exitCode: null, signal: null }],
  ])('%s', (pair, ending) => {
    expect(endingOfPair(pair)).toEqual(ending);
  });

  it('reads what a shell says', () => {
    expect(endingOfStatus(143)).toEqual({ exitCode: null, signal: 'SIGTERM' });
    expect(endingOfStatus(255)).toEqual({ exitCode: 255, signal: null });
  });
});

describe('states', () => {
  it.each([
    ['PENDING', 'queued', false],
    ['REQUEUE_HOLD', 'queued', false],
    ['SPECIAL_EXIT', 'queued', false],
    ['CONFIGURING', 'provisioning', false],
    ['REQUEUED', 'provisioning', false],
    ['RESIZING', 'provisioning', false],
    ['RUNNING', 'running', false],
    ['SUSPENDED', 'running', false],
    ['STOPPED', 'running', false],
    ['SIGNALING', 'running', false],
    ['COMPLETING', 'running', false],
    ['COMPLETED', 'succeeded', true],
    ['FAILED', 'failed', true],
    ['OUT_OF_MEMORY', 'failed', true],
    ['BOOT_FAIL', 'failed', true],
    ['NODE_FAIL', 'failed', true],
    ['DEADLINE', 'failed', true],
    ['TIMEOUT', 'failed', true],
    ['LAUNCH_FAILED', 'failed', true],
    ['REVOKED', 'failed', true],
    ['CANCELLED', 'cancelled', true],
    ['CANCELLED by 1000', 'cancelled', true],
    ['PREEMPTED', 'preempted', true],
  ])('%s is %s', (word, state, ended) => {
    expect(meaningOf(word)).toMatchObject({ state, ended });
  });

  it.each(['', 'SOMETHING_NEW', 'toString', '__proto__'])('%j is not known', (word) => {
    expect(meaningOf(word)).toBeUndefined();
  });
});

describe('reasons', () => {
  it.each([
    'Priority',
    'Resources',
    'Dependency',
    'DependencyNeverSatisfied',
    'JobHeldUser',
    'JobHeldAdmin',
    'BeginTime',
    'JobArrayTaskLimit',
    'QOSMaxGRESPerUser',
    'QOSMaxJobsPerUserLimit',
    'QOSGrpGRES',
    'QOSMaxWallDurationPerJobLimit',
    'AssocGrpCpuLimit',
    'AssocGrpGRESMinutes',
    'AssocMaxJobsLimit',
    'MaxJobsPerAccount',
    'PartitionNodeLimit',
    'PartitionTimeLimit',
    'BadConstraints',
    'ReqNodeNotAvail, UnavailableNodes:n[1-2]',
    'ReqNodeNotAvail(Unavailable:n1)',
    'Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved_for_jobs_in_higher_priority_partitions',
    'launch failed requeued held',
  ])('%s has a sentence', (reason) => {
    expect(explainReason(reason)).toMatch(/^[A-Z][^]{10,}[^.]$/u);
  });

  it('leaves words that are new to Slurm', () => {
    expect(explainReason('QuantumDecoherence')).toBeUndefined();
    expect(explainReason('constructor')).toBeUndefined();
  });
});

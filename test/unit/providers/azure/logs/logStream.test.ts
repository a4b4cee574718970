import { describe, expect, it } from 'vitest';
import type { LogCursor } from '../../../../../src/core/logChunk.ts';
import { logStreamOf } from '../../../../../src/providers/azure/logs/logStream.ts';
import { decodePosition, encodePosition } from '../../../../../src/providers/azure/logs/position.ts';

describe('log files of Azure', () => {
  it.each([
    ['user_logs/std_log.txt', 'user', 'stdout', 0],
    ['user_logs/std_log_0.txt', 'user', 'stdout', 0],
    ['user_logs/std_log_process_00.txt', 'user', 'stdout', 0],
    ['user_logs/std_log_process_117.txt', 'user', 'stdout', 117],
    ['user_logs/std_log_2_ps.txt', 'user', 'parameterServer', 2],
    ['azureml-logs/70_driver_log_3.txt', 'user', 'stdout', 3],
    ['azureml-logs/20_image_build_log.txt', 'build', 'imageBuild', 0],
    ['system_logs/lifecycler/execution-wrapper.log', 'system', 'lifecycler/execution-wrapper', 0],
    ['azureml-logs/55_azureml-execution-tvmps_0a1b_d.txt', 'system', '55_azureml-execution-tvmps_0a1b_d', 0],
    ['azureml-logs/65_job_prep-tvmps_0a1b_d.txt', 'system', '65_job_prep-tvmps_0a1b_d', 0],
    ['azureml-logs/75_job_post-tvmps_0a1b_d.txt', 'system', '75_job_post-tvmps_0a1b_d', 0],
  ])('%s', (path, kind, name, node) => {
    expect(logStreamOf(path)).toEqual({ kind, stream: { name, task: 0, node } });
  });

  it.each([
    'logs/loss.txt',
    'outputs/std_log.txt',
    'user_logs/../std_log.txt',
    'user_logs/std_log.txt\n',
    'system_logs/a b.log',
    'azureml-logs/notes.txt',
  ])('%j is none', (path) => {
    expect(logStreamOf(path)).toBeNull();
  });

  it('are found again by a cursor, which is short', () => {
    const position = new Map([
      ['user_logs/std_log_process_07.txt', { offset: 12_345_678, madeAt: 1_790_000_000 }],
      ['azureml-logs/20_image_build_log.txt', { offset: 9, madeAt: 0 }],
    ]);
    const cursor = encodePosition(position);
    expect(decodePosition(cursor)).toEqual(position);
    expect(cursor.length).toBeLessThan(100);
  });

  it.each(['', 'x', '[]', '{"~.txt":[-1,0]}', '{"~.txt":"1"}', '{"~.txt":[1]}', '{"../x":[1,1]}'])(
    'are read from their beginning by a cursor that is none: %s',
    (text) => {
      expect(decodePosition(text as LogCursor)).toEqual(new Map());
    },
  );
});

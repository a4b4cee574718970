import { expect, test } from 'vitest';
import { lineLevel } from '../../../../src/core/failure/level.ts';

test.each([
  'ERROR: something',
  'ERROR:root:boom',
  '[ERROR] boom',
  '2024-01-01 12:00:00,123 ERROR worker failed',
  '2024-01-01 12:00:00,123 - trainer - ERROR - boom',
  '2024-01-01 12:00:00.123 | CRITICAL | __main__:f:3 - x',
  '[2024-03-01 10:00:05,130] [ERROR] [launch.py:322:sigkill_handler] exits',
  'E0101 12:00:00.123456 140 train.py:12] boom',
  'F0101 12:00:00.123456 140 train.cc:12] Check failed: ok',
  '[rank0]:[E1010 14:20:01.123456789 ProcessGroupNCCL.cpp:616] [Rank 1] Watchdog',
  '\u001b[31mERROR\u001b[0m: boom',
  'Traceback (most recent call last):',
  'ValueError: bad',
  'torch.OutOfMemoryError: CUDA out of memory.',
  '[rank3]: KeyboardInterrupt',
  'main.cu:3:5: error: expected a ;',
  'csrc/a.cu(12): error: identifier "x" is undefined',
  'fatal: not a git repository',
  'error: subprocess-exited-with-error',
  'slurmstepd: error: Detected 1 oom_kill event in StepId=1.0.',
  'Segmentation fault (core dumped)',
  'Killed',
  '{"level": "error", "msg": "x"}',
  'time=3 level=error msg=x',
  'Fatal Python error: Aborted',
  "terminate called after throwing an instance of 'c10::Error'",
])('an error: %s', (text) => {
  expect(lineLevel(text)).toBe('error');
});

test.each([
  'WARNING:root:careful',
  '/opt/x.py:12: UserWarning: careful',
  'FutureWarning: soon',
  'W0101 12:00:00.123456 140 train.py:12] careful',
  '[W1010 14:20:01.123456789 socket.cpp:697] [c10d] The client socket',
  'node7:4122:4301 [2] NCCL WARN Cuda failure',
  '2024-01-01 12:00:00,123 WARNING slow',
  'main.c:3:5: warning: unused variable',
  'level=warning msg=x',
])('a warning: %s', (text) => {
  expect(lineLevel(text)).toBe('warning');
});

test.each([
  '',
  'step 3 loss 0.2',
  '0 errors',
  'error_rate=0.1',
  'loss_error: 0.2',
  'error: 0.03',
  'Error: 0.12',
  'error: 3e-4',
  'ERROR_COUNT 3',
  'no error was found',
  'mean error 0.3',
  'INFO: error handling enabled',
  '{"error": null}',
  '{"level": "info", "error": ""}',
  '12 passed, 0 errors, 0 warnings',
  'test_raises_ValueError PASSED',
  'raise ValueError("x")',
  '    except ValueError: pass',
  'Epoch: 3',
  'Killed two birds with one stone',
  'F1: 0.83',
  'W: 3',
])('neither: %s', (text) => {
  expect(lineLevel(text)).toBeNull();
});

import { describe, expect, it } from 'vitest';
import { LocalBench } from './localRun.ts';

describe('a job on this machine', () => {
  it('runs in its unpacked code and tells its output apart', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'python main.py; echo to-stderr >&2' });
    expect(await bench.text(handle)).toBe('hello\n');
    expect(await bench.text(handle, 'stderr')).toBe('to-stderr\n');
    expect(await bench.ended(handle)).toMatchObject({ state: 'succeeded', exitCode: 0, signal: null, reason: null });
  });

  it('ends with the exit code of its command', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'exit 42' });
    expect(await bench.ended(handle)).toMatchObject({ state: 'failed', exitCode: 42, signal: null, reason: 'exit code 42' });
  });

  it('ends with the signal that killed it', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'kill -SEGV $$' });
    expect(await bench.ended(handle)).toMatchObject({ state: 'failed', exitCode: null, signal: 'SIGSEGV' });
  });
});

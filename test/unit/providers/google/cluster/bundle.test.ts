import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import type { Connection, Provider } from '../../../../../src/core/provider.ts';
import { trimGax } from '../../../../../scripts/trimGax.ts';
import { trimProtos } from '../../../../../scripts/trimProtos.ts';
import { never, rejection } from '../../../../conformance/harness.ts';
import { testPorts } from '../../../../emulators/scripted/testPorts.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';
import { quickClock } from '../../../../fixtures/quickClock.ts';

it('does all that it does as a bundle without what is left out of the clients of Google Cloud', async () => {
  const lab = await GoogleLab.start();
  let connection: Connection | null = null;
  try {
    const outfile = join(lab.google.folder, 'google.js');
    await build({
      entryPoints: [join(import.meta.dirname, '../../../../../src/providers/google/index.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node22',
      external: ['vscode', '*.node'],
      mainFields: ['module', 'main'],
      plugins: [trimProtos, trimGax],
      logLevel: 'error',
    });
    const { provider } = createRequire(import.meta.url)(outfile) as { readonly provider: Provider };
    connection = provider.connect(lab.settings, { ...testPorts('google'), clock: quickClock(100) });
    const release = lab.google.control.holdQueue();
    const input = await lab.prepare(connection, 'true', { secrets: ['TOKEN'] });
    const handle = await connection.submit(input, never());
    expect(await connection.find(input.key, never())).toEqual(handle);
    expect((await connection.list(never())).map((each) => each.handle)).toEqual([handle]);
    expect(await lab.until(connection, handle, () => true)).toMatchObject({ state: 'queued' });
    const { control } = lab.google;
    const jobId = handle.id.split('/').at(-1) ?? '';
    control.logs.add({ jobId, taskName: 'workerpool0-0', severity: 'INFO', message: 'said' });
    const stop = new AbortController();
    const log = connection.logs(handle, null, stop.signal)[Symbol.asyncIterator]();
    expect(await log.next()).toMatchObject({ value: { kind: 'bytes', stream: { name: 'stdout' } } });
    await expect.poll(() => control.logging.openSessions).toBe(1);
    stop.abort(new Error('read'));
    await log.return?.();
    await connection.cancel(handle, never());
    release();
    expect(await lab.until(connection, handle)).toMatchObject({ state: 'cancelled' });
    control.jobs.quotas.set('us-central1', 'custom_model_training_cpus', 0);
    const beyond = await lab.prepare(connection, 'true', { region: 'us-central1' });
    expect(await rejection(connection.submit(beyond, never()))).toMatchObject({ tag: 'quota' });
    await connection.remove(handle, never());
    expect(lab.jobs().all).toBe(0);
  } finally {
    await connection?.dispose();
    await lab.stop();
  }
}, 60_000);

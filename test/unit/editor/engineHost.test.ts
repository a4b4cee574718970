import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { EngineHost } from '../../../src/editor/engineHost.ts';
import { Engine } from '../../../src/engine/engine.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { connectionsOf, quietLogger } from '../../fixtures/engine/engineParts.ts';

async function engineIn(folder: string): Promise<Engine> {
  return Engine.start({
    root: folder,
    clock: systemClock,
    logger: quietLogger,
    connections: connectionsOf(new Map()),
    secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
    maxFileBytes: () => 1_000,
    maySubmit: () => true,
  });
}

async function setup(start?: (folder: string) => Promise<Engine>) {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-host-'));
  const starts = vi.fn(async () => await (start ?? engineIn)(folder));
  const host = new EngineHost({ start: starts, logger: quietLogger });
  onTestFinished(async () => {
    await host.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  const started: Engine[] = [];
  const failed: unknown[] = [];
  host.onDidStart((engine) => started.push(engine));
  host.onDidFail((error) => failed.push(error));
  return { host, folder, starts, started, failed };
}

describe('the engine of a window', () => {
  it('starts once, when it is first asked for', async () => {
    const { host, starts, started } = await setup();
    expect(starts).not.toHaveBeenCalled();
    const [first, second] = await Promise.all([host.engine(), host.engine()]);
    expect(second).toBe(first);
    expect(starts).toHaveBeenCalledTimes(1);
    expect(started).toEqual([first]);
  });

  it('tells each failed start, and tries again when it is next asked for', async () => {
    const refused = new Error('the disk is full');
    let full = true;
    const { host, started, failed } = await setup(async (folder) => {
      if (full) {
        throw refused;
      }
      return await engineIn(folder);
    });
    await expect(host.engine()).rejects.toBe(refused);
    await expect(host.engine()).rejects.toBe(refused);
    full = false;
    const engine = await host.engine();
    expect(failed).toEqual([refused, refused]);
    expect(started).toEqual([engine]);
  });

  it('has let go of the store when it was disposed, also in the middle of starting', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { host, folder, started } = await setup(async (root) => {
      await gate.promise;
      return await engineIn(root);
    });
    const asked = host.engine();
    const ended = host.dispose();
    gate.resolve(undefined);
    await ended;
    const engine = await asked;
    expect(started).toEqual([]);
    expect(() => engine.store.count({ groups: ['running'] })).toThrow();
    const next = await engineIn(folder);
    expect(next.damaged).toBeNull();
    await next.dispose();
  });

  it('does not start again after the window closed', async () => {
    const { host, starts } = await setup();
    await host.dispose();
    await expect(host.engine()).rejects.toMatchObject({ name: 'AbortError' });
    expect(starts).not.toHaveBeenCalled();
  });

  it('does not keep the window from closing when it cannot end', async () => {
    const { host } = await setup(async (folder) => {
      const engine = await engineIn(folder);
      const end = engine.dispose.bind(engine);
      onTestFinished(end);
      vi.spyOn(engine, 'dispose').mockReturnValue(new Promise(() => undefined));
      return engine;
    });
    await host.engine();
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const ended = host.dispose();
    await vi.advanceTimersByTimeAsync(3_000);
    await expect(ended).resolves.toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';

import type { ForwardedPort } from '../../../../src/core/provider.ts';
import { parsePort } from '../../../../src/editor/reach/parsePort.ts';
import { type LostForward, PortForwards, type WantedForward } from '../../../../src/editor/reach/portForwards.ts';
import { runId } from '../../../fixtures/editor/jobs.ts';
import { never } from '../../../fixtures/engine/scriptedParts.ts';

const wanted = (remotePort = 6006, node = 0): WantedForward => ({
  runId,
  member: { task: 0, node },
  remotePort,
  label: String(remotePort),
});

function forwards() {
  const opened: { readonly signal: AbortSignal; readonly end: (reason: string | null) => void }[] = [];
  const state = { gate: Promise.resolve(), address: async (port: number) => `http://127.0.0.1:${port}/` };
  const list = new PortForwards({
    open: async ({ remotePort }, signal): Promise<ForwardedPort> => {
      const closed = Promise.withResolvers<string | null>();
      opened.push({ signal, end: closed.resolve });
      await state.gate;
      signal.throwIfAborted();
      return {
        localPort: remotePort + 1,
        closed: closed.promise,
        close: () => {
          closed.resolve(null);
        },
      };
    },
    addressOf: async (port) => await state.address(port),
  });
  const lost: LostForward[] = [];
  let changes = 0;
  list.onDidLose((one) => lost.push(one));
  list.onDidChange(() => {
    changes += 1;
  });
  return { list, opened, lost, state, changes: () => changes };
}

describe('forwarded ports', () => {
  it('are listed with their job and their address until they are stopped', async () => {
    const { list, lost, changes } = forwards();
    const forward = await list.open(wanted(), never);
    expect(forward).toMatchObject({ label: '6006', localPort: 6007, address: 'http://127.0.0.1:6007/' });
    expect(list.of(runId)).toEqual([forward]);
    list.stop(forward.id);
    await expect.poll(() => list.of(runId)).toEqual([]);
    expect(lost).toEqual([]);
    expect(changes()).toBe(2);
  });

  it('are opened once, however often they are wished for', async () => {
    const { list, opened } = forwards();
    const [one, two] = await Promise.all([list.open(wanted(), never), list.open(wanted(), never)]);
    expect(await list.open(wanted(), never)).toBe(one);
    expect(two).toBe(one);
    expect(opened).toHaveLength(1);
    await list.open(wanted(6006, 1), never);
    await list.open(wanted(8888), never);
    expect(list.of(runId)).toHaveLength(3);
  });

  it('that end by themselves say why, and can be opened again', async () => {
    const { list, opened, lost } = forwards();
    const forward = await list.open(wanted(), never);
    opened[0]?.end('the connection was lost');
    await expect.poll(() => lost).toEqual([{ forward, reason: 'the connection was lost' }]);
    expect(list.of(runId)).toEqual([]);
    await list.open(wanted(), never);
    expect(opened).toHaveLength(2);
  });

  it('that are given up on the way leave nothing open', async () => {
    const { list, opened, state } = forwards();
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    const stop = new AbortController();
    const opening = list.open(wanted(), stop.signal);
    const reason = new Error('stopped by the test');
    stop.abort(reason);
    gate.resolve();
    await expect(opening).rejects.toBe(reason);
    expect(opened[0]?.signal.aborted).toBe(true);
    expect(list.of(runId)).toEqual([]);
    await list.open(wanted(), never);
  });

  it('are not touched by the signal once they are open', async () => {
    const { list, opened } = forwards();
    const stop = new AbortController();
    await list.open(wanted(), stop.signal);
    stop.abort(new Error('too late'));
    expect(opened[0]?.signal.aborted).toBe(false);
    expect(list.of(runId)).toHaveLength(1);
  });

  it('whose address cannot be had are closed again', async () => {
    const { list, opened, state } = forwards();
    state.address = async () => {
      throw new Error('no tunnel');
    };
    await expect(list.open(wanted(), never)).rejects.toThrow('no tunnel');
    expect(opened[0]?.signal.aborted).toBe(true);
    expect(list.of(runId)).toEqual([]);
  });
});

describe('parsePort', () => {
  it.each([
    ['6006', 6006],
    [' :8888 ', 8888],
    ['1', 1],
    ['65535', 65_535],
    ['0', undefined],
    ['65536', undefined],
    ['80 ; rm -rf /', undefined],
    ['1e3', undefined],
    ['', undefined],
  ])('%j is %j', (typed, port) => {
    expect(parsePort(typed)).toBe(port);
  });
});

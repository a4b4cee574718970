import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogCursor } from '../../../../../src/core/logChunk.ts';
import type { Connection } from '../../../../../src/core/provider.ts';
import { never } from '../../../../conformance/harness.ts';
import { pods } from '../../../../emulators/kubernetes/objects/resources.ts';
import type { Pod } from '../../../../emulators/kubernetes/objects/types.ts';
import { Lab, noContainers, readWhole, until, untilEnded } from '../../../../fixtures/kubernetes/lab.ts';

let lab: Lab;
let connection: Connection;

beforeAll(async () => {
  lab = await Lab.start();
  connection = lab.open();
});

afterAll(async () => {
  await lab.stop();
});

/** Prints numbered lines, so many, with a pause after every `each` of them. */
function printing(lines: number, each: number, pause: string): string {
  return `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i"; [ $((i % ${each})) -eq 0 ] && sleep ${pause}; done; true`;
}

const numbered = (lines: number): string => Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`).join('');

async function podOf(name: string): Promise<Pod> {
  for (;;) {
    const pod = lab.control.list(pods, 'default').find((each) => each.metadata.name.startsWith(name));
    if (pod !== undefined) {
      return pod;
    }
    await delay(10);
  }
}

describe.skipIf(noContainers !== null)('the log of a running job', () => {
  it('loses and doubles no byte while connections are cut at random', async () => {
    const { handle } = await lab.submit(connection, printing(2000, 100, '0.1'));
    const over = new AbortController();
    const faults = (async () => {
      for (let round = 0; !over.signal.aborted; round += 1) {
        await delay(60 + ((round * 37) % 90));
        if (round % 3 === 0) {
          lab.control.cutConnections();
        } else if (round % 3 === 1) {
          lab.control.addFault({
            on: { resource: 'pods', subresource: 'log' },
            kind: 'cut',
            afterBytes: (round * 997) % 5000,
          });
        } else {
          lab.control.endLogs();
        }
      }
    })();
    const read = await readWhole(connection, handle).finally(() => {
      over.abort();
    });
    await faults;
    lab.control.clearFaults();
    expect(read.streams).toEqual({ stdout: numbered(2000) });
    expect(read.gaps).toEqual([]);
    expect(read.breaks).toBeGreaterThan(3);
  }, 60_000);

  it('goes on when its node ends the stream though the container runs', async () => {
    const { handle } = await lab.submit(connection, printing(40, 4, '0.1'));
    const ends = setInterval(() => {
      lab.control.endLogs();
    }, 150);
    const read = await readWhole(connection, handle).finally(() => {
      clearInterval(ends);
    });
    expect(read).toMatchObject({ streams: { stdout: numbered(40) }, gaps: [], breaks: 0 });
  });

  it('is whole though the log is rotated while it is followed', async () => {
    lab.control.setLogRotation(2000);
    const { handle } = await lab.submit(connection, `sleep 1.5; ${printing(1500, 50, '0.02')}`);
    const read = await readWhole(connection, handle);
    lab.control.setLogRotation(10 * 1024 * 1024);
    expect(read).toMatchObject({ streams: { stdout: numbered(1500) }, gaps: [] });
  });

  it('says where something may be missing when the log was rotated behind its back', async () => {
    const { handle, name } = await lab.submit(
      connection,
      `echo before; sleep 1; echo lost; sleep 1; echo after; sleep 0.5`,
    );
    let cursor = null;
    for await (const item of connection.logs(handle, null, never())) {
      cursor = item.cursor;
      break;
    }
    const pod = await podOf(name);
    await delay(1200);
    lab.control.rotateLog(pod, 'main');
    const read = await readWhole(connection, handle, cursor);
    expect(read.streams).toEqual({ stdout: 'after\n' });
    expect(read.gaps).toHaveLength(1);
    expect(read.gaps[0]).toContain('rotated');
    expect(await readWhole(connection, handle, read.cursor)).toMatchObject({ streams: {}, gaps: [] });
  });

  it('waits for a node that is away behind a server that is not', async () => {
    const { handle, name } = await lab.submit(connection, printing(30, 3, '0.1'));
    const pod = await podOf(name);
    await until(connection, handle, (each) => each?.state === 'running');
    for (const _ of [1, 2]) {
      lab.control.addFault({
        on: { resource: 'pods', subresource: 'log', name: pod.metadata.name },
        kind: 'answer',
        code: 500,
        contentType: 'application/json',
        body: JSON.stringify({
          kind: 'Status',
          status: 'Failure',
          message:
            'Get "https://n1:10250/containerLogs/default/x/main": dial tcp 10.0.0.1:10250: connect: connection refused',
          code: 500,
        }),
      });
    }
    const read = await readWhole(connection, handle);
    expect(read).toMatchObject({ streams: { stdout: numbered(30) }, gaps: [] });
  });

  it('keeps lines longer than the runtime cuts them, returns, and an end without a line feed', async () => {
    const { handle } = await lab.submit(
      connection,
      String.raw`head -c 100000 /dev/zero | tr '\0' x; printf '\r\nsecond\r50%%\r100%%\n\n'; head -c 40000 /dev/zero | tr '\0' y`,
    );
    const read = await readWhole(connection, handle);
    expect(read.streams).toEqual({ stdout: `${'x'.repeat(100_000)}\r\nsecond\r50%\r100%\n\n${'y'.repeat(40_000)}` });
  });

  it('resumes within a line', async () => {
    const { handle } = await lab.submit(connection, `printf 'half of it'; sleep 1.2; echo ' and the rest'`);
    const cursors: LogCursor[] = [];
    const whole = await readWhole(connection, handle, null, (item) => {
      cursors.push(item.cursor);
    });
    expect(whole.streams).toEqual({ stdout: 'half of it and the rest\n' });
    const [first = null] = cursors;
    const rest = await readWhole(lab.open(), handle, first);
    expect(['', ' and the rest\n']).toContain(rest.streams['stdout'] ?? '');
  });

  it('has the ranks of all nodes', async () => {
    const { handle } = await lab.submit(connection, 'echo "rank $NODE_RANK of $WORLD_SIZE"', { nodes: 2 });
    expect((await readWhole(connection, handle)).streams).toEqual({
      stdout: 'rank 0 of 2\n',
      'stdout.n1': 'rank 1 of 2\n',
    });
  });

  it('ends with a reason when the pod was deleted from outside', async () => {
    const { handle, name } = await lab.submit(connection, 'echo ready; sleep 30');
    let cursor = null;
    for await (const item of connection.logs(handle, null, never())) {
      cursor = item.cursor;
      break;
    }
    await connection.cancel(handle, never());
    await until(connection, handle, (each) => each?.state === 'cancelled');
    expect(lab.control.list(pods, 'default').some((pod) => pod.metadata.name.startsWith(name))).toBe(false);
    const rest = await readWhole(connection, handle, cursor);
    expect(rest.streams).toEqual({});
    expect(rest.gaps).toEqual(['the pod was deleted before its output was read to the end']);
    expect(await readWhole(connection, handle, rest.cursor)).toMatchObject({ gaps: [] });
  });

  it('says that all of it may be missing when its pod went before anybody read', async () => {
    const { handle, name } = await lab.submit(connection, 'echo ready; sleep 30');
    await until(connection, handle, (each) => each?.state === 'running');
    lab.control.evict(await podOf(name));
    await expect
      .poll(() => lab.control.list(pods, 'default').some((pod) => pod.metadata.name.startsWith(name)), {
        timeout: 10_000,
      })
      .toBe(false);
    await until(connection, handle, (each) => each?.nativeState === 'PodFailurePolicy');
    const read = await readWhole(connection, handle);
    expect(read.gaps).toEqual(['the pod was gone before its output was read, so that all of it may be missing']);
    expect(await readWhole(connection, handle, read.cursor)).toMatchObject({ streams: {}, gaps: [] });
  });

  it('is empty for a job whose container never began', async () => {
    lab.control.images.allowOnly([]);
    const { handle } = await lab.submit(connection, 'echo never', { image: 'nothing:1' });
    await until(connection, handle, (each) => each?.explanation?.includes('image') === true);
    await connection.cancel(handle, never());
    lab.control.images.allowAll();
    expect(await readWhole(connection, handle)).toMatchObject({ streams: {}, gaps: [] });
  });

  it('is the same for a clock that runs ahead on the node', async () => {
    lab.control.skewClock(3_600_000);
    const { handle } = await lab.submit(connection, printing(20, 5, '0.05'));
    const read = await readWhole(connection, handle);
    lab.control.skewClock(0);
    expect(read.streams).toEqual({ stdout: numbered(20) });
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LogCursor, type LogItem, streamText } from '../../../../../src/core/logChunk.ts';
import type { Connection } from '../../../../../src/core/provider.ts';
import { whyNoContainers } from '../../../../emulators/containers/containerProcess.ts';
import { startAzure } from '../../../../emulators/azure/startAzure.ts';
import { connect, handleFor, useAz } from '../../../../fixtures/azure/connection.ts';
import { useAzure } from '../../../../fixtures/azure/testAzure.ts';

describe.skipIf(whyNoContainers() !== null)('logs of Azure', () => {
  // A machine that comes after another takes more than a second, by which their logs are told apart.
  const test = useAzure({ requeue: 1500 });
  let connection: Connection;
  let restore: () => void;
  beforeAll(() => {
    restore = useAz(test.azure);
    connection = connect(test.azure);
  });
  afterAll(async () => {
    await connection.dispose();
    restore();
  });

  const never = new AbortController().signal;
  const read = async (job: string, cursor: LogCursor | null = null, from = connection): Promise<LogItem[]> => {
    const items: LogItem[] = [];
    for await (const item of from.logs(handleFor(job), cursor, never)) {
      items.push(item);
    }
    return items;
  };
  const texts = (items: readonly LogItem[]): Record<string, string> => {
    const all: Record<string, string> = {};
    for (const item of items) {
      const name = item.stream === null ? '' : streamText(item.stream);
      all[name] = `${all[name] ?? ''}${item.kind === 'bytes' ? Buffer.from(item.bytes).toString() : '[gap]'}`;
    }
    return all;
  };
  /** Reads until that text was there; leaves the stream. */
  const readUntil = async (job: string, text: string, cursor: LogCursor | null = null): Promise<LogItem[]> => {
    const items: LogItem[] = [];
    for await (const item of connection.logs(handleFor(job), cursor, never)) {
      items.push(item);
      if (Object.values(texts(items)).join('').includes(text)) {
        break;
      }
    }
    return items;
  };

  it('come while the job runs, rank by rank', async () => {
    const job = await test.submit('echo "rank $RANK"; sleep 0.4; echo done', {
      resources: { instanceCount: 2 },
      distribution: { distributionType: 'PyTorch', processCountPerInstance: 2 },
    });
    expect(texts(await read(job))).toEqual({
      stdout: 'rank 0\ndone\n',
      'stdout.n1': 'rank 1\ndone\n',
      'stdout.n2': 'rank 2\ndone\n',
      'stdout.n3': 'rank 3\ndone\n',
    });
  });

  it('go on exactly where a cursor says, in another connection and after the end', async () => {
    const job = await test.submit('for i in 1 2 3 4 5 6; do echo "line $i"; sleep 0.2; done');
    const first = await readUntil(job, 'line 2');
    const other = connect(test.azure);
    const rest = await read(job, first.at(-1)?.cursor ?? null, other);
    await other.dispose();
    expect(texts([...first, ...rest])).toEqual({
      stdout: 'line 1\nline 2\nline 3\nline 4\nline 5\nline 6\n',
    });
    const last = [...first, ...rest].at(-1)?.cursor ?? null;
    expect(await read(job, last)).toEqual([]);
    expect((last ?? '').length).toBeLessThan(60);
  });

  it.each([true, false])('bear ranges of nothing (%s: as Azurite, else as Azure answers them)', async (isAzurite) => {
    test.azure.control.answerEmptyRanges(isAzurite);
    const job = await test.submit('sleep 0.5; printf "a"; sleep 0.5; printf "b"');
    expect(texts(await read(job))).toEqual({ stdout: 'ab' });
    test.azure.control.answerEmptyRanges(false);
  });

  it('are read in pieces where they are long, without a byte lost', async () => {
    const job = await test.submit("head -c 9000001 /dev/zero | tr '\\0' 'x'; echo; echo end");
    const text = texts(await read(job))['stdout'] ?? '';
    expect(text.length).toBe(9_000_006);
    expect(text.endsWith('x\nend\n')).toBe(true);
  });

  /** A job that prints one thing and waits until its machine is taken away, and then, on another, prints something else. */
  const submitTwoLives = async (name: string, first: string, second: string): Promise<string> =>
    test.submit(
      `if [ -e "\${{inputs.flags}}/${name}" ]; then printf '${second}'; else printf '${first}'; sleep 600; fi`,
      {
        queueSettings: { jobTier: 'Spot' },
        inputs: { flags: { jobInputType: 'uri_folder', uri: 'azureml://datastores/workspaceblobstore/paths/flags/' } },
      },
    );
  const setFlag = async (name: string): Promise<void> => {
    const { storage, workspaces } = test.azure.control;
    const container = storage.container(`azureml-blobstore-${workspaces[0]?.id ?? ''}`);
    await container.getBlockBlobClient(`flags/${name}`).upload('', 0);
  };

  it('begin anew with a mark when the machine was taken away, and lose nothing of the second life', async () => {
    await setFlag('any');
    const job = await submitTwoLives('again', 'first\n', 'second\n');
    const items: LogItem[] = [];
    for await (const item of connection.logs(handleFor(job), null, never)) {
      items.push(item);
      if (texts(items)['stdout'] === 'first\n') {
        await setFlag('again');
        test.azure.control.preempt(job);
      }
    }
    expect(texts(items)).toEqual({ stdout: 'first\n[gap]second\n' });
    const at = items.findIndex(({ kind }) => kind === 'gap');
    // A reload in the middle finds the same.
    expect(texts(await read(job, items[at - 1]?.cursor ?? null))).toEqual({ stdout: '[gap]second\n' });
    expect(texts(await read(job, items[at]?.cursor ?? null))).toEqual({ stdout: 'second\n' });
  });

  it('tell a log of a second life from the first though it is as long, or longer', async () => {
    await setFlag('any');
    for (const second of ['other', 'a long one']) {
      const job = await submitTwoLives(second, 'first', second);
      const items = await readUntil(job, 'first');
      await setFlag(second);
      test.azure.control.preempt(job);
      await test.until(job, 'Completed');
      expect(texts(await read(job, items.at(-1)?.cursor ?? null))).toEqual({ stdout: `[gap]${second}` });
    }
  });

  it('show the build of an image while it is built, and Azure’s own logs when nothing else was printed', async () => {
    test.azure.control.buildImages({
      lines: ['Step 1 : FROM x', 'Step 2 : RUN pip', 'error'],
      pause: 1000,
      fails: true,
    });
    const job = await test.submit('echo never');
    const early = await readUntil(job, 'Step 1');
    expect(test.azure.control.job(job).status).toBe('Preparing');
    expect(texts([...early, ...(await read(job, early.at(-1)?.cursor ?? null))])).toEqual({
      imageBuild: 'Step 1 : FROM x\nStep 2 : RUN pip\nerror\n',
    });
    test.azure.control.buildImages(null);
    const missing = await test.submit('cat ${{inputs.data}}/x', {
      inputs: { data: { jobInputType: 'uri_folder', uri: 'azureml://datastores/workspaceblobstore/paths/none/' } },
    });
    const streams = texts(await read(missing));
    expect(Object.keys(streams)).toContain('lifecycler_execution-wrapper');
    expect(streams['data_capability_data-capability']).toContain('Mounting inputs');
  });

  it('leave Azure’s own logs out where the program printed something', async () => {
    const job = await test.submit('echo wrong; exit 1');
    expect(texts(await read(job))).toEqual({ stdout: 'wrong\n' });
  });

  it('bring what reaches storage only after the end, however late within half a minute', async () => {
    const job = await test.submit('echo early');
    await test.until(job, 'Completed');
    const reading = read(job);
    test.azure.control.writeLog(job, 'user_logs/std_log.txt', 'late\n');
    expect(texts(await reading)).toEqual({ stdout: 'early\nlate\n' });
  });

  it('go on over signatures that expire', async () => {
    const job = await test.submit('for i in 1 2 3 4; do echo "line $i"; sleep 0.5; done');
    const items: LogItem[] = [];
    for await (const item of connection.logs(handleFor(job), null, never)) {
      items.push(item);
      test.azure.control.expireSignatures();
    }
    expect(texts(items)).toEqual({ stdout: 'line 1\nline 2\nline 3\nline 4\n' });
  });

  // Longer than a busy machine takes from a sign-in, which starts a program, to its use.
  const shortLife = 5000;
  const slowly = 'for i in 1 2 3; do echo "line $i"; sleep 4; done';

  it('go on over signatures that last a few seconds', async () => {
    const { storage } = test.azure.control;
    const before = storage.signatureLifetime;
    storage.signatureLifetime = shortLife;
    try {
      expect(texts(await read(await test.submit(slowly)))).toEqual({ stdout: 'line 1\nline 2\nline 3\n' });
    } finally {
      storage.signatureLifetime = before;
    }
  });

  it('go on over tokens that last a few seconds', async () => {
    test.azure.control.setTokenLifetime(shortLife);
    try {
      expect(texts(await read(await test.submit(slowly)))).toEqual({ stdout: 'line 1\nline 2\nline 3\n' });
    } finally {
      test.azure.control.setTokenLifetime(3_600_000);
    }
  });

  it('go on over a token that expires', async () => {
    const job = await test.submit('for i in 1 2 3 4; do echo "line $i"; sleep 0.5; done');
    const before = test.azure.control.azCalls;
    const items: LogItem[] = [];
    for await (const item of connection.logs(handleFor(job), null, never)) {
      items.push(item);
      test.azure.control.expireTokens();
    }
    expect(texts(items)).toEqual({ stdout: 'line 1\nline 2\nline 3\nline 4\n' });
    expect(test.azure.control.azCalls).toBeGreaterThan(before);
  });

  it('break off with what Azure says when the sign-in has ended, and go on from the cursor', async () => {
    const job = await test.submit('for i in 1 2 3; do echo "line $i"; sleep 0.5; done');
    const first = await readUntil(job, 'line 1');
    test.azure.control.expireTokens();
    test.azure.control.signOut();
    await expect(read(job, first.at(-1)?.cursor ?? null)).rejects.toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining('az login'),
    });
    test.azure.control.refuseAz(null);
    const rest = await read(job, first.at(-1)?.cursor ?? null);
    expect(texts([...first, ...rest])).toEqual({ stdout: 'line 1\nline 2\nline 3\n' });
  });

  it('break off as rate limited in a storm of 429, with the wait that was asked for', async () => {
    const job = await test.submit('echo one');
    await test.until(job, 'Completed');
    const answer = {
      kind: 'answer',
      code: 429,
      contentType: 'application/json',
      body: '{}',
      headers: { 'retry-after': '9' },
    } as const;
    for (const path of [/\/history\//u, /\/visionstore\//u, /\/jobs$/u]) {
      test.azure.control.addFault({ on: { method: 'GET', path }, ...answer, times: 100 });
      await expect(read(job)).rejects.toMatchObject({ tag: 'rateLimited', retryAfterMs: 9000 });
      test.azure.control.clearFaults();
    }
    expect(texts(await read(job))).toEqual({ stdout: 'one\n' });
  });

  it('break off as transient when the connection is cut, and resume to the byte', async () => {
    const job = await test.submit('printf 0123456789');
    await test.until(job, 'Completed');
    for (const afterBytes of [0, 1, 4, 9]) {
      test.azure.control.addFault({ on: { path: /std_log/u }, kind: 'cut', afterBytes });
      const items: LogItem[] = [];
      const reading = (async () => {
        for await (const item of connection.logs(handleFor(job), null, never)) {
          items.push(item);
        }
      })();
      await expect(reading).rejects.toMatchObject({ tag: 'transient' });
      const rest = await read(job, items.at(-1)?.cursor ?? null);
      expect(texts([...items, ...rest])).toEqual({ stdout: '0123456789' });
    }
  });

  it('wait for nobody who was given up: a call that hangs holds up no other', async () => {
    const job = await test.submit('echo one');
    await test.until(job, 'Completed');
    for (const path of [/\/jobs$/u, /\/details$/u, /std_log/u]) {
      test.azure.control.addFault({ on: { path }, kind: 'hang' });
      const arrived = test.azure.control.nextRequest({ path });
      const stop = new AbortController();
      const reading = (async () => {
        for await (const _ of connection.logs(handleFor(job), null, stop.signal)) {
          // Nothing comes.
        }
      })();
      await arrived;
      stop.abort(new Error('enough'));
      await expect(reading).rejects.toThrow('enough');
      expect(texts(await read(job))).toEqual({ stdout: 'one\n' });
    }
  });

  it('break off as transient where Azure cannot be reached', async () => {
    const other = await startAzure();
    const lost = connect(other);
    await other.stop();
    await expect(read('any', null, lost)).rejects.toMatchObject({ tag: 'transient' });
    await lost.dispose();
  });

  it('say notFound of a job that is not there', async () => {
    await expect(read('nothing')).rejects.toMatchObject({ tag: 'notFound' });
  });
});

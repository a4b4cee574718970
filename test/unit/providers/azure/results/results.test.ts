import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../../../../src/core/provider.ts';
import { whyNoContainers } from '../../../../emulators/containers/containerProcess.ts';
import { connect, handleFor, useAz } from '../../../../fixtures/azure/connection.ts';
import { useAzure } from '../../../../fixtures/azure/testAzure.ts';

describe.skipIf(whyNoContainers() !== null)('results of Azure', () => {
  const test = useAzure();
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
  const store = (): ReturnType<typeof test.azure.control.storage.container> =>
    test.azure.control.storage.container(`azureml-blobstore-${test.azure.control.workspaces[0]?.id ?? ''}`);
  const put = async (name: string, text: string): Promise<void> => {
    await store().getBlockBlobClient(name).upload(text, text.length);
  };
  const list = async (
    job: string,
    globs: readonly string[],
    nodes = 1,
  ): Promise<readonly (readonly [string, number])[]> =>
    (await connection.outputs(handleFor(job, nodes), globs, never)).map(({ path, bytes }) => [path, bytes] as const);
  const read = async (job: string, path: string, nodes = 1): Promise<string> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of connection.readOutput(handleFor(job, nodes), path, never)) {
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString();
  };

  it('are what the script copied and what Azure kept of ./outputs, each once', async () => {
    const job = await test.submit(
      'mkdir -p outputs/deep && printf 0.5 > outputs/loss.txt && printf abc > outputs/deep/x.bin && printf no > outputs/log.txt',
    );
    await test.until(job, 'Completed');
    await put(`aloft/results/${job}/0/outputs/loss.txt`, '0.25');
    await put(`aloft/results/${job}/0/report.md`, 'fine');
    await put(`aloft/results/${job}2/0/other.md`, 'of another job');
    expect(await list(job, ['outputs/**/*.{bin,txt}', '*.md'])).toEqual([
      ['outputs/deep/x.bin', 3],
      ['outputs/log.txt', 2],
      ['outputs/loss.txt', 4],
      ['report.md', 4],
    ]);
    expect(await list(job, ['outputs/deep'])).toEqual([['outputs/deep/x.bin', 3]]);
    expect(await list(job, [])).toEqual([]);
    expect(await read(job, 'outputs/loss.txt')).toBe('0.25');
    expect(await read(job, 'outputs/deep/x.bin')).toBe('abc');
    expect(await read(job, 'report.md')).toBe('fine');
  });

  it('of several nodes are told apart', async () => {
    await put('aloft/results/many/0/loss.txt', 'zero');
    await put('aloft/results/many/1/loss.txt', 'one!!');
    expect(await list('many', ['*.txt'], 2)).toEqual([
      ['loss.txt', 4],
      ['node1/loss.txt', 5],
    ]);
    expect(await read('many', 'node1/loss.txt', 2)).toBe('one!!');
  });

  it('never lead out of the folder', async () => {
    await put('aloft/results/bad/0/..\\up.txt', 'x');
    await put('aloft/secrets/bad', 'secret');
    await put('aloft/results/bad/0/good.txt', 'x');
    expect(await list('bad', ['**', '../**', '/**'])).toEqual([['good.txt', 1]]);
    for (const path of ['../../../secrets/bad', '/etc/passwd', 'a/../../x', '', '.', 'a\0b', '..\\up.txt']) {
      await expect(read('bad', path), JSON.stringify(path)).rejects.toMatchObject({ tag: 'invalid' });
    }
    await expect(read('bad', 'none.txt')).rejects.toMatchObject({ tag: 'notFound' });
    await expect(read('bad', 'outputs/none.txt')).rejects.toMatchObject({ tag: 'notFound' });
  });

  it('are read with the person’s own sign-in where the datastore keeps no key', async () => {
    await put('aloft/results/own/0/a.txt', 'mine');
    test.azure.control.keepSecrets(false);
    const other = connect(test.azure);
    const listed = await other.outputs(handleFor('own'), ['**'], never);
    await other.dispose();
    test.azure.control.keepSecrets(true);
    expect(listed.map(({ path, bytes }) => [path, bytes])).toEqual([['a.txt', 4]]);
  });

  it('that are many come page by page', async () => {
    const job = await test.submit('mkdir outputs; for i in $(seq 25); do printf $i > outputs/$i.txt; done');
    await test.until(job, 'Completed');
    expect(await list(job, ['outputs'])).toHaveLength(25);
  });

  it.each(['aloft/results/cut/0/big.bin', 'outputs/big.bin'])(
    'go on where the connection was cut: %s',
    async (place) => {
      const text = 'x'.repeat(300_000) + 'y'.repeat(300_000);
      const isKept = place.startsWith('outputs/');
      const job = isKept
        ? await test.submit(
            "mkdir outputs; { head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y; } > outputs/big.bin",
          )
        : 'cut';
      if (isKept) {
        await test.until(job, 'Completed');
      } else {
        await put(place, text);
      }
      test.azure.control.addFault({
        on: { method: 'GET', path: /big\.bin$/u },
        kind: 'cut',
        afterBytes: 200_000,
        times: 2,
      });
      expect((await read(job, isKept ? 'outputs/big.bin' : 'big.bin')) === text).toBe(true);
      expect(test.azure.control.countRequests({ method: 'GET', path: /big\.bin$/u })).toBeGreaterThanOrEqual(3);
      test.azure.control.clearFaults();
    },
  );

  it('of a job that was cancelled are there as well', async () => {
    const job = await test.submit('mkdir outputs; echo half > outputs/model.pt; echo ready; sleep 600');
    await test.until(job, 'Running');
    await expect.poll(async () => test.log(job).catch(() => ''), { timeout: 20_000 }).toBe('ready\n');
    await connection.cancel(handleFor(job), never);
    await test.until(job, 'Canceled');
    expect(await list(job, ['outputs/*.pt'])).toEqual([['outputs/model.pt', 5]]);
  });

  it('say what Azure says when it throttles or the sign-in has ended', async () => {
    test.azure.control.addFault({
      on: { path: /\/artifact\//u },
      kind: 'answer',
      code: 429,
      contentType: 'application/json',
      body: '{}',
      headers: { 'retry-after': '4' },
    });
    await expect(list('many', ['*'])).rejects.toMatchObject({ tag: 'rateLimited', retryAfterMs: 4000 });
    test.azure.control.expireTokens();
    test.azure.control.signOut();
    await expect(list('many', ['*'])).rejects.toMatchObject({ tag: 'auth' });
    test.azure.control.refuseAz(null);
    expect(await list('many', ['*.txt'], 2)).toHaveLength(2);
  });
});

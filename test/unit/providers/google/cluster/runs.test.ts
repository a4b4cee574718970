import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AcceleratorName } from '../../../../../src/core/accelerator.ts';
import { gather, never, rejection } from '../../../../conformance/harness.ts';
import { whyNoContainers } from '../../../../emulators/containers/containerProcess.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';

let lab: GoogleLab;

beforeEach(async () => {
  lab = await GoogleLab.start();
});

afterEach(async () => lab.stop());

describe.skipIf(whyNoContainers() !== null)('runs on Google Cloud', () => {
  it('give each node its rank, and keep the results of nodes apart', async () => {
    const connection = lab.open();
    // The first node, with which the job ends, is the quickest.
    const command = 'if [ "$NODE_RANK" != 0 ]; then sleep 1; fi; echo "$NODE_RANK of $NNODES" > out.txt';
    const handle = await connection.submit(
      await lab.prepare(connection, command, { nodes: 3, outputs: ['*.txt'] }),
      never(),
    );
    expect(await lab.until(connection, handle)).toMatchObject({ state: 'succeeded' });
    const outputs = await connection.outputs(handle, ['**'], never());
    expect(outputs.map(({ path }) => path).toSorted()).toEqual(['node1/out.txt', 'node2/out.txt', 'out.txt']);
    const text = async (path: string): Promise<string> =>
      Buffer.concat(await gather(connection.readOutput(handle, path, never()))).toString();
    expect(await text('out.txt')).toBe('0 of 3\n');
    expect(await text('node2/out.txt')).toBe('2 of 3\n');
  });

  it('list what is in the output directory, leave checkpoints out unless they are named, and in place when removed', async () => {
    const connection = lab.open();
    const command = [
      'in_gcs() { echo "/gcs/${1#gs://}"; }',
      'for folder in "$AIP_MODEL_DIR" "$AIP_MODEL_DIR/checkpoint-500" "$AIP_CHECKPOINT_DIR"; do at=$(in_gcs "$folder"); mkdir -p "$at"; echo x > "$at/weights.bin"; done',
    ].join('\n');
    const handle = await connection.submit(await lab.prepare(connection, command), never());
    expect(await lab.until(connection, handle)).toMatchObject({ state: 'succeeded' });
    const paths = async (...globs: readonly string[]): Promise<readonly string[]> =>
      (await connection.outputs(handle, globs, never())).map(({ path }) => path).toSorted();
    const model = 'model/weights.bin';
    expect(await paths()).toEqual([model]);
    expect(await paths('out/*.json')).toEqual([model]);
    expect(await paths('model/**')).toEqual(['model/checkpoint-500/weights.bin', model]);
    expect(await paths('checkpoints/**')).toEqual(['checkpoints/weights.bin', model]);
    await connection.remove(handle, never());
    expect(await paths('checkpoints/*')).toEqual(['checkpoints/weights.bin', model]);
    expect(await rejection(gather(connection.readOutput(handle, 'nothing', never())))).toMatchObject({
      tag: 'notFound',
    });
  });

  it('explain a failure by exit code, and one of ours in words', async () => {
    const connection = lab.open();
    const failed = await connection.submit(await lab.prepare(connection, 'exit 7'), never());
    expect(await lab.until(connection, failed)).toMatchObject({
      state: 'failed',
      exitCode: 7,
      reason: expect.stringContaining('workerpool0-0'),
    });
    const elsewhere = { workingDirectory: 'not/there' };
    const folder = await connection.submit(await lab.prepare(connection, 'true', elsewhere), never());
    expect(await lab.until(connection, folder)).toMatchObject({
      state: 'failed',
      explanation: 'The working folder is not in the code',
    });
  });

  it('say where machines are short, wait for them with Flex-start, and find them in another region', async () => {
    const connection = lab.open();
    const { jobs } = lab.google.control;
    const makeGood = jobs.addShortage({ region: 'us-central1', machine: 'NVIDIA_L4' });
    const l4 = { accelerator: { name: 'L4' as AcceleratorName, count: 1 } };
    const standard = await connection.submit(await lab.prepare(connection, 'true', l4), never());
    expect(await lab.until(connection, standard)).toMatchObject({
      state: 'failed',
      startedAt: null,
      explanation: expect.stringMatching(/no machines like these left in us-central1/u),
    });
    const elsewhere = await connection.submit(
      await lab.prepare(connection, 'true', { ...l4, region: 'europe-west4' }),
      never(),
    );
    expect(await lab.until(connection, elsewhere)).toMatchObject({ state: 'succeeded' });
    const patient = { ...l4, options: { scheduling: 'FLEX_START' } };
    const flex = await connection.submit(await lab.prepare(connection, 'true', patient), never());
    expect(await lab.until(connection, flex, ({ state }) => state === 'provisioning')).toMatchObject({
      explanation: expect.stringContaining('Flex-start'),
    });
    makeGood();
    expect(await lab.until(connection, flex)).toMatchObject({ state: 'succeeded' });
  });

  it('go through preemption and on again', async () => {
    const connection = lab.open();
    const { jobs } = lab.google.control;
    jobs.timing.provision = 500;
    const command = `once=/gcs/${lab.google.bucket}/once; if [ -e $once ]; then exit 0; fi; touch $once; sleep 600`;
    const handle = await connection.submit(await lab.prepare(connection, command, { spot: true }), never());
    await lab.until(connection, handle, ({ state }) => state === 'running');
    while (lab.google.control.buckets.find(lab.google.bucket, 'once') === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    jobs.preempt(handle.id);
    expect(await lab.until(connection, handle, ({ state }) => state !== 'running')).toMatchObject({
      state: 'preempted',
      explanation: expect.stringContaining('spot'),
    });
    expect(await lab.until(connection, handle)).toMatchObject({ state: 'succeeded' });
  });
});

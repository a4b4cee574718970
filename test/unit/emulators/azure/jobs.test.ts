import { describe, expect, it } from 'vitest';
import { whyNoContainers } from '../../../emulators/containers/containerProcess.ts';
import { containerOf, useAzure } from '../../../fixtures/azure/testAzure.ts';

describe.skipIf(whyNoContainers() !== null)('jobs of the emulated Azure', () => {
  const test = useAzure();

  it('run for real, with what was uploaded as their code', async () => {
    const started = await test.ask('POST', 'codes/snap/versions/1/startPendingUpload', {
      pendingUploadType: 'TemporaryBlobReference',
    });
    const reference = started.body['blobReferenceForConsumption'] as {
      blobUri: string;
      credential: { sasUri: string };
    };
    const blob = containerOf(reference.credential.sasUri).getBlockBlobClient('src/hello.sh');
    await blob.upload('echo hello from $1', 18, { conditions: { ifNoneMatch: '*' } });
    await expect(blob.upload('other', 5, { conditions: { ifNoneMatch: '*' } })).rejects.toMatchObject({
      statusCode: 409,
      code: 'BlobAlreadyExists',
    });
    await test.ask('PUT', 'codes/snap/versions/1', { properties: { codeUri: reference.blobUri } });

    const job = await test.submit('sh src/hello.sh "$AZUREML_RUN_ID" && mkdir outputs && echo 0.5 > outputs/loss.txt', {
      codeId: `${test.azure.workspace.armId}/codes/snap/versions/1`,
    });
    await test.until(job, 'Completed');
    expect(await test.log(job)).toBe(`hello from ${job}\n`);
    expect(test.azure.control.job(job).history).toEqual([
      'NotStarted',
      'Queued',
      'Preparing',
      'Running',
      'Finalizing',
      'Completed',
    ]);
    const artifacts = await test.ask(
      'GET',
      `/artifact/v2.0${test.azure.workspace.armId}/artifacts/prefix/contentinfo/ExperimentRun/dcid.${job}?path=outputs/`,
    );
    const [loss] = artifacts.body['value'] as { path: string; contentUri: string }[];
    expect(loss?.path).toBe('outputs/loss.txt');
    expect(await (await fetch(loss?.contentUri ?? '')).text()).toBe('0.5\n');
  });

  it('tell how the program ended', async () => {
    const job = await test.submit('echo about to fail; exit 3');
    await test.until(job, 'Failed');
    const details = await test.details(job);
    expect(details['error']).toMatchObject({
      error: {
        code: 'UserError',
        message:
          "Execution failed. User process '/bin/bash' exited with status code 3. Please check log file 'user_logs/std_log.txt' for error details. Error: about to fail",
      },
    });
    const killed = await test.submit('kill -KILL $$');
    await test.until(killed, 'Failed');
    expect(JSON.stringify(await test.details(killed))).toContain('exited with status code 137');
  });

  it('run a process for each rank', async () => {
    const job = await test.submit('echo "rank $RANK of $WORLD_SIZE on $NODE_RANK, $LOCAL_RANK"', {
      resources: { instanceCount: 2 },
      distribution: { distributionType: 'PyTorch', processCountPerInstance: 2 },
    });
    await test.until(job, 'Completed');
    expect(await test.log(job, 'user_logs/std_log_process_00.txt')).toBe('rank 0 of 4 on 0, 0\n');
    expect(await test.log(job, 'user_logs/std_log_process_03.txt')).toBe('rank 3 of 4 on 1, 1\n');
  });

  it('are cancelled, and tell so at the address that was given', async () => {
    const job = await test.submit('echo ready; sleep 1000');
    await test.until(job, 'Running');
    const { status, headers } = await test.ask('POST', `jobs/${job}/cancel`);
    expect(status).toBe(202);
    expect(headers.get('location')).toContain('/mfeOperationResults/');
    await test.until(job, 'Canceled');
    expect((await test.ask('POST', `jobs/${job}/cancel`)).status).toBe(400);
    expect((await test.ask('DELETE', `jobs/${job}`)).status).toBe(202);
    expect((await test.ask('GET', `jobs/${job}`)).status).toBe(404);
  });

  it('begin anew when their machine is taken away, and so do their logs', async () => {
    const container = test.azure.control.storage.container(
      `azureml-blobstore-${test.azure.control.workspaces[0]?.id ?? ''}`,
    );
    await container.getBlockBlobClient('lives/first').upload('', 0);
    const job = await test.submit('ls ${{inputs.lives}}; [ -e ${{inputs.lives}}/second ] || sleep 600', {
      queueSettings: { jobTier: 'Spot' },
      inputs: { lives: { jobInputType: 'uri_folder', uri: 'azureml://datastores/workspaceblobstore/paths/lives/' } },
    });
    await test.until(job, 'Running');
    await expect.poll(async () => test.log(job).catch(() => ''), { timeout: 20_000 }).toBe('first\n');
    await container.getBlockBlobClient('lives/second').upload('', 0);
    test.azure.control.preempt(job);
    await test.until(job, 'Completed');
    expect(test.azure.control.job(job).history.slice(3)).toEqual([
      'Running',
      'Queued',
      'Preparing',
      'Running',
      'Finalizing',
      'Completed',
    ]);
    expect(await test.log(job)).toBe('first\nsecond\n');
  });

  it('read inputs and write outputs where the request says', async () => {
    const container = test.azure.control.storage.container(
      `azureml-blobstore-${test.azure.control.workspaces[0]?.id ?? ''}`,
    );
    await container.getBlockBlobClient('sets/one/a.txt').upload('data', 4);
    const job = await test.submit(
      'cat ${{inputs.set}}/a.txt; echo ${{inputs.rate}}; echo model > ${{outputs.model}}/m.bin',
      {
        inputs: {
          set: { jobInputType: 'uri_folder', uri: 'azureml://datastores/workspaceblobstore/paths/sets/one/' },
          rate: { jobInputType: 'literal', value: '0.1' },
        },
        outputs: {
          model: { jobOutputType: 'uri_folder', uri: 'azureml://datastores/workspaceblobstore/paths/models/' },
        },
      },
    );
    await test.until(job, 'Completed', 'Failed');
    expect(await test.log(job)).toBe('data0.1\n');
    expect((await container.getBlobClient('models/m.bin').downloadToBuffer()).toString()).toBe('model\n');
  });

  it('build an image first where they have to, and fail where that fails', async () => {
    test.azure.control.buildImages({ lines: ['Step 1/2 : FROM x', 'no space left'], pause: 5, fails: true });
    const job = await test.submit('echo never');
    await test.until(job, 'Failed');
    test.azure.control.buildImages(null);
    expect(await test.log(job, 'azureml-logs/20_image_build_log.txt')).toBe('Step 1/2 : FROM x\nno space left\n');
    expect(JSON.stringify(await test.details(job))).toContain('Image build failed');
  });

  it('wait while nobody has a machine', async () => {
    const release = test.azure.control.holdQueue();
    const job = await test.submit('true');
    await test.until(job, 'Queued');
    release();
    await test.until(job, 'Completed');
  });
});

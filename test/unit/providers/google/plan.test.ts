import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { AcceleratorName } from '../../../../src/core/accelerator.ts';
import type { RunId, SnapshotId } from '../../../../src/core/job.ts';
import type { JobSpec } from '../../../../src/core/jobSpec.ts';
import type { Plan } from '../../../../src/core/provider.ts';
import { machines } from '../../../../src/providers/google/machines/choose.ts';
import { planJob } from '../../../../src/providers/google/plan/plan.ts';
import { readRequest, type CustomJobRequest } from '../../../../src/providers/google/plan/request.ts';
import { parseSettings } from '../../../../src/providers/google/settings.ts';
import { specFor } from '../../../conformance/harness.ts';

const settings = parseSettings({ project: 'ada-lab', regions: ['us-central1', 'europe-west4'], bucket: 'ada-code' });
const key = { runId: '01J9ZZZZZZZZZZZZZZZZZZZZZZ' as RunId, attempt: 1 };
const snapshotId = 'ab'.repeat(32) as SnapshotId;
const gib = 1024 ** 3;
const minute = { durationMs: 60_000, waitMs: null, costUsd: null };

const plan = (more: Partial<JobSpec> = {}, command = 'python train.py'): Plan =>
  planJob({ spec: specFor(command, more), key, snapshotId, interpreter: null }, settings);
const job = (more: Partial<JobSpec> = {}, command?: string): CustomJobRequest =>
  readRequest(plan(more, command).request).customJob;
const accelerator = (name: string, count: number): Partial<JobSpec> => ({
  accelerator: { name: name as AcceleratorName, count },
});
const machineOf = (more: Partial<JobSpec>): object | undefined =>
  job({ image: 'lab/own:1', ...more }).jobSpec.workerPoolSpecs[0]?.machineSpec;

describe('a plan for Google Cloud', () => {
  it.each([
    ['L4', 1, { machineType: 'g2-standard-8', acceleratorType: 'NVIDIA_L4', acceleratorCount: 1 }],
    ['T4', 2, { machineType: 'n1-standard-16', acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 2 }],
    ['T4', 1, { machineType: 'n1-standard-4', acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 1 }],
    ['V100', 8, { machineType: 'n1-standard-64', acceleratorType: 'NVIDIA_TESLA_V100', acceleratorCount: 8 }],
    ['A100-40GB', 16, { machineType: 'a2-megagpu-16g', acceleratorType: 'NVIDIA_TESLA_A100', acceleratorCount: 16 }],
    ['A100-80GB', 4, { machineType: 'a2-ultragpu-4g', acceleratorType: 'NVIDIA_A100_80GB', acceleratorCount: 4 }],
    ['H100', 8, { machineType: 'a3-highgpu-8g', acceleratorType: 'NVIDIA_H100_80GB', acceleratorCount: 8 }],
    ['H200', 8, { machineType: 'a3-ultragpu-8g', acceleratorType: 'NVIDIA_H200_141GB', acceleratorCount: 8 }],
    ['B200', 8, { machineType: 'a4-highgpu-8g', acceleratorType: 'NVIDIA_B200', acceleratorCount: 8 }],
    ['GB200', 4, { machineType: 'a4x-highgpu-4g', acceleratorType: 'NVIDIA_GB200', acceleratorCount: 4 }],
    ['RTX PRO 6000', 2, { machineType: 'g4-standard-96', acceleratorType: 'NVIDIA_RTX_PRO_6000', acceleratorCount: 2 }],
    ['TPU v2', 4, { machineType: 'cloud-tpu', acceleratorType: 'TPU_V2', acceleratorCount: 8 }],
    ['TPU v3', 16, { machineType: 'cloud-tpu', acceleratorType: 'TPU_V3', acceleratorCount: 32 }],
    ['TPU v5e', 1, { machineType: 'ct5lp-hightpu-1t', tpuTopology: '1x1' }],
    ['TPU v5e', 8, { machineType: 'ct5lp-hightpu-8t', tpuTopology: '2x4' }],
    ['TPU v5e', 256, { machineType: 'ct5lp-hightpu-4t', tpuTopology: '16x16' }],
    ['TPU v6e', 16, { machineType: 'ct6e-standard-4t', tpuTopology: '4x4' }],
    ['TPU v6e', 8, { machineType: 'ct6e-standard-8t', tpuTopology: '2x4' }],
    ['TPU7x', 1024, { machineType: 'tpu7x-standard-4t', tpuTopology: '8x8x16' }],
  ])('turns %s x %i into the machine there is', (name, count, machine) => {
    expect(machineOf(accelerator(name, count))).toEqual(machine);
  });

  it('takes the first machine with the CPUs and memory that are asked for', () => {
    expect(machineOf({})).toEqual({ machineType: 'e2-standard-4' });
    expect(machineOf({ cpus: 6 })).toEqual({ machineType: 'e2-standard-8' });
    expect(machineOf({ memoryBytes: 100 * gib })).toEqual({ machineType: 'e2-highmem-16' });
    expect(machineOf({ ...accelerator('L4', 1), memoryBytes: 60 * gib })).toMatchObject({
      machineType: 'g2-standard-16',
    });
    expect(machineOf({ ...accelerator('H100', 8), options: { machineType: 'a3-megagpu-8g' } })).toEqual({
      machineType: 'a3-megagpu-8g',
      acceleratorType: 'NVIDIA_H100_MEGA_80GB',
      acceleratorCount: 8,
    });
  });

  it('takes every machine by its name that there is', () => {
    const named = (machineType: string, more: Partial<JobSpec> = {}): object | undefined =>
      machineOf({ ...more, options: { machineType } });
    for (const machineType of [
      'n1-highmem-96',
      'n4-standard-16',
      'c2-standard-60',
      'n2-standard-8',
      'e2-highcpu-16',
      'm1-megamem-96',
    ]) {
      expect(named(machineType)).toEqual({ machineType });
    }
    expect(named('n1-highmem-16', accelerator('T4', 1))).toEqual({
      machineType: 'n1-highmem-16',
      acceleratorType: 'NVIDIA_TESLA_T4',
      acceleratorCount: 1,
    });
    expect(named('n1-highmem-96', accelerator('T4', 4))).toMatchObject({ acceleratorCount: 4 });
    expect(named('n1-standard-16', accelerator('V100', 4))).toMatchObject({ acceleratorCount: 4 });
    expect(named('ct5lp-hightpu-4t', accelerator('TPU v5e', 8))).toEqual({
      machineType: 'ct5lp-hightpu-4t',
      tpuTopology: '2x4',
    });
    // More memory than the usual machines have.
    expect(machineOf({ ...accelerator('T4', 1), memoryBytes: 100 * gib })).toMatchObject({
      machineType: 'n1-highmem-16',
    });
    expect(machineOf({ cpus: 96 })).toEqual({ machineType: 'n1-standard-96' });
  });

  it.each([
    [{ ...accelerator('T4', 1), options: { machineType: 'n1-standard-32' } }, 'options.machineType', /n1-standard-/u],
    [{ options: { machineType: 'g2-standard-8' } }, 'options.machineType', /n2-standard-8|e2-standard-8/u],
    [accelerator('TPU v5p', 4), 'accelerator', /TPU v5e|TPU v6e/u],
    [accelerator('MI300X', 8), 'accelerator', /Choose/u],
    [accelerator('TPU v6e', 12), 'accelerator.count', /nearest is TPU v6e x 16/u],
    [accelerator('H100', 3), 'accelerator.count', /nearest is H100 x 4; there are 1, 2, 4, 8/u],
    [{ ...accelerator('TPU v6e', 4), nodes: 4 }, 'nodes', /TPU v6e x 16/u],
    [{ ...accelerator('TPU v6e', 16), spot: true }, 'spot', /one machine/u],
    [{ ...accelerator('T4', 1), options: { scheduling: 'FLEX_START' } }, 'options.scheduling', /Flex-start for L4/u],
    [{ ...accelerator('L4', 1), spot: true, options: { scheduling: 'FLEX_START' } }, 'options.scheduling', /out/u],
    [{ options: { maxWait: '2h' } }, 'options.maxWait', /limits\.wait/u],
    [{ options: { machineType: 'e2-standard-5' } }, 'options.machineType', /e2-standard-4/u],
    [{ options: { nonsense: 'x' } }, 'options.nonsense', /Take it out/u],
    [{ options: { outputDirectory: '/tmp' } }, 'options.outputDirectory', undefined],
    [{ memoryBytes: 9000 * gib }, 'memory', /largest is m1-ultramem-160/u],
    [{ cpus: 500 }, 'cpus', /largest/u],
    [{ region: 'evil.example/' }, 'region', /us-central1/u],
    [{ region: 'us-central1@evil.example' }, 'region', /us-central1/u],
    [accelerator('B200', 8), 'image', /CUDA 12\.8/u],
    [accelerator('GB200', 4), 'image', /Arm/u],
    [accelerator('RTX PRO 6000', 1), 'image', /CUDA 12\.8/u],
  ])('refuses what does not exist and names the nearest: %j', (more, field, remedy) => {
    expect(() => plan(more)).toThrow(
      expect.objectContaining({ field, ...(remedy === undefined ? {} : { remedy: expect.stringMatching(remedy) }) }),
    );
  });

  it('uses no name of an enum that the SDK would drop in silence', async () => {
    const path = createRequire(import.meta.url).resolve('@google-cloud/aiplatform/build/protos/protos.json');
    const text = await readFile(path, 'utf8');
    const names = [...new Set(machines.flatMap(({ acceleratorType }) => acceleratorType ?? []))];
    for (const name of [...names, 'STANDARD', 'SPOT', 'FLEX_START', 'SPECIFIC_RESERVATION']) {
      expect(text).toMatch(new RegExp(`"${name}": ?\\d+`, 'u'));
    }
  });

  it('asks for Flex-start with its limits, spot and restarts', () => {
    const flex = job({
      ...accelerator('H100', 8),
      options: { scheduling: 'FLEX_START', restart: 'restartJobOnWorkerRestart' },
      limits: { durationMs: 3_600_000, waitMs: 7_200_000, costUsd: null },
    });
    expect(flex.jobSpec.scheduling).toEqual({
      strategy: 'FLEX_START',
      timeout: { seconds: 3600 },
      maxWaitDuration: { seconds: 7200 },
      restartJobOnWorkerRestart: true,
    });
    expect(job({ spot: true, options: { restart: 'disableRetries' } }).jobSpec.scheduling).toEqual({
      strategy: 'SPOT',
      disableRetries: true,
    });
    expect(job().jobSpec.scheduling).toEqual({ strategy: 'STANDARD' });
    // Lists show labels, and not how machines are given.
    expect([job(), job({ spot: true }), flex].map(({ labels }) => labels['aloft-strategy'])).toEqual([
      'standard',
      'spot',
      'flex_start',
    ]);
  });

  it('has one replica in the first pool and the others in the second', () => {
    const pools = job({ nodes: 4 }).jobSpec.workerPoolSpecs;
    expect(pools.map(({ replicaCount }) => replicaCount)).toEqual([1, 3]);
    expect(pools[1]?.containerSpec).toEqual(pools[0]?.containerSpec);
  });

  it('takes account, network, output directory and reservation from the job, then from the connection', () => {
    const options = {
      serviceAccount: 'trainer@ada-lab.iam.gserviceaccount.com',
      network: 'projects/123/global/networks/lab',
      outputDirectory: 'gs://ada-models/run-1/',
      reservation: 'projects/ada-lab/zones/us-central1-a/reservations/h100',
    };
    const { jobSpec } = job({ options });
    expect(jobSpec).toMatchObject({
      serviceAccount: options.serviceAccount,
      network: options.network,
      baseOutputDirectory: { outputUriPrefix: 'gs://ada-models/run-1' },
    });
    expect(jobSpec.workerPoolSpecs[0]?.machineSpec.reservationAffinity?.values).toEqual([options.reservation]);
    expect(job().jobSpec).toMatchObject({
      baseOutputDirectory: { outputUriPrefix: `gs://ada-code/aloft/output/${key.runId}.1` },
    });
  });

  it('is shown exactly as it is sent', () => {
    const { text, language, request } = plan({ secrets: ['TOKEN'], limits: minute });
    const { customJob } = readRequest(request);
    expect(language).toBe('yaml');
    expect(text).toContain('# CreateCustomJob in projects/ada-lab/locations/us-central1');
    const scheduling = { strategy: 'STANDARD', timeout: '60s' };
    expect(parse(text)).toEqual({ ...customJob, jobSpec: { ...customJob.jobSpec, scheduling } });
  });

  it('gives a command for gcloud that makes the same job, with nothing that is of the run', () => {
    const { command = '', request } = plan({
      name: "it's",
      limits: minute,
      nodes: 2,
      secrets: ['TOKEN'],
      outputs: ['out/**'],
      env: { EPOCHS: '3' },
    });
    const [head = '', yaml = ''] = command.split("<<'CONFIG'\n");
    // Without the code nothing is made.
    expect(head).toMatch(
      new RegExp(
        `^gcloud storage objects describe gs://ada-code/aloft/code/${snapshotId} .*&&\ngcloud ai custom-jobs create`,
        'u',
      ),
    );
    expect(head).toContain(String.raw`--display-name='it'\''s'`);
    expect(head).not.toContain('--labels');
    expect(command.toLowerCase()).not.toContain(key.runId.toLowerCase());
    expect(command).not.toMatch(/aloft-run|ALOFT_|aloft_secrets|\/runs\//u);
    const { jobSpec } = readRequest(request).customJob;
    const byHand = parse(yaml.replace(/CONFIG\n$/u, '')) as typeof jobSpec;
    expect(byHand.workerPoolSpecs.map(({ machineSpec }) => machineSpec)).toEqual(
      jobSpec.workerPoolSpecs.map(({ machineSpec }) => machineSpec),
    );
    expect(byHand.scheduling).toEqual({ strategy: 'STANDARD', timeout: '60s' });
    const [pool] = byHand.workerPoolSpecs;
    expect(pool?.containerSpec.env).toEqual([
      { name: 'PYTHONUNBUFFERED', value: '1' },
      { name: 'EPOCHS', value: '3' },
    ]);
    expect(pool?.containerSpec.args.join('')).toContain("aloft_command='python train.py'");
    expect(byHand.baseOutputDirectory.outputUriPrefix).toMatch(
      /^gs:\/\/ada-code\/aloft\/by-hand\/[0-9a-f]{16}\/output$/u,
    );
    const placeOf = (more: Partial<JobSpec>): string | undefined =>
      /aloft\/by-hand\/[0-9a-f]{16}\/output$/mu.exec(plan(more).command ?? '')?.[0];
    expect(placeOf({})).toBe(placeOf({}));
    // What was changed in the form leaves its results beside those of before.
    expect(placeOf({ env: { EPOCHS: '4' } })).not.toBe(placeOf({ env: { EPOCHS: '3' } }));
    const outputDirectory = 'gs://ada-models/chosen';
    expect(plan({ options: { outputDirectory } }).command).toContain(`outputUriPrefix: ${outputDirectory}\n`);
  });

  it('lets nothing on the way take a part of the command or of a variable for a variable', () => {
    const command = 'echo $(HOME) $$ $((1+1)) \'$(x)\' "$HOME"';
    const [pool] = job({ env: { A: 'x $(HOME) y' }, outputs: ['out/**'], secrets: ['TOKEN'], nodes: 2 }, command)
      .jobSpec.workerPoolSpecs;
    expect(pool?.containerSpec.args.join('')).not.toMatch(/\$[$(]/u);
    expect(pool?.containerSpec.env).toContainEqual({ name: 'A', value: 'x $$(HOME) y' });
  });

  it('keeps what would be replaced in the values of variables', () => {
    const env = { A: 'a$$b', B: '$$(HOME)', C: 'cost $5 $' };
    const [pool] = job({ env }).jobSpec.workerPoolSpecs;
    expect(pool?.containerSpec.env).toEqual(
      expect.arrayContaining([
        { name: 'A', value: 'a$$$b' },
        { name: 'B', value: '$$$$(HOME)' },
        { name: 'C', value: 'cost $5 $' },
      ]),
    );
  });

  it('is not read back with a region that is none', () => {
    const { request } = plan();
    expect(() => readRequest({ ...(request as object), region: 'evil.example/' })).toThrow(
      expect.objectContaining({ tag: 'invalid' }),
    );
  });

  it('warns of what may surprise', () => {
    expect(plan(accelerator('TPU v3', 4)).warnings.join('\n')).toMatch(/python:3\.12 is used, which has no JAX/u);
    expect(plan(accelerator('TPU v6e', 4)).warnings.join('\n')).toMatch(/jax-ai-image\/tpu:latest is used\.$/mu);
    expect(plan({ region: 'nowhere-land1' }).warnings.join('\n')).toContain('nowhere-land1');
    expect(plan(accelerator('TPU v6e', 16)).warnings.join('\n')).toContain('4 machines');
    expect(plan(accelerator('H100', 1)).warnings.join('\n')).toContain('spot or Flex-start only');
    expect(plan({ secrets: ['TOKEN'] }).warnings.join('\n')).toMatch(/secrets.*gs:\/\/ada-code --clear-soft-delete/su);
    expect(plan().warnings.join('\n')).not.toContain('secrets');
  });
});

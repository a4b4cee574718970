import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { AcceleratorName } from '../../../../src/core/accelerator.ts';
import type { SnapshotId } from '../../../../src/core/job.ts';
import { type JobSpec, parseJobSpec } from '../../../../src/core/jobSpec.ts';
import type { Plan } from '../../../../src/core/provider.ts';
import type { WorkspaceFacts } from '../../../../src/providers/azure/facts.ts';
import { specOfProperties, specProperties } from '../../../../src/providers/azure/plan/properties.ts';
import { durationOf, isoDuration } from '../../../../src/providers/azure/plan/duration.ts';
import { optionTexts } from '../../../../src/providers/azure/plan/options.ts';
import { planJob } from '../../../../src/providers/azure/plan/plan.ts';
import { environmentBody, parseRequest } from '../../../../src/providers/azure/plan/request.ts';
import type { AzureSettings } from '../../../../src/providers/azure/settings.ts';
import { usualSizes } from '../../../../src/providers/azure/sizes.ts';
import { newKey, specFor } from '../../../conformance/harness.ts';

const settings: AzureSettings = {
  subscription: '00000000-1111-2222-3333-444444444444',
  resourceGroup: 'lab',
  workspace: 'vision',
};
const facts: WorkspaceFacts = {
  location: 'eastus',
  datastore: 'ownstore',
  sizes: [...usualSizes],
  clusters: [
    { name: 'a100', size: 'Standard_NC24ads_A100_v4', isSpot: false, maxNodes: 4 },
    { name: 'cheap', size: 'STANDARD_NC24ADS_A100_V4', isSpot: true, maxNodes: null },
  ],
};
const key = newKey();

function plan(more: Partial<JobSpec>, known: WorkspaceFacts | null = null, own: Partial<AzureSettings> = {}): Plan {
  const spec = specFor('python train.py', more);
  return planJob({ spec, key, snapshotId: 'abc' as SnapshotId, interpreter: null }, { ...settings, ...own }, known);
}

function body(of: Plan): Readonly<Record<string, unknown>> {
  return parseRequest(of.request).body.properties;
}

const gpu = (name: string, count: number): Partial<JobSpec> => ({
  accelerator: { name: name as AcceleratorName, count },
});

describe('machines', () => {
  it.each([
    ['T4', 1, 'Standard_NC4as_T4_v3'],
    ['A100-80GB', 1, 'Standard_NC24ads_A100_v4'],
    ['A100-40GB', 8, 'Standard_ND96asr_v4'],
    ['H100-NVL', 2, 'Standard_NC80adis_H100_v5'],
    ['H100', 8, 'Standard_ND96isr_H100_v5'],
    ['MI300X', 8, 'Standard_ND96isr_MI300X_v5'],
  ])('%s x %i are %s', (name, count, instanceType) => {
    expect(body(plan(gpu(name, count)))['resources']).toMatchObject({ instanceType, instanceCount: 1 });
  });

  it('are larger where more CPUs or memory are wanted', () => {
    expect(body(plan({ ...gpu('T4', 1), cpus: 9 }))['resources']).toMatchObject({
      instanceType: 'Standard_NC16as_T4_v3',
    });
    expect(body(plan({ memoryBytes: 100 * 1024 ** 3 }))['resources']).toMatchObject({
      instanceType: 'Standard_E16s_v3',
    });
    expect(body(plan({}))['resources']).toEqual({ instanceCount: 1 });
  });

  it('that there are not are refused with the nearest', () => {
    const refused = (more: Partial<JobSpec>, known: WorkspaceFacts | null = null): unknown => {
      try {
        return plan(more, known);
      } catch (error) {
        return error;
      }
    };
    expect(refused(gpu('H100', 3))).toMatchObject({
      tag: 'unsupported',
      field: 'accelerator.count',
      remedy: 'H100 comes by 8.',
    });
    expect(refused(gpu('L4', 1))).toMatchObject({ field: 'accelerator.name' });
    expect(refused({ ...gpu('T4', 1), cpus: 1000 })).toMatchObject({ field: 'memory' });
    expect(refused({ region: 'westus' }, facts)).toMatchObject({
      field: 'region',
      message: 'This workspace is in eastus.',
    });
    expect(refused({ options: { instanceType: 'Standard_X9' } }, facts)).toMatchObject({
      field: 'options.instanceType',
    });
    expect(refused({ ...gpu('T4', 1), options: { compute: 'a100' } }, facts)).toMatchObject({
      field: 'accelerator',
      message: 'The nodes of the cluster a100 have A100-80GB (Standard_NC24ads_A100_v4).',
    });
    expect(refused({ ...gpu('A100-80GB', 1), nodes: 5, options: { compute: 'a100' } }, facts)).toMatchObject({
      field: 'nodes',
    });
    expect(refused({ ...gpu('A100-80GB', 1), spot: true, options: { compute: 'a100' } }, facts)).toMatchObject({
      field: 'spot',
    });
  });

  /** Those of a region where not all may be spot. */
  const spotFacts: WorkspaceFacts = {
    ...facts,
    sizes: usualSizes.map((size) => ({ ...size, hasSpot: !/H100|NC4as_T4|MI300X|A10_v5/u.test(size.name) })),
  };
  const refusalOf = (more: Partial<JobSpec>, known: WorkspaceFacts | null = facts): unknown => {
    try {
      return body(plan(more, known))['resources'];
    } catch (error) {
      return error;
    }
  };

  it('are such as may be spot, where spot is wanted, and else refused with the nearest', () => {
    expect(refusalOf({ ...gpu('T4', 1), spot: true }, spotFacts)).toMatchObject({
      instanceType: 'Standard_NC8as_T4_v3',
    });
    expect(refusalOf({ ...gpu('T4', 1) }, spotFacts)).toMatchObject({ instanceType: 'Standard_NC4as_T4_v3' });
    expect(refusalOf({ ...gpu('H100', 8), spot: true }, spotFacts)).toMatchObject({
      tag: 'unsupported',
      field: 'spot',
      message: 'No machine with H100 x 8 is to be had as spot in eastus.',
      remedy: expect.stringMatching(/^Do without spot, or take another: as spot there are .*A100-80GB/u),
    });
    const some = { ...spotFacts, sizes: spotFacts.sizes.map((size) => ({ ...size, hasSpot: size.gpus === 1 })) };
    expect(refusalOf({ ...gpu('A100-80GB', 4), spot: true }, some)).toMatchObject({
      field: 'spot',
      remedy: 'Do without spot, or take another: A100-80GB comes as spot by 1.',
    });
    const chosen = (instanceType: string): unknown => refusalOf({ spot: true, options: { instanceType } }, spotFacts);
    expect(chosen('Standard_NC4as_T4_v3')).toMatchObject({
      field: 'spot',
      remedy: 'Do without spot, or choose Standard_NC8as_T4_v3.',
    });
    expect(chosen('Standard_ND96isr_MI300X_v5')).toMatchObject({
      field: 'spot',
      remedy: 'Do without spot, or choose another size.',
    });
    expect(chosen('Standard_NC8as_T4_v3')).toMatchObject({ instanceType: 'Standard_NC8as_T4_v3' });
    // Nothing is known of a workspace that was not looked at yet.
    expect(refusalOf({ ...gpu('H100', 8), spot: true }, null)).toMatchObject({ instanceType: expect.anything() });
  });

  it('of a size that was chosen, or of a cluster, are refused where they have too little', () => {
    const gib = 1024 ** 3;
    const chosen = { instanceType: 'Standard_NC4as_T4_v3' };
    expect(refusalOf({ cpus: 6, options: chosen })).toMatchObject({
      tag: 'unsupported',
      field: 'cpus',
      message: expect.stringContaining('(Standard_NC4as_T4_v3) has 4 vCPUs and 28 GB'),
      remedy: 'Choose Standard_NC8as_T4_v3, or ask for less.',
    });
    expect(refusalOf({ memoryBytes: 9000 * gib, options: chosen })).toMatchObject({
      field: 'memory',
      remedy: 'Leave the machine size empty, or ask for less.',
    });
    const cluster = { compute: 'small' };
    const known: WorkspaceFacts = {
      ...facts,
      clusters: [
        { name: 'small', size: 'Standard_NC4as_T4_v3', isSpot: false, maxNodes: 4 },
        { name: 'large', size: 'Standard_NC64as_T4_v3', isSpot: false, maxNodes: 4 },
        { name: 'middle', size: 'Standard_NC16as_T4_v3', isSpot: false, maxNodes: 4 },
      ],
    };
    expect(refusalOf({ ...gpu('T4', 1), cpus: 10, options: cluster }, known)).toMatchObject({
      field: 'cpus',
      message: expect.stringContaining('A node of the cluster small (Standard_NC4as_T4_v3) has 4 vCPUs'),
      remedy: 'Choose the cluster middle, or serverless compute.',
    });
    expect(refusalOf({ ...gpu('T4', 1), memoryBytes: 400 * gib, options: cluster }, known)).toMatchObject({
      field: 'memory',
      remedy: 'Choose another cluster, or serverless compute.',
    });
    // The usual one only is where jobs go that fit.
    const off = body(plan({ ...gpu('T4', 1), cpus: 10 }, known, { compute: 'small' }));
    expect(off['resources']).toMatchObject({ instanceType: 'Standard_NC16as_T4_v3' });
  });

  it('of the usual cluster are used where they fit, else serverless ones', () => {
    const own = { compute: 'a100' };
    const on = body(plan(gpu('A100-80GB', 1), facts, own));
    expect(on['computeId']).toMatch(/\/workspaces\/vision\/computes\/a100$/u);
    expect(on['queueSettings']).toBeUndefined();
    const off = body(plan(gpu('T4', 1), facts, own));
    expect(off['computeId']).toBeUndefined();
    expect(off['resources']).toMatchObject({ instanceType: 'Standard_NC4as_T4_v3' });
    expect(plan(gpu('A100-80GB', 1), facts, own).warnings.join(' ')).not.toContain('serverless');
    expect(plan(gpu('T4', 1), facts, own).warnings).toContainEqual(
      expect.stringMatching(/^The job goes to serverless compute, .* cluster a100 have A100-80GB/u),
    );
  });

  it('of a cluster are its own, whatever size was asked for, which is told', () => {
    const sized = (instanceType: string): string =>
      plan({ ...gpu('A100-80GB', 1), options: { compute: 'a100', instanceType } }, facts).warnings.join(' ');
    expect(sized('Standard_ND96isr_H100_v5')).toContain('The machine size Standard_ND96isr_H100_v5 is not used');
    expect(sized('standard_nc24ads_a100_v4')).not.toContain('is not used');
  });

  it('of a low-priority cluster come with a warning', () => {
    const planned = plan({ ...gpu('A100-80GB', 1), options: { compute: 'cheap' } }, facts);
    expect(planned.warnings.join(' ')).toContain('cheap are low-priority');
  });
});

describe('the request', () => {
  it('has all that Azure ML needs, with secrets by name only', () => {
    const spec: Partial<JobSpec> = {
      ...gpu('H100', 8),
      nodes: 2,
      spot: true,
      image: 'nvcr.io/nvidia/pytorch:25.01-py3',
      env: { A: '1' },
      secrets: ['TOKEN'],
      outputs: ['out/**'],
      limits: { durationMs: 5_400_000, waitMs: 60_000, costUsd: null },
      options: {
        identity: 'user',
        sharedMemory: '64GiB',
        inputs: 'data=azureml://datastores/x/paths/y@download; one:file=azureml:cats:1',
        outputs: 'model=azureml://datastores/x/paths/z@upload',
        experiment: 'vision',
      },
    };
    const planned = plan(spec, facts);
    const request = parseRequest(planned.request);
    expect(request).toMatchObject({ asUser: true, secrets: ['TOKEN'], nodes: 2, datastore: 'ownstore' });
    expect(request.environment?.image).toBe('nvcr.io/nvidia/pytorch:25.01-py3');
    expect(body(planned)).toMatchObject({
      jobType: 'Command',
      displayName: 'conformance',
      experimentName: 'vision',
      tags: { aloft: key.runId },
      environmentId: request.environment?.id,
      environmentVariables: { A: '1', ALOFT_RUN_ID: key.runId, ALOFT_ATTEMPT: '1' },
      resources: { instanceCount: 2, instanceType: 'Standard_ND96isr_H100_v5', shmSize: '65536m' },
      queueSettings: { jobTier: 'Spot' },
      limits: { jobLimitsType: 'Command', timeout: 'PT1H30M' },
      distribution: { distributionType: 'PyTorch', processCountPerInstance: 1 },
      identity: { identityType: 'UserIdentity' },
      inputs: {
        data: { jobInputType: 'uri_folder', uri: 'azureml://datastores/x/paths/y', mode: 'Download' },
        one: { jobInputType: 'uri_file', uri: 'azureml:cats:1', mode: 'ReadOnlyMount' },
        aloft_code: { uri: 'azureml://datastores/ownstore/paths/aloft/', mode: 'ReadOnlyMount' },
      },
      outputs: {
        model: { jobOutputType: 'uri_folder', mode: 'Upload' },
        aloft_results: { mode: 'ReadWriteMount' },
      },
    });
  });

  it('shows every byte that is sent', () => {
    const planned = plan({ ...gpu('T4', 1), image: 'python:3.12', secrets: ['TOKEN'] });
    const lines = planned.text.split('\n');
    const sent = lines.filter((line) => !line.startsWith('// '));
    const before = lines.filter((line) => /^\/\/ (?! *PUT|The values)/u.test(line)).map((line) => line.slice(3));
    const { body: whole, environment } = parseRequest(planned.request);
    expect(sent.join('\n')).toBe(JSON.stringify(whole, null, 2));
    expect(before.join('\n')).toBe(JSON.stringify(environmentBody(environment?.image ?? ''), null, 2));
    expect(planned.text).toMatch(/^\/\/ PUT \S+\/environments\/aloft-image\/versions\/\w+\?api-version=/mu);
    expect(planned.text).toMatch(/^\/\/ PUT \S+\/jobs\/aloft-\w+-1\?api-version=/mu);
    expect(planned.text).toContain('// The values of TOKEN go into the datastore');
  });

  it('gives a command for a job of its own, which nothing of Aloft takes for the submission', () => {
    const { command = '' } = plan({
      ...gpu('T4', 1),
      image: 'python:3.12',
      env: { A: 'b' },
      secrets: ['TOKEN'],
      outputs: ['out/*'],
      options: { outputs: 'model=azureml://datastores/x/paths/z@upload' },
      limits: { durationMs: 3_600_000, waitMs: null, costUsd: null },
    });
    const yaml = /^az ml job create .* <<'ALOFT_JOB'\n(?<yaml>.*)\nALOFT_JOB\n$/su.exec(command)?.groups?.['yaml'];
    const job: unknown = parse(yaml ?? '');
    expect(job).toMatchObject({
      type: 'command',
      display_name: 'conformance',
      environment: { image: 'python:3.12' },
      limits: { timeout: 3600 },
      queue_settings: { job_tier: 'Standard' },
      inputs: { aloft_code: { type: 'uri_folder', mode: 'ro_mount' } },
      outputs: {
        aloft_results: { type: 'uri_folder', mode: 'rw_mount' },
        model: { path: 'azureml://datastores/x/paths/z' },
      },
      environment_variables: { A: 'b', PYTHONUNBUFFERED: '1' },
    });
    for (const absent of ['name', 'tags', 'properties', 'outputs.aloft_results.path']) {
      expect(job).not.toHaveProperty(absent);
    }
    expect(command.toLowerCase()).not.toContain(key.runId.toLowerCase());
    expect(command).not.toContain('ALOFT_RUN_ID');
    expect(command).toContain("aloft_secrets=''");
  });

  it.each([
    ['nobody', 'x'],
    ['identity', 'root'],
    ['distribution', 'ray'],
    ['processesPerNode', '0'],
    ['environment', 'a b'],
    ['inputs', 'aloft_code=x'],
    ['inputs', 'x=$(id)'],
    ['inputs', 'a=x;a=y'],
    ['compute', '../x'],
    ['sharedMemory', 'much'],
  ])('refuses the option %s=%s', (name, value) => {
    expect(() => plan({ options: { [name]: value } })).toThrow(expect.objectContaining({ field: `options.${name}` }));
  });

  it('refuses a managed identity where there is none', () => {
    expect(() => plan({ options: { identity: 'managed' } })).toThrow(
      expect.objectContaining({ tag: 'unsupported', field: 'options.identity' }),
    );
    const { identity } = body(plan({ options: { identity: 'managed', compute: 'a100' } }, facts));
    expect(identity).toEqual({ identityType: 'Managed' });
  });

  it('says how long it may wait, and who ends that', () => {
    const warnings = (waitMs: JobSpec['limits']['waitMs']): string =>
      plan({ limits: { durationMs: null, waitMs, costUsd: null } }).warnings.join('\n');
    expect(warnings(null)).toContain(
      'within 1d, Aloft cancels it, while VS Code is open.\nThat is the usual wait limit',
    );
    expect(warnings(3_600_000)).toContain('within 1h, Aloft cancels it');
    expect(warnings(3_600_000)).not.toContain('usual');
    expect(warnings('never')).toContain('without end');
  });

  it('gives as much shared memory as it says', () => {
    const resources = (more: Partial<JobSpec>): unknown => body(plan(more))['resources'];
    expect(resources({})).not.toHaveProperty('shmSize');
    expect(resources(gpu('A100-80GB', 4))).toMatchObject({ shmSize: '32g' });
    expect(resources(gpu('H100', 8))).toMatchObject({ shmSize: '64g' });
    expect(optionTexts.sharedMemory.fallback).toContain('8 GiB for each accelerator of a node, 64 GiB at most');
  });

  it('names environments as they are meant', () => {
    const of = (environment: string): unknown => body(plan({ options: { environment } }))['environmentId'];
    expect(of('mine:3')).toMatch(/\/environments\/mine\/versions\/3$/u);
    expect(of('mine@latest')).toMatch(/\/environments\/mine\/labels\/latest$/u);
    expect(of('mine')).toMatch(/\/environments\/mine\/labels\/latest$/u);
    expect(of('azureml://registries/azureml/environments/x/versions/1')).toBe(
      'azureml://registries/azureml/environments/x/versions/1',
    );
  });

  it('carries the spec, whatever is in it, as long as there is room', () => {
    const spec = specFor(`echo ${'ü€😀'.repeat(900)}`, { name: 'x', env: { A: 'b' } });
    const properties = specProperties(spec);
    expect(Object.values(properties).every((value) => value.length <= 1000)).toBe(true);
    expect(parseJobSpec(specOfProperties(properties))).toEqual({ ok: true, spec });
    expect(specProperties(specFor('x'.repeat(40_000)))).toEqual({});
    expect(specOfProperties({ 'aloft.spec.0': '{"half' })).toBeNull();
  });

  it('says that there are secrets though the spec is too long to be carried', () => {
    const properties = (more: Partial<JobSpec>): unknown =>
      body(plan({ command: 'x'.repeat(40_000), ...more }))['properties'];
    expect(properties({ secrets: ['A', 'B'] })).toMatchObject({ 'aloft.secrets': '2' });
    expect(properties({})).not.toHaveProperty('aloft.secrets');
  });

  it.each([
    [1, 'PT1S'],
    [61_000, 'PT1M1S'],
    [8 * 3_600_000, 'PT8H'],
    [90_061_000, 'PT25H1M1S'],
  ])('writes %i ms as %s', (ms, text) => {
    expect(isoDuration(ms)).toBe(text);
    expect(durationOf(text)).toBe(Math.max(1000, ms));
  });
});

describe('the environment, where none was chosen', () => {
  const environmentOf = (more: Partial<JobSpec>, known: WorkspaceFacts | null = null): readonly [unknown, string] => {
    const made = plan(more, known);
    return [parseRequest(made.request).environment?.image ?? body(made)['environmentId'], made.warnings.join(' ')];
  };

  it.each([
    ['H100', 8, /cuda/u],
    ['MI300X', 8, /^rocm\/pytorch/u],
    ['GB200', 4, /^nvcr\.io\/nvidia\/pytorch/u],
    ['GB300', 4, /^nvcr\.io\/nvidia\/pytorch/u],
    ['RTX PRO 6000', 1, /^nvcr\.io\/nvidia\/pytorch/u],
  ])('is one that runs on %s x %i', (name, count, environment) => {
    const [found, warnings] = environmentOf(gpu(name, count));
    expect(found).toMatch(environment);
    expect(warnings).toContain('No image was chosen');
  });

  it('is that of the size, or of the cluster, that was chosen', () => {
    expect(environmentOf({ options: { instanceType: 'Standard_ND96isr_MI300X_v5' } })[0]).toMatch(/^rocm/u);
    expect(environmentOf({ options: { compute: 'a100' } }, facts)[0]).toMatch(/cuda/u);
    expect(environmentOf({ options: { instanceType: 'Standard_D4s_v3' } })[0]).toMatch(/sklearn/u);
    expect(environmentOf({})[0]).toMatch(/sklearn/u);
  });

  it('is no matter where one was', () => {
    expect(environmentOf({ ...gpu('MI300X', 8), image: 'lab/own:1' })[0]).toBe('lab/own:1');
    expect(environmentOf({ ...gpu('MI300X', 8), options: { environment: 'own:2' } })[0]).toMatch(
      /\/environments\/own\/versions\/2$/u,
    );
  });
});

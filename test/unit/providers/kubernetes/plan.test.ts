import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod/mini';
import type { AcceleratorName } from '../../../../src/core/accelerator.ts';
import type { RunId, SnapshotId } from '../../../../src/core/job.ts';
import type { JobSpec } from '../../../../src/core/jobSpec.ts';
import { restartNote } from '../../../../src/core/specChecks.ts';
import type { Plan } from '../../../../src/core/provider.ts';
import { coreWeave } from '../../../../src/providers/kubernetes/coreweave.ts';
import { anyKubernetes, type Flavour } from '../../../../src/providers/kubernetes/flavour.ts';
import type { ClusterFacts } from '../../../../src/providers/kubernetes/offers/clusterFacts.ts';
import { planJob } from '../../../../src/providers/kubernetes/plan/plan.ts';
import { specOf } from '../../../../src/providers/kubernetes/plan/specOf.ts';
import { specFor } from '../../../conformance/harness.ts';
import { jobObject } from '../../../fixtures/kubernetes/objects.ts';

const key = { runId: '01K9ZZZZZZZZZZZZZZZZZZZZZZ' as RunId, attempt: 1 };
const snapshotId = 'ab'.repeat(32) as SnapshotId;
const h100 = { name: 'H100' as AcceleratorName, count: 8 };

function plan(
  more: Partial<JobSpec>,
  facts: ClusterFacts | null = null,
  flavour: Flavour = anyKubernetes,
  attempt = 1,
): Plan {
  return planJob(
    { spec: specFor('python train.py', more), key: { ...key, attempt }, snapshotId, interpreter: null },
    { context: 'lab', namespace: 'lab' },
    flavour,
    facts,
  );
}

/** The manifests that the plan shows, as whoever copies them gets them. */
function shown({ text }: Plan): readonly z.infer<typeof anything>[] {
  return parseAllDocuments(text).map((document) => z.parse(anything, document.toJS()));
}

const anything = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) });

const podSchema = z.looseObject({
  restartPolicy: z.string(),
  nodeSelector: z.optional(z.record(z.string(), z.string())),
  tolerations: z.optional(z.array(z.looseObject({ key: z.string() }))),
  affinity: z.optional(z.json()),
  subdomain: z.optional(z.string()),
  containers: z.array(
    z.looseObject({
      name: z.string(),
      image: z.string(),
      command: z.array(z.string()),
      env: z.optional(z.array(z.looseObject({ name: z.string(), value: z.optional(z.string()) }))),
      resources: z.looseObject({
        requests: z.optional(z.record(z.string(), z.string())),
        limits: z.optional(z.record(z.string(), z.string())),
      }),
    }),
  ),
  volumes: z.array(z.looseObject({ name: z.string() })),
});

function podOf(planned: Plan): z.infer<typeof podSchema> {
  return podIn(shown(planned)[0]);
}

function podIn(manifest: unknown): z.infer<typeof podSchema> {
  const job = z.parse(
    z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: podSchema }) }) }),
    manifest,
  );
  return job.spec.template.spec;
}

function envOf(planned: Plan): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries((podOf(planned).containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
}

function refusal(more: Partial<JobSpec>): unknown {
  try {
    return plan(more);
  } catch (error) {
    return error;
  }
}

describe('planJob', () => {
  it('says that its time limit holds for each start where there may be several', () => {
    const limits = { durationMs: 3_600_000, waitMs: null, costUsd: null };
    const warned = (more: Partial<JobSpec>): boolean => plan({ limits, ...more }).warnings.includes(restartNote);
    expect([
      warned({}),
      warned({ spot: true }),
      warned({ spot: true, nodes: 2 }),
      warned({ nodes: 2, options: { controller: 'JobSet' } }),
      warned({ spot: true, limits: { ...limits, durationMs: null } }),
    ]).toEqual([false, true, false, true, false]);
  });

  it('makes a Job that is not run again, keeps its logs and names what was preempted', () => {
    expect(shown(plan({}))[0]).toMatchObject({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: 'aloft-01k9zzzzzzzzzzzzzzzzzzzzzz',
        namespace: 'lab',
        labels: {
          'app.kubernetes.io/managed-by': 'aloft',
          'aloft.dev/run': '01k9zzzzzzzzzzzzzzzzzzzzzz',
          'aloft.dev/attempt': '1',
        },
      },
      spec: {
        backoffLimit: 0,
        completionMode: 'Indexed',
        completions: 1,
        parallelism: 1,
        podFailurePolicy: {
          rules: [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
        },
        template: { spec: { restartPolicy: 'Never' } },
      },
    });
  });

  it('keeps names short enough for whatever Kubernetes appends', () => {
    const names = shown(plan({ nodes: 10_000 }, null, anyKubernetes, 99)).map(({ metadata }) => metadata.name);
    for (const name of names) {
      expect(`${name}-9999`.length).toBeLessThanOrEqual(52);
    }
  });

  it('gives another attempt another name', () => {
    expect(shown(plan({}, null, anyKubernetes, 2))[0]?.metadata.name).toBe('aloft-01k9zzzzzzzzzzzzzzzzzzzzzz-r2');
  });

  it('has another hash when anything is asked for differently', () => {
    const hash = (more: Partial<JobSpec>): unknown => (plan(more).request as { hash: unknown }).hash;
    expect(hash({})).toBe(hash({}));
    expect(new Set([hash({}), hash({ nodes: 2 }), hash({ command: 'other' }), hash({ secrets: ['A'] })]).size).toBe(4);
  });

  it('hides what Kubernetes would expand from it', () => {
    const planned = plan({ command: 'kill $$; echo $(NODE_RANK)', env: { PATTERN: '$(HOME)$$' } });
    expect(podOf(planned).containers[0]?.command).toContain('kill $$$; echo $$(NODE_RANK)');
    expect(envOf(planned)['PATTERN']).toBe('$$(HOME)$$$');
  });

  it('names secrets and holds none', () => {
    const [main] = podOf(plan({ secrets: ['API_TOKEN'] })).containers;
    expect(main?.env).toContainEqual({
      name: 'API_TOKEN',
      valueFrom: { secretKeyRef: { name: 'aloft-01k9zzzzzzzzzzzzzzzzzzzzzz-env', key: 'API_TOKEN' } },
    });
  });

  it('asks for what the spec asks for, and limits no CPU', () => {
    const [main] = podOf(
      plan({ accelerator: h100, cpus: 12, memoryBytes: 64 * 1024 ** 3, diskBytes: 1e11 }),
    ).containers;
    expect(main?.resources).toEqual({
      requests: { cpu: '12', memory: '68719476736', 'ephemeral-storage': '100000000000', 'nvidia.com/gpu': '8' },
      limits: { memory: '68719476736', 'ephemeral-storage': '100000000000', 'nvidia.com/gpu': '8' },
    });
  });

  it('gives jobs with an accelerator room in /dev/shm', () => {
    expect(podOf(plan({ accelerator: h100 })).volumes).toContainEqual({ name: 'shm', emptyDir: { medium: 'Memory' } });
    expect(podOf(plan({ options: { sharedMemory: '16GiB' } })).volumes).toContainEqual({
      name: 'shm',
      emptyDir: { medium: 'Memory', sizeLimit: String(16 * 1024 ** 3) },
    });
    expect(podOf(plan({})).volumes.map(({ name }) => name)).toEqual(['aloft', 'code']);
  });

  it('keeps the pod for results only where there are any', () => {
    expect(podOf(plan({})).containers.map(({ name }) => name)).toEqual(['main']);
    const results = podOf(plan({ outputs: ['out/**'], options: { keepResults: '2h' } })).containers[1];
    expect(results).toMatchObject({ name: 'results' });
    expect(results?.command.at(-1)).toBe('7200');
  });

  it('keeps nothing for results in a job by hand, which nobody would fetch, and says so', () => {
    const { command = '' } = plan({ outputs: ['out/**'], options: { keepResults: '24h' } });
    const [notice = '', ...lines] = command.split('\n');
    expect(notice).toMatch(/^: 'Its result files are lost when it ends: .*'$/u);
    const [yaml = ''] =
      lines
        .join('\n')
        .split("<<'MANIFESTS' &&\n")[1]
        ?.split(/^MANIFESTS$/mu) ?? [];
    expect(podIn(parseAllDocuments(yaml)[0]?.toJS()).containers.map(({ name }) => name)).toEqual(['main']);
    expect(command).not.toContain('86400');
    expect(plan({}).command).not.toContain('result files');
  });

  it('gives each request another name by hand, so that what was changed in the form is made beside what ran', () => {
    const nameOf = ({ command = '' }: Plan): string => /^ {2}name: (by-hand-[0-9a-f]{16})$/mu.exec(command)?.[1] ?? '';
    const names = [
      plan({}),
      plan({ command: 'python train.py --epochs 2' }),
      plan({ env: { EPOCHS: '2' } }),
      plan({ nodes: 2 }),
      plan({ options: { queue: 'research' } }),
      plan({}, null, anyKubernetes, 2),
    ].map(nameOf);
    expect(names).not.toContain('');
    expect(new Set(names).size).toBe(names.length);
    expect(nameOf(plan({}))).toBe(names[0]);
  });

  it('passes the time limit in whole seconds', () => {
    const limits = { durationMs: 1500, waitMs: null, costUsd: null };
    expect(podOf(plan({ limits })).containers[0]?.command.at(-1)).toBe('2');
  });

  it('says which image it takes where none was chosen', () => {
    expect(plan({}).warnings).toContain('No image was chosen: python:3.12 is used.');
    expect(plan({ image: 'ghcr.io/lab/x:1' }).warnings).toEqual([]);
  });

  it.each([
    [{ region: 'eu' }, { tag: 'unsupported', field: 'region' }],
    [{ workingDirectory: '../x' }, { tag: 'invalid', field: 'workingDirectory' }],
    [{ command: 'a\0b' }, { tag: 'invalid', field: 'command' }],
    [{ env: { A: 'a\0b' } }, { tag: 'invalid', field: 'env.A' }],
    [{ command: 'x'.repeat(130_000) }, { tag: 'invalid', field: 'command' }],
    [{ options: { color: 'red' } }, { tag: 'unsupported', field: 'options.color' }],
    [{ options: { queue: 'Not A Name' } }, { tag: 'invalid', field: 'options.queue' }],
    [{ options: { nodeSelector: 'a=b,nonsense' } }, { tag: 'invalid', field: 'options.nodeSelector' }],
    [{ options: { nodeSelector: 'a=b c' } }, { tag: 'invalid', field: 'options.nodeSelector' }],
    [{ options: { sharedMemory: 'much' } }, { tag: 'invalid', field: 'options.sharedMemory' }],
    [{ options: { security: 'none' } }, { tag: 'invalid', field: 'options.security' }],
    [{ options: { rdma: 'on' } }, { tag: 'unsupported', field: 'options.rdma' }],
  ] satisfies readonly (readonly [Partial<JobSpec>, object])[])('refuses %j', (more, error) => {
    expect(refusal(more)).toMatchObject(error);
  });

  it('leaves a spec out of the annotations that would not fit, but for where the job runs and what it leaves', () => {
    const planned = plan({
      workingDirectory: 'src',
      outputs: ['out/**'],
      env: Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`A${index}`, 'x'.repeat(50_000)])),
    });
    const annotations = shown(planned)[0]?.metadata['annotations'] ?? {};
    expect(Object.keys(annotations)).toEqual(['aloft.dev/spec-hash', 'aloft.dev/snapshot', 'aloft.dev/results']);
    const job = jobObject({ annotations: z.parse(z.record(z.string(), z.string()), annotations) });
    expect(specOf(job)).toEqual({ folder: '/aloft/work/src', outputs: ['out/**'] });
  });
});

describe('several nodes', () => {
  it('find each other by the names that a Service gives them', () => {
    const planned = plan({ nodes: 4, accelerator: h100 });
    expect(shown(planned)[1]).toMatchObject({
      kind: 'Service',
      metadata: { name: 'aloft-01k9zzzzzzzzzzzzzzzzzzzzzz' },
      spec: { clusterIP: 'None', publishNotReadyAddresses: true },
    });
    expect(podOf(planned)).toMatchObject({
      subdomain: 'aloft-01k9zzzzzzzzzzzzzzzzzzzzzz',
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }],
        },
      },
    });
    expect(envOf(planned)).toMatchObject({
      NNODES: '4',
      WORLD_SIZE: '4',
      MASTER_ADDR: 'aloft-01k9zzzzzzzzzzzzzzzzzzzzzz-0.aloft-01k9zzzzzzzzzzzzzzzzzzzzzz',
      MASTER_PORT: '29500',
      JAX_COORDINATOR_ADDRESS: 'aloft-01k9zzzzzzzzzzzzzzzzzzzzzz-0.aloft-01k9zzzzzzzzzzzzzzzzzzzzzz:8476',
      JAX_NUM_PROCESSES: '4',
    });
    const rank = { fieldRef: { fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" } };
    for (const name of ['NODE_RANK', 'RANK', 'JAX_PROCESS_ID']) {
      expect(podOf(planned).containers[0]?.env).toContainEqual({ name, valueFrom: rank });
    }
  });

  it('take what the person sets for the rendezvous, but not our own names', () => {
    const env = envOf(plan({ nodes: 2, env: { MASTER_PORT: '1234' } }));
    expect(env).toMatchObject({ MASTER_PORT: '1234', ALOFT_RUN_ID: key.runId, ALOFT_ATTEMPT: '1' });
  });

  it('are warned that they may block each other without a queue', () => {
    expect(plan({ nodes: 2, image: 'x' }).warnings.join()).toContain('Kueue');
    expect(plan({ nodes: 2, image: 'x', options: { queue: 'gpus' } }).warnings).toEqual([]);
  });

  it('start again together as a JobSet', () => {
    const [set, ...others] = shown(plan({ nodes: 2, options: { controller: 'JobSet', queue: 'gpus' } }));
    expect(others).toEqual([]);
    expect(set).toMatchObject({
      apiVersion: 'jobset.x-k8s.io/v1alpha2',
      kind: 'JobSet',
      metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'gpus' } },
      spec: {
        suspend: true,
        failurePolicy: { maxRestarts: 3 },
        replicatedJobs: [
          {
            name: 'main',
            replicas: 1,
            template: { metadata: { labels: { 'aloft.dev/attempt': '1' } }, spec: { completions: 2 } },
          },
        ],
      },
    });
  });
});

describe('a queue', () => {
  it('holds the job until Kueue lets it go', () => {
    expect(shown(plan({ options: { queue: 'gpus' } }))[0]).toMatchObject({
      metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'gpus' } },
      spec: { suspend: true },
    });
  });
});

describe('nodes of the right kind', () => {
  const facts: ClusterFacts = {
    accelerators: [
      {
        name: 'H100',
        resource: 'nvidia.com/gpu',
        key: 'gpu.nvidia.com/class',
        values: ['H100'],
        perNode: 8,
        rdma: ['rdma/ib'],
        topologies: [],
      },
      {
        name: 'TPU v6e',
        resource: 'google.com/tpu',
        key: 'cloud.google.com/gke-tpu-accelerator',
        values: ['tpu-v6e-slice'],
        perNode: 4,
        rdma: [],
        topologies: ['4x4'],
      },
    ],
    spot: [{ key: 'cloud.google.com/gke-spot', value: 'true' }],
  };
  const terms = (planned: Plan): unknown =>
    z.parse(
      z.looseObject({
        nodeAffinity: z.looseObject({
          requiredDuringSchedulingIgnoredDuringExecution: z.looseObject({ nodeSelectorTerms: z.array(z.json()) }),
        }),
      }),
      podOf(planned).affinity,
    ).nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;

  it('are told by the label that the live nodes have', () => {
    expect(terms(plan({ accelerator: h100 }, facts))).toEqual([
      {
        matchExpressions: [
          { key: 'gpu.nvidia.com/class', operator: 'In', values: ['H100'] },
          { key: 'cloud.google.com/gke-spot', operator: 'NotIn', values: ['true'] },
        ],
      },
    ]);
  });

  it('are told by how the clouds spell them where no node was seen', () => {
    expect(terms(plan({ accelerator: h100 }))).toContainEqual({
      matchExpressions: [
        {
          key: 'cloud.google.com/gke-accelerator',
          operator: 'In',
          values: ['nvidia-h100-80gb', 'nvidia-h100-mega-80gb'],
        },
      ],
    });
  });

  it('are those that the person selects, and no others', () => {
    const planned = plan({ accelerator: h100, options: { nodeSelector: 'pool=mine, example.com/gpu=big' } }, facts);
    expect(podOf(planned).nodeSelector).toEqual({ pool: 'mine', 'example.com/gpu': 'big' });
    expect(planned.warnings).toEqual(['No image was chosen: python:3.12 is used.']);
  });

  it('may be taken back only where that was asked for', () => {
    const planned = plan({ accelerator: h100, spot: true }, facts);
    expect(terms(planned)).toEqual([
      {
        matchExpressions: [
          { key: 'gpu.nvidia.com/class', operator: 'In', values: ['H100'] },
          { key: 'cloud.google.com/gke-spot', operator: 'In', values: ['true'] },
        ],
      },
    ]);
    const keys = podOf(planned).tolerations?.map(({ key: name }) => name);
    expect(keys).toEqual(
      expect.arrayContaining([
        'nvidia.com/gpu',
        'sku',
        'cloud.google.com/gke-spot',
        'kubernetes.azure.com/scalesetpriority',
        'oci.oraclecloud.com/oke-is-preemptible',
      ]),
    );
    expect(shown(planned)[0]).toMatchObject({ spec: { podFailurePolicy: { rules: [{ action: 'Ignore' }] } } });
  });

  it('form a TPU slice of as many chips as the job has', () => {
    const tpu = (count: number, nodes: number, known: ClusterFacts | null): unknown =>
      podOf(plan({ accelerator: { name: 'TPU v6e' as AcceleratorName, count }, nodes }, known)).nodeSelector;
    expect(tpu(4, 4, facts)).toEqual({ 'cloud.google.com/gke-tpu-topology': '4x4' });
    expect(tpu(8, 1, null)).toEqual({ 'cloud.google.com/gke-tpu-topology': '2x4' });
    const alone = plan({ accelerator: { name: 'TPU v6e' as AcceleratorName, count: 4 } }, facts);
    expect(alone.warnings.join()).toContain('those of the cluster are 4x4 (16 chips)');
    const odd = plan({ accelerator: { name: 'TPU v6e' as AcceleratorName, count: 3 } });
    expect(odd.warnings.join()).toContain('No TPU slice has 3 chips');
  });

  it('are not guessed at for a device that nobody knows', () => {
    const planned = plan({ accelerator: { name: 'RTX 4090' as AcceleratorName, count: 1 } });
    expect(planned.warnings.join()).toContain('any node with nvidia.com/gpu will do');
    expect(podOf(planned).affinity).toBeUndefined();
  });

  it('have their InfiniBand on CoreWeave when whole machines work together', () => {
    const withoutNetwork = { ...facts, accelerators: facts.accelerators.map((kind) => ({ ...kind, rdma: [] })) };
    const planned = plan({ accelerator: h100, nodes: 2 }, facts, coreWeave);
    expect(podOf(planned).containers[0]?.resources.limits).toMatchObject({ 'rdma/ib': '1', 'nvidia.com/gpu': '8' });
    expect(envOf(planned)).toMatchObject({ NCCL_SOCKET_IFNAME: 'eth0', NCCL_IB_HCA: 'ibp' });
    for (const without of [
      plan({ accelerator: h100 }, facts, coreWeave),
      plan({ accelerator: { ...h100, count: 4 }, nodes: 2 }, facts, coreWeave),
      plan({ accelerator: h100, nodes: 2, options: { rdma: 'off' } }, facts, coreWeave),
      plan({ accelerator: h100, nodes: 2 }, facts),
      plan({ accelerator: h100, nodes: 2 }, withoutNetwork, coreWeave),
    ]) {
      expect(podOf(without).containers[0]?.resources.limits).not.toHaveProperty('rdma/ib');
    }
  });

  it('bear no mark on CoreWeave when they are spot', () => {
    const seen = { ...facts, spot: [] };
    const spot = plan({ accelerator: h100, spot: true }, seen, coreWeave);
    expect(terms(spot)).toEqual(terms(plan({ accelerator: h100 }, seen, coreWeave)));
    expect(podOf(plan({ spot: true }, null, coreWeave)).affinity).toBeUndefined();
  });

  it('may be interrupted gracefully on CoreWeave when they are spot', () => {
    expect(shown(plan({ spot: true }, null, coreWeave))[0]).toMatchObject({
      spec: { template: { metadata: { labels: { 'qos.coreweave.com/graceful-interruptible': 'true' } } } },
    });
  });
});

describe('the restricted security profile', () => {
  it('is what the namespace wants', () => {
    const planned = plan({ options: { security: 'restricted' } });
    expect(podOf(planned)).toMatchObject({
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      initContainers: [{ securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
      containers: [{ securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
    });
  });
});

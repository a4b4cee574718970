import type { JobSpec } from '../../../core/jobSpec.ts';
import type { Json, JsonObject } from '../../../core/provider.ts';
import { container } from '../model/pod.ts';
import { annotation, codeSecretName } from '../names.ts';
import { escapeReferences } from '../../../core/variableReferences.ts';
import type { PlanOptions } from './options.ts';
import type { Placement } from './placement.ts';
import { keepScript, mainScript, place, unpackScript } from './scripts.ts';

export interface PodInput {
  readonly spec: JobSpec;
  readonly snapshotId: string;
  /** By which the pods of this job are told from all others. */
  readonly labels: Readonly<Record<string, string>>;
  /** What a submission's job alone is given, and none that is made by hand of the same request. */
  readonly own: {
    readonly variables: Readonly<Record<string, string>>;
    /** Names of secrets, and the Secret that holds their values. */
    readonly secrets: readonly string[];
    readonly secretsFrom: string;
  };
  readonly image: string;
  readonly options: PlanOptions;
  readonly placement: Placement;
  /** Host of rank 0, and the Service that gives it a name; null for one node. */
  readonly rendezvous: { readonly host: string; readonly service: string } | null;
  /** Of the flavour's RDMA network, where the job is to have it. */
  readonly rdma: { readonly resource: string; readonly env: Readonly<Record<string, string>> } | null;
}

const masterPort = '29500';
const coordinatorPort = '8476';

/** The pods of a job: code in an init container of the job's own image, the job, and who keeps its results where it has any. */
export function podSpec(input: PodInput): JsonObject {
  const { spec, image, options, placement, rendezvous } = input;
  const mounts: Json = [{ name: 'aloft', mountPath: place.root }];
  const security: JsonObject = options.restricted
    ? { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }
    : {};
  const small = { cpu: '100m', memory: '128Mi' };
  const helper = { image, resources: { requests: small, limits: small }, ...security };
  return {
    restartPolicy: 'Never',
    ...(rendezvous === null ? {} : { subdomain: rendezvous.service }),
    ...(options.serviceAccount === null ? {} : { serviceAccountName: options.serviceAccount }),
    ...(options.priorityClass === null ? {} : { priorityClassName: options.priorityClass }),
    ...(options.imagePullSecret === null ? {} : { imagePullSecrets: [{ name: options.imagePullSecret }] }),
    ...(options.restricted
      ? {
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            runAsGroup: 1000,
            fsGroup: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
        }
      : {}),
    ...(Object.keys(placement.nodeSelector).length === 0 ? {} : { nodeSelector: placement.nodeSelector }),
    ...affinity(input),
    ...(placement.tolerations.length === 0 ? {} : { tolerations: placement.tolerations.map((each) => ({ ...each })) }),
    initContainers: [
      {
        name: container.code,
        ...helper,
        command: ['/bin/sh', '-c', escapeReferences(unpackScript), 'aloft', escapeReferences(folderOf(spec))],
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: [...mounts, { name: 'code', mountPath: place.codeSecret, readOnly: true }],
      },
    ],
    containers: [
      {
        name: container.main,
        image,
        command: [
          '/bin/sh',
          '-c',
          escapeReferences(mainScript),
          'aloft',
          ...[folderOf(spec), spec.setup ?? '', spec.command].map(escapeReferences),
          spec.limits.durationMs === null ? '' : String(Math.ceil(spec.limits.durationMs / 1000)),
        ],
        env: environment(input),
        resources: resources(input),
        ...security,
        volumeMounts: [...mounts, ...(hasSharedMemory(input) ? [{ name: 'shm', mountPath: '/dev/shm' }] : [])],
      },
      ...(spec.outputs.length === 0
        ? []
        : [
            {
              name: container.results,
              ...helper,
              command: ['/bin/sh', '-c', escapeReferences(keepScript), 'aloft', String(options.keepResultsSeconds)],
              volumeMounts: mounts,
            },
          ]),
    ],
    volumes: [
      { name: 'aloft', emptyDir: {} },
      // Not there when the code is too large for a Secret: then it is sent to the pod.
      { name: 'code', secret: { secretName: codeSecretName(input.snapshotId), optional: true } },
      ...(hasSharedMemory(input)
        ? [
            {
              name: 'shm',
              emptyDir: {
                medium: 'Memory',
                ...(options.sharedMemoryBytes === null ? {} : { sizeLimit: String(options.sharedMemoryBytes) }),
              },
            },
          ]
        : []),
    ],
  };
}

/** Where the job starts. */
function folderOf(spec: JobSpec): string {
  return spec.workingDirectory === '.' ? place.work : `${place.work}/${spec.workingDirectory}`;
}

function hasSharedMemory({ spec, options }: PodInput): boolean {
  return spec.accelerator !== null || options.sharedMemoryBytes !== null;
}

function resources({ spec, placement, rdma }: PodInput): JsonObject {
  const amounts: Record<string, string> = {
    ...(spec.cpus === null ? {} : { cpu: String(spec.cpus) }),
    ...(spec.memoryBytes === null ? {} : { memory: String(spec.memoryBytes) }),
    ...(spec.diskBytes === null ? {} : { 'ephemeral-storage': String(spec.diskBytes) }),
    ...(placement.resource === null || spec.accelerator === null
      ? {}
      : { [placement.resource]: String(spec.accelerator.count) }),
    ...(rdma === null ? {} : { [rdma.resource]: '1' }),
  };
  // A CPU limit only slows a job down; it may use what is idle.
  const { cpu: _, ...limits } = amounts;
  return Object.keys(amounts).length === 0 ? {} : { requests: amounts, limits };
}

function environment({ spec, own, rendezvous, rdma }: PodInput): Json {
  const rank = { fieldRef: { fieldPath: `metadata.annotations['${annotation.index}']` } };
  const master = rendezvous?.host ?? 'localhost';
  const values: Record<string, string | JsonObject> = {
    PYTHONUNBUFFERED: '1',
    ...rdma?.env,
    NNODES: String(spec.nodes),
    NODE_RANK: rank,
    RANK: rank,
    WORLD_SIZE: String(spec.nodes),
    MASTER_ADDR: master,
    MASTER_PORT: masterPort,
    ...(spec.nodes > 1
      ? {
          JAX_COORDINATOR_ADDRESS: `${master}:${coordinatorPort}`,
          JAX_NUM_PROCESSES: String(spec.nodes),
          JAX_PROCESS_ID: rank,
        }
      : {}),
    ...spec.env,
    ...own.variables,
  };
  return [
    ...Object.entries(values).map(([name, value]) =>
      typeof value === 'string' ? { name, value: escapeReferences(value) } : { name, valueFrom: value },
    ),
    ...own.secrets.map((name) => ({ name, valueFrom: { secretKeyRef: { name: own.secretsFrom, key: name } } })),
  ];
}

function affinity({ placement, rendezvous, labels }: PodInput): JsonObject {
  const node = placement.terms.length === 0 ? null : placement.terms;
  if (node === null && rendezvous === null) {
    return {};
  }
  return {
    affinity: {
      ...(node === null
        ? {}
        : {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: node.map((expressions) => ({
                  matchExpressions: expressions.map((expression) => ({
                    ...expression,
                    values: [...expression.values],
                  })),
                })),
              },
            },
          }),
      ...(rendezvous === null
        ? {}
        : {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                {
                  labelSelector: { matchLabels: { ...labels } },
                  topologyKey: 'kubernetes.io/hostname',
                },
              ],
            },
          }),
    },
  };
}

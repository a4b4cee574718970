import { type ResourceType, qualified } from '../objects/resources.ts';
import type { Store } from '../objects/store.ts';
import type { ConfigMap, Job, KubeObject, Pod, Secret } from '../objects/types.ts';
import { prepareJob, validateJob, validateJobUpdate } from './jobStrategy.ts';
import { bad, tooLong } from './nameRules.ts';
import { admitPod, preparePod } from './podStrategy.ts';
import { validatePod, validatePodUpdate } from './podValidation.ts';
import { chargeQuota } from './quota.ts';
import type { FieldError } from './status.ts';

/** What the rules of creation may look at. */
export interface AdmissionContext {
  readonly store: Store;
  /** An admission webhook's look at an object of that kind: throws an ApiError to refuse it. */
  readonly webhook: (type: ResourceType) => void;
  /** A mutating webhook's change of an object before it is looked at. */
  readonly mutate: (type: ResourceType, object: KubeObject) => void;
}

/** The rules of one kind. */
export interface Strategy {
  readonly hasGeneration: boolean;
  /** A deletion that names no policy leaves the dependents. */
  readonly orphansByDefault: boolean;
  /** Fills in defaults. */
  readonly prepare?: (object: KubeObject, context: AdmissionContext) => void;
  /** Throws an ApiError to refuse. */
  readonly admit?: (object: KubeObject, context: AdmissionContext) => void;
  readonly validate?: (object: KubeObject, context: AdmissionContext) => FieldError[];
  readonly validateUpdate?: (next: KubeObject, current: KubeObject, context: AdmissionContext) => FieldError[];
  /** Counts it against quotas; throws an ApiError where one is exceeded. */
  readonly charge?: (object: KubeObject, context: AdmissionContext) => void;
}

const dataLimitBytes = 1_048_576;

const namespaceFinalizer = 'kubernetes';

const plain: Strategy = { hasGeneration: false, orphansByDefault: false };
const withSpec: Strategy = { ...plain, hasGeneration: true };

const strategies: Readonly<Record<string, Strategy>> = {
  'jobs.batch': {
    hasGeneration: true,
    orphansByDefault: true,
    prepare: (object) => prepareJob(object as Job),
    validate: (object) => validateJob(object as Job),
    validateUpdate: (next, current) => validateJobUpdate(next as Job, current as Job),
  },
  pods: {
    ...withSpec,
    prepare: (object, context) => preparePod(object as Pod, context.store),
    admit: (object, context) => admitPod(object as Pod, context.store),
    validate: (object) => validatePod(object as Pod),
    validateUpdate: (next, current) => validatePodUpdate(next as Pod, current as Pod),
  },
  secrets: {
    ...plain,
    prepare: (object) => prepareSecret(object),
    validate: (object) => dataErrors((object as Secret).data ?? {}, {}),
    validateUpdate: (next, current) => [
      ...immutableErrors(next, current),
      ...dataErrors((next as Secret).data ?? {}, {}),
    ],
  },
  configmaps: {
    ...plain,
    validate: (object) => configMapErrors(object),
    validateUpdate: (next, current) => [...immutableErrors(next, current), ...configMapErrors(next)],
  },
  services: { ...plain, prepare: prepareService },
  namespaces: {
    ...plain,
    prepare: (object) => {
      object['spec'] = { finalizers: ['kubernetes'] };
      object['status'] = { phase: 'Active' };
      const { metadata } = object;
      metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
      // Stands for `spec.finalizers`, which the real server keeps for namespaces alone.
      metadata.finalizers = [...(metadata.finalizers ?? []), namespaceFinalizer];
    },
  },
};

const customResource: Strategy = { ...withSpec };

/** The rules of a kind, with what holds for every kind. */
export function strategyOf(type: ResourceType): Strategy {
  const own = strategies[qualified(type)] ?? (type.model === null ? customResource : plain);
  return {
    ...own,
    prepare: (object, context) => {
      context.mutate(type, object);
      own.prepare?.(object, context);
    },
    admit: (object, context) => {
      own.admit?.(object, context);
      context.webhook(type);
    },
    charge: (object, context) => {
      own.charge?.(object, context);
      chargeQuota(type, object, context.store);
    },
  };
}

function prepareSecret(secret: Secret): void {
  secret.type ??= 'Opaque';
  const plainData = secret['stringData'];
  if (typeof plainData === 'object' && plainData !== null) {
    const encoded = Object.entries(plainData).map(([key, value]) => [
      key,
      Buffer.from(String(value)).toString('base64'),
    ]);
    secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
    delete secret['stringData'];
  }
}

let nextClusterIp = 1;

function prepareService(object: KubeObject): void {
  const spec = (object['spec'] ??= {}) as Record<string, unknown>;
  spec['type'] ??= 'ClusterIP';
  spec['sessionAffinity'] ??= 'None';
  spec['internalTrafficPolicy'] ??= 'Cluster';
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
  nextClusterIp += 1;
  spec['clusterIP'] ??= `10.96.${(nextClusterIp >> 8) & 255}.${nextClusterIp & 255}`;
  spec['clusterIPs'] ??= [spec['clusterIP']];
  object['status'] ??= { loadBalancer: {} };
}

function configMapErrors({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  return dataErrors(binaryData, data);
}

const keyPattern = /^[-._a-zA-Z0-9]+$/u;

function dataErrors(encoded: Record<string, string>, text: Record<string, string>): FieldError[] {
  const keys = [...Object.keys(encoded), ...Object.keys(text)].filter(
    (key) => !keyPattern.test(key) || key.length > 253,
  );
  const bytes =
    Object.values(encoded).reduce((sum, value) => sum + Buffer.from(value, 'base64').length, 0) +
    Object.values(text).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  return [
    ...keys.map((key) =>
      bad(
        `data[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ),
    ),
    ...(bytes > dataLimitBytes ? [tooLong('data', dataLimitBytes)] : []),
  ];
}

function immutableErrors(next: KubeObject, current: KubeObject): FieldError[] {
  const isSame = ['data', 'binaryData', 'immutable'].every(
    (field) => JSON.stringify(next[field] ?? null) === JSON.stringify(current[field] ?? null),
  );
  return current['immutable'] === true && !isSame
    ? [
        {
          reason: 'FieldValueForbidden',
          field: 'data',
          message: 'Forbidden: field is immutable when `immutable` is set',
        },
      ]
    : [];
}

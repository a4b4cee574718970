import { isQuantity, quantity } from '../objects/quantity.ts';
import type { Container, Pod, PodSpec } from '../objects/types.ts';
import { bad, isLabelName, required, unknownChoice } from './nameRules.ts';
import type { FieldError } from './status.ts';

export function validatePod(pod: Pod): FieldError[] {
  return validatePodSpec(pod.spec, 'spec');
}

/** Only a few fields of a pod may change. */
export function validatePodUpdate(next: Pod, current: Pod): FieldError[] {
  const frozen = ({ spec }: Pod): string =>
    JSON.stringify({
      ...spec,
      containers: spec.containers.map((container) => ({ ...container, image: '' })),
      initContainers: (spec.initContainers ?? []).map((container) => ({ ...container, image: '' })),
      activeDeadlineSeconds: 0,
      terminationGracePeriodSeconds: 0,
      tolerations: [],
      schedulingGates: [],
    });
  return frozen(next) === frozen(current)
    ? []
    : [
        {
          reason: 'FieldValueForbidden',
          field: 'spec',
          message:
            'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
        },
      ];
}

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const envName = /^[^=\u0000-\u001f\u007f]+$/u;

export function validatePodSpec(spec: PodSpec, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const containers = spec.containers ?? [];
  if (containers.length === 0) {
    errors.push(required(`${at}.containers`));
  }
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
  const seen = new Set<string>();
  const all = [
    ...(spec.initContainers ?? []).map((container, index) => [container, `${at}.initContainers[${index}]`] as const),
    ...containers.map((container, index) => [container, `${at}.containers[${index}]`] as const),
  ];
  for (const [container, path] of all) {
    errors.push(...validateContainer(container, path, volumes));
    if (seen.has(container.name)) {
      errors.push({
        reason: 'FieldValueDuplicate',
        field: `${path}.name`,
        message: `Duplicate value: ${JSON.stringify(container.name)}`,
      });
    }
    seen.add(container.name);
  }
  if (!restartPolicies.includes(spec.restartPolicy ?? '')) {
    errors.push(unknownChoice(`${at}.restartPolicy`, spec.restartPolicy, restartPolicies));
  }
  for (const [field, name] of [
    ['hostname', spec.hostname],
    ['subdomain', spec.subdomain],
  ] as const) {
    if (name !== undefined && name !== '' && !isLabelName(name)) {
      errors.push(
        bad(
          `${at}.${field}`,
          name,
          "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        ),
      );
    }
  }
  return errors;
}

function validateContainer(container: Partial<Container>, path: string, volumes: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const { name = '', image = '', resources = {} } = container;
  if (name === '') {
    errors.push(required(`${path}.name`));
  } else if (!isLabelName(name)) {
    errors.push(
      bad(
        `${path}.name`,
        name,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      ),
    );
  }
  if (image === '') {
    errors.push(required(`${path}.image`));
  } else if (image !== image.trim()) {
    errors.push(bad(`${path}.image`, image, 'must not have leading or trailing whitespace'));
  }
  if (!pullPolicies.includes(container.imagePullPolicy ?? '')) {
    errors.push(unknownChoice(`${path}.imagePullPolicy`, container.imagePullPolicy, pullPolicies));
  }
  (container.env ?? []).forEach((variable, index) => {
    if (variable.name === undefined || variable.name === '') {
      errors.push(required(`${path}.env[${index}].name`));
    } else if (!envName.test(variable.name)) {
      errors.push(
        bad(
          `${path}.env[${index}].name`,
          variable.name,
          "a valid environment variable name must consist only of printable ASCII characters other than '='",
        ),
      );
    }
  });
  const mounted = new Set<string>();
  (container.volumeMounts ?? []).forEach((mount, index) => {
    const at = `${path}.volumeMounts[${index}]`;
    if (!volumes.has(mount.name)) {
      errors.push({
        reason: 'FieldValueNotFound',
        field: `${at}.name`,
        message: `Not found: ${JSON.stringify(mount.name)}`,
      });
    }
    if (mounted.has(mount.mountPath)) {
      errors.push(bad(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    }
    mounted.add(mount.mountPath);
  });
  return [...errors, ...validateResources(resources, `${path}.resources`)];
}

function validateResources(
  { requests = {}, limits = {} }: NonNullable<Container['resources']>,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [kind, amounts] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [resource, amount] of Object.entries(amounts)) {
      if (!isQuantity(amount) || quantity(amount) < 0) {
        errors.push(bad(`${path}.${kind}.${resource}`, amount, 'must be greater than or equal to 0'));
      }
    }
  }
  for (const [resource, amount] of Object.entries(requests)) {
    const limit = limits[resource];
    const isExtended = resource.includes('/');
    if (isExtended && limit === undefined) {
      errors.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
    } else if (limit !== undefined && isExtended && quantity(limit) !== quantity(amount)) {
      errors.push(bad(`${path}.requests`, amount, `must be equal to ${resource} limit of ${limit}`));
    } else if (limit !== undefined && quantity(amount) > quantity(limit)) {
      errors.push(bad(`${path}.requests`, amount, `must be less than or equal to ${resource} limit of ${limit}`));
    }
  }
  return errors;
}

import type { Job, PodFailurePolicyRule } from '../objects/types.ts';
import { bad, checkLabelMap, isLabelName, required, unknownChoice } from './nameRules.ts';
import { defaultPodSpec } from './podStrategy.ts';
import { validatePodSpec } from './podValidation.ts';
import type { FieldError } from './status.ts';

export function prepareJob(job: Job): void {
  const { spec, metadata } = job;
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1;
  }
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const condition of rule.onPodConditions ?? []) {
      condition.status ??= 'True';
    }
  }
  const { uid, name } = metadata;
  if (!spec.manualSelector) {
    spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
    const { template } = spec;
    if (template !== undefined) {
      template.metadata = {
        ...template.metadata,
        labels: {
          ...template.metadata?.labels,
          'batch.kubernetes.io/controller-uid': uid,
          'batch.kubernetes.io/job-name': name,
          'controller-uid': uid,
          'job-name': name,
        },
      };
    }
  }
  job.status = {};
  if (spec.template?.spec !== undefined) {
    defaultPodSpec(spec.template.spec);
  }
}

export function validateJob(job: Job): FieldError[] {
  const { spec, metadata } = job;
  const errors = [
    ...nonNegative(job),
    ...checkLabelMap(spec.template?.metadata?.labels ?? {}, 'spec.template.labels'),
    ...(spec.template?.spec === undefined
      ? [required('spec.template.spec.containers')]
      : validatePodSpec(spec.template.spec, 'spec.template.spec')),
  ];
  const { restartPolicy } = spec.template?.spec ?? {};
  if (restartPolicy === 'Always') {
    errors.push(required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'));
  }
  if (!['Indexed', 'NonIndexed'].includes(spec.completionMode ?? '')) {
    errors.push(unknownChoice('spec.completionMode', spec.completionMode, ['Indexed', 'NonIndexed']));
  }
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined) {
      errors.push(required('spec.completions', 'when completion mode is Indexed'));
    } else {
      const last = `${metadata.name}-${spec.completions - 1}`;
      if (spec.completions > 0 && !isLabelName(last)) {
        errors.push(bad('metadata.name', metadata.name, `will not able to create pod with invalid DNS label: ${last}`));
      }
    }
  } else if (spec.backoffLimitPerIndex !== undefined) {
    errors.push(bad('spec.backoffLimitPerIndex', spec.backoffLimitPerIndex, 'requires indexed completion mode'));
  }
  if (spec.podFailurePolicy !== undefined) {
    errors.push(...failurePolicyErrors(spec.podFailurePolicy.rules ?? [], restartPolicy));
  }
  return errors;
}

/** What may not change after creation. */
export function validateJobUpdate(next: Job, current: Job): FieldError[] {
  const errors = nonNegative(next);
  const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  const frozen = ['completionMode', 'selector', 'podFailurePolicy', 'backoffLimitPerIndex', 'manualSelector'] as const;
  for (const field of frozen) {
    if (!isSame(next.spec[field], current.spec[field])) {
      errors.push(bad(`spec.${field}`, next.spec[field], 'field is immutable'));
    }
  }
  const mayScale = current.spec.completionMode === 'Indexed' && next.spec.completions === next.spec.parallelism;
  if (!isSame(next.spec.completions, current.spec.completions) && !mayScale) {
    errors.push(bad('spec.completions', next.spec.completions, 'field is immutable'));
  }
  const isWaiting = current.spec.suspend === true && current.status.startTime === undefined;
  const template = (job: Job): unknown =>
    isWaiting
      ? {
          ...job.spec.template.spec,
          nodeSelector: null,
          tolerations: null,
          affinity: null,
          schedulingGates: null,
        }
      : job.spec.template;
  if (!isSame(template(next), template(current))) {
    errors.push(bad('spec.template', next.spec.template, 'field is immutable'));
  }
  return errors;
}

function nonNegative({ spec }: Job): FieldError[] {
  const fields = [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
    'ttlSecondsAfterFinished',
  ] as const;
  return fields
    .filter((field) => (spec[field] ?? 0) < 0)
    .map((field) => bad(`spec.${field}`, spec[field], 'must be greater than or equal to 0'));
}

function failurePolicyErrors(rules: readonly PodFailurePolicyRule[], restartPolicy: string | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (restartPolicy !== 'Never') {
    errors.push(
      bad(
        'spec.template.spec.restartPolicy',
        restartPolicy,
        'only "Never" is supported when podFailurePolicy is specified',
      ),
    );
  }
  const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
  rules.forEach((rule, index) => {
    const at = `spec.podFailurePolicy.rules[${index}]`;
    if (!actions.includes(rule.action)) {
      errors.push(unknownChoice(`${at}.action`, rule.action, actions));
    }
    const ways = (rule.onExitCodes === undefined ? 0 : 1) + (rule.onPodConditions === undefined ? 0 : 1);
    if (ways === 0) {
      errors.push(bad(at, rule, 'specifying one of OnExitCodes and OnPodConditions is required'));
    } else if (ways === 2) {
      errors.push(bad(at, rule, 'specifying both OnExitCodes and OnPodConditions is not supported'));
    }
    if (rule.onExitCodes?.operator === 'In' && rule.onExitCodes.values.includes(0)) {
      errors.push(bad(`${at}.onExitCodes.values[0]`, 0, 'must not be 0 for the In operator'));
    }
  });
  return errors;
}

import { GoogleApiError } from '../apiError.ts';
import { checkMachine } from './machines.ts';
import type { CustomJobSpec, NewCustomJob, WorkerPoolSpec } from './types.ts';

const labelKey = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\d_-]{0,62}$/u;
const labelValue = /^[\p{Ll}\p{Lo}\d_-]{0,63}$/u;
const flexStart = /^(?:NVIDIA_(?:L4|TESLA_A100|A100_80GB|H100.*|H200.*|B200))$/u;

/** Throws INVALID_ARGUMENT for a job that the service would not take; returns its spec. */
export function checkJob(job: NewCustomJob): CustomJobSpec {
  const { displayName, jobSpec, labels } = job;
  if (displayName === '' || displayName.length > 128) {
    throw invalid('display_name must be between 1 and 128 characters.');
  }
  for (const [key, value] of Object.entries(labels)) {
    if (!labelKey.test(key) || !labelValue.test(value)) {
      throw invalid(`Invalid label "${key}: ${value}".`);
    }
  }
  const pools = jobSpec?.workerPoolSpecs ?? [];
  if (jobSpec === null || pools.length === 0) {
    throw invalid('worker_pool_specs must not be empty.');
  }
  pools.forEach((pool, index) => checkPool(pool, index));
  if (pools[0]?.replicaCount !== '1') {
    throw invalid('The first worker pool must have exactly one replica.');
  }
  const isTpu = pools.some(({ machineSpec }) => /tpu|^ct/u.test(machineSpec?.machineType ?? ''));
  if (isTpu && pools.length > 1) {
    throw invalid('Jobs with TPUs must have exactly one worker pool.');
  }
  const { strategy = '', timeout } = jobSpec.scheduling ?? {};
  if (strategy === 'FLEX_START') {
    if (!pools.every(({ machineSpec }) => flexStart.test(machineSpec?.acceleratorType ?? ''))) {
      throw invalid('FLEX_START is not supported for the accelerator type of the job.');
    }
    if (Number(timeout?.seconds ?? 0) > 7 * 86_400) {
      throw invalid('The timeout of a FLEX_START job must not exceed 7 days.');
    }
  }
  const output = jobSpec.baseOutputDirectory?.outputUriPrefix ?? '';
  if (output !== '' && !/^gs:\/\/[^/]+/u.test(output)) {
    throw invalid(`Invalid output_uri_prefix "${output}".`);
  }
  return jobSpec;
}

function checkPool(
  { machineSpec, containerSpec, pythonPackageSpec, replicaCount }: WorkerPoolSpec,
  index: number,
): void {
  const at = `worker_pool_specs[${index}]`;
  if (Number(replicaCount) < 1 && index === 0) {
    throw invalid(`${at}.replica_count must be positive.`);
  }
  if (machineSpec === null) {
    throw invalid(`${at}.machine_spec is required.`);
  }
  checkMachine(machineSpec);
  const hasContainer = containerSpec !== undefined && containerSpec !== null;
  if (!hasContainer && (pythonPackageSpec === undefined || pythonPackageSpec === null)) {
    throw invalid(`${at}: either container_spec or python_package_spec must be set.`);
  }
  if (hasContainer && containerSpec.imageUri === '') {
    throw invalid(`${at}.container_spec.image_uri is required.`);
  }
  if (hasContainer && containerSpec.env.length > 100) {
    throw invalid(`${at}.container_spec.env must not have more than 100 entries.`);
  }
  if (hasContainer && containerSpec.env.some(({ name }) => !/^[A-Za-z_][A-Za-z0-9_]*$/u.test(name))) {
    throw invalid(`${at}.container_spec.env: environment variable names must be C identifiers.`);
  }
}

function invalid(message: string): GoogleApiError {
  return new GoogleApiError('INVALID_ARGUMENT', message);
}

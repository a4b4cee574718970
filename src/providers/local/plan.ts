import type { Plan, PlanInput } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { refuseImpossible } from '../../core/specChecks.ts';
import { staysInside } from './outputs.ts';

/** Spec to request.json. Throws `unsupported` or `invalid`, naming the field. */
export function planRun({ spec, key, snapshotId, interpreter }: PlanInput): Plan {
  refuse(spec.image !== null, 'image', 'This machine runs jobs without containers.', 'Leave the image empty.');
  refuse(spec.nodes > 1, 'nodes', 'This machine is one node.', 'Set nodes to 1.');
  refuse(spec.spot, 'spot', 'This machine has no spot capacity.', 'Switch spot off.');
  refuse(spec.region !== null, 'region', 'This machine has no regions.', 'Leave the region empty.');
  const [option] = Object.keys(spec.options);
  refuse(option !== undefined, `options.${option}`, 'This machine has no options of its own.', 'Take them out.');
  refuseImpossible(spec);
  for (const pattern of spec.outputs) {
    if (!staysInside(pattern)) {
      throw new ProviderError('invalid', `The output pattern "${pattern}" reaches outside the job's folder.`, {
        field: 'outputs',
        remedy: 'Use patterns relative to the working folder.',
      });
    }
  }
  const request = {
    version: 1,
    runId: key.runId,
    attempt: key.attempt,
    snapshot: snapshotId,
    interpreter,
    spec: {
      ...spec,
      accelerator: spec.accelerator === null ? null : { ...spec.accelerator },
      limits: { ...spec.limits },
    },
  };
  const unheld = [spec.cpus, spec.memoryBytes, spec.diskBytes].some((amount) => amount !== null);
  return {
    request,
    text: `${JSON.stringify(request, null, 2)}\n`,
    language: 'json',
    warnings: unheld ? ['This machine sets no CPUs, memory or disk aside: the job shares what there is.'] : [],
  };
}

function refuse(condition: boolean, field: string, message: string, remedy: string): void {
  if (condition) {
    throw new ProviderError('unsupported', message, { field, remedy });
  }
}

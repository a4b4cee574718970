import * as z from 'zod/mini';
import { specToInput } from '../../../src/core/jobSpec.ts';
import type { Abilities, Json, Plan, PlanInput } from '../../../src/core/provider.ts';
import { ProviderError } from '../../../src/core/providerError.ts';
import { backendOptions } from './jobOptions.ts';

/** What the scripted backend can do; the conformance suite tries the rest and wants it refused. */
export const scriptedAbilities: Abilities = {
  spot: true,
  multiNode: true,
  containerImage: false,
  regions: true,
  liveLogs: true,
  logDelayMs: 0,
  resumesAfterPreemption: true,
  dryRun: true,
  shell: true,
  portForward: true,
};

const requestSchema = z.object({ name: z.string(), spec: z.json() });

export function planRequest({ spec, key, snapshotId }: PlanInput): Plan {
  if (spec.image !== null) {
    throw new ProviderError('unsupported', 'The scripted backend runs no containers.', {
      field: 'image',
      remedy: 'Leave the image empty.',
    });
  }
  const unknown = Object.keys(spec.options).find((name) => !backendOptions.some((option) => option['name'] === name));
  if (unknown !== undefined) {
    throw new ProviderError('invalid', `The scripted backend has no option ${unknown}.`, {
      field: `options.${unknown}`,
      remedy: 'Remove it.',
    });
  }
  const request = {
    name: spec.name,
    labels: { run: key.runId, attempt: String(key.attempt) },
    snapshot: snapshotId,
    spec: specToInput(spec),
  };
  return { request, text: `${JSON.stringify(request, null, 2)}\n`, language: 'json', warnings: [] };
}

export function readRequest(request: Json): { readonly name: string; readonly spec: Json } {
  return z.parse(requestSchema, request);
}

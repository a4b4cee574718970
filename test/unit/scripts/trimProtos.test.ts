import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { closureOf } from '../../../scripts/trimProtos.ts';

/** What protobufjs makes of a tree; google-gax carries it along. */
interface Root {
  resolveAll(): unknown;
  lookupService(name: string): { readonly methods: Readonly<Record<string, unknown>> };
  lookupType(name: string): { readonly fields: Readonly<Record<string, unknown>> };
  lookup(name: string): unknown;
}

const require = createRequire(import.meta.url);

describe('the description of Vertex AI that is bundled', () => {
  it('has all of JobService, resolves by itself and is a fraction of the whole', async () => {
    const text = await readFile(require.resolve('@google-cloud/aiplatform/build/protos/protos.json'), 'utf8');
    const whole = JSON.parse(text);
    const trimmed = closureOf(whole, 'google.cloud.aiplatform.v1.JobService');
    expect(JSON.stringify(trimmed).length).toBeLessThan(text.length / 20);

    const { protobuf } = require('google-gax') as { protobuf: { Root: { fromJSON(json: unknown): Root } } };
    const root = protobuf.Root.fromJSON(trimmed);
    root.resolveAll();
    const all = protobuf.Root.fromJSON(whole);
    const service = 'google.cloud.aiplatform.v1.JobService';
    expect(Object.keys(root.lookupService(service).methods)).toEqual(Object.keys(all.lookupService(service).methods));
    for (const message of ['CustomJob', 'CustomJobSpec', 'Scheduling', 'MachineSpec', 'DeleteOperationMetadata']) {
      const name = `google.cloud.aiplatform.v1.${message}`;
      expect(Object.keys(root.lookupType(name).fields)).toEqual(Object.keys(all.lookupType(name).fields));
    }
    expect(root.lookup('google.cloud.aiplatform.v1.PredictionService')).toBeNull();
  });
});

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { withoutDescriptions } from '../../../scripts/trimGax.ts';
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
  it('has the methods that are used, resolves by itself and is a fraction of the whole', async () => {
    const text = await readFile(require.resolve('@google-cloud/aiplatform/build/protos/protos.json'), 'utf8');
    const whole = JSON.parse(text);
    const service = 'google.cloud.aiplatform.v1.JobService';
    const methods = ['CreateCustomJob', 'ListCustomJobs'];
    const trimmed = closureOf(whole, service, methods);
    expect(JSON.stringify(trimmed).length).toBeLessThan(text.length / 50);

    const { protobuf } = require('google-gax') as { protobuf: { Root: { fromJSON(json: unknown): Root } } };
    const root = protobuf.Root.fromJSON(trimmed);
    root.resolveAll();
    const all = protobuf.Root.fromJSON(whole);
    expect(Object.keys(root.lookupService(service).methods)).toEqual(methods);
    for (const message of ['CustomJob', 'CustomJobSpec', 'Scheduling', 'MachineSpec', 'ListCustomJobsRequest']) {
      const name = `google.cloud.aiplatform.v1.${message}`;
      expect(Object.keys(root.lookupType(name).fields)).toEqual(Object.keys(all.lookupType(name).fields));
    }
    expect(root.lookup('google.cloud.aiplatform.v1.PredictionService')).toBeNull();
    // Looked up when a client is made, and never read.
    expect(root.lookup('google.cloud.aiplatform.v1.DeleteOperationMetadata')).not.toBeNull();
  });
});

describe('what is taken out of proto-loader', () => {
  it('is there in the version that is installed, and is missed in another', async () => {
    const source = await readFile(require.resolve('@grpc/proto-loader'), 'utf8');
    expect(withoutDescriptions(source)).not.toContain('toDescriptor');
    expect(() => withoutDescriptions(source.replaceAll('toDescriptor', 'describe'))).toThrow('has changed');
  });
});

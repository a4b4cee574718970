import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobs } from '../../../emulators/kubernetes/objects/resources.ts';
import { type ClientCluster, namespace, shellJob, startWithClients } from './cluster.ts';
import { rawWatch } from './rawRequest.ts';

const count = 1000;

describe('a thousand jobs in the emulated cluster', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients({ nodes: [] });
  });
  afterAll(async () => cluster.stop());

  it('are listed and watched', async () => {
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    const watch = await rawWatch(cluster, `${path}?watch=1&resourceVersion=1`);
    for (let index = 0; index < count; index += 1) {
      cluster.control.create(jobs, namespace, structuredClone(shellJob(`job-${index}`, 'true', { suspend: true })));
    }
    const { items } = await cluster.batch.listNamespacedJob({ namespace });
    expect(items).toHaveLength(count);
    const seen = new Set<string | undefined>();
    while (seen.size < count) {
      seen.add((await watch.next())?.object.metadata.name);
    }
    watch.close();
  });
});

import { describe, expect, it } from 'vitest';
import { ClusterAccess } from '../../../../src/providers/kubernetes/client/access.ts';
import { KubeApi } from '../../../../src/providers/kubernetes/client/api.ts';
import { podLog } from '../../../../src/providers/kubernetes/logs/podLog.ts';
import { startOf } from '../../../../src/providers/kubernetes/logs/position.ts';
import { gather } from '../../../conformance/harness.ts';
import { podObject } from '../../../fixtures/kubernetes/objects.ts';

describe('podLog', () => {
  it('looks ever more seldom at a pod that has not started', async () => {
    const cluster = { name: 'none', server: 'https://127.0.0.1:1', skipTLSVerify: false };
    const api = new KubeApi(
      new ClusterAccess({ name: 'none', cluster, user: { name: '' }, tokenFile: null, namespace: null }),
    );
    const waits: number[] = [];
    const items = podLog({
      api,
      namespace: 'lab',
      pod: 'pod-0',
      position: startOf('pod-uid-0', ''),
      follow: true,
      look: async () => (waits.length < 20 ? podObject({ phase: 'Pending' }) : null),
      changed: async (ms) => {
        waits.push(ms);
      },
      longestWait: () => 30_000,
      turn: (work) => work(),
      signal: new AbortController().signal,
    });
    expect(await gather(items)).toEqual([]);
    expect(waits[0]).toBe(250);
    expect(waits.at(-1)).toBe(30_000);
    api.dispose();
  });
});

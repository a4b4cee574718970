import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GoogleAccess } from '../../../../src/providers/google/client/access.ts';
import { dataOf, handleOf } from '../../../../src/providers/google/handle.ts';
import type { RunId } from '../../../../src/core/job.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('access to Google Cloud', () => {
  it('says which command signs in when nobody is', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/does/not/exist.json');
    const access = new GoogleAccess({ project: 'ada-lab', endpoints: {} });
    await expect(access.rest({ api: 'cloudquotas', path: '/' }, new AbortController().signal)).rejects.toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining('gcloud auth application-default login'),
    });
  });

  it('makes clients that share nothing between regions, and lets go of them', async () => {
    const access = new GoogleAccess({ project: 'ada-lab', endpoints: {} });
    expect(access.jobs('us-central1')).toBe(access.jobs('us-central1'));
    expect(access.jobs('us-central1')).not.toBe(access.jobs('europe-west4'));
    expect(access.logging().apiEndpoint).toBe('logging.googleapis.com');
    expect(access.storage().apiEndpoint).toBe('https://storage.googleapis.com');
    await access.dispose();
  });

  it('ends with its signal even where the request does not', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const access = new GoogleAccess({ project: 'ada-lab', endpoints: { storage: `http://127.0.0.1:${port}` } });
    const gone = new AbortController();
    const asked = access.call(gone.signal, async () => new Promise(() => undefined));
    gone.abort(new Error('went away'));
    await expect(asked).rejects.toThrow('went away');
    expect(access.endpoint('storage').port).toBe(port);
    server.close();
  });

  it('reads its handles back', () => {
    const key = { runId: '01J00000000000000000000000' as RunId, attempt: 2 };
    const handle = handleOf(
      { name: 'projects/123/locations/us-central1/customJobs/456', outputUri: 'gs://b/x', createdAt: 7 },
      key,
      'ada-lab',
      'b',
    );
    expect(dataOf(handle)).toEqual({
      ...key,
      project: 'ada-lab',
      region: 'us-central1',
      jobId: '456',
      bucket: 'b',
      outputUri: 'gs://b/x',
      createdAt: 7,
    });
    expect(() => dataOf({ id: 'x', data: {} })).toThrow(expect.objectContaining({ tag: 'invalid' }));
  });
});

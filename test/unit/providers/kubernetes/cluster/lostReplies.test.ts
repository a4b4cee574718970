import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AttemptKey } from '../../../../../src/core/job.ts';
import type { Connection, Handle } from '../../../../../src/core/provider.ts';
import { never, newKey, rejection, specFor } from '../../../../conformance/harness.ts';
import { forbidden } from '../../../../emulators/kubernetes/api/status.ts';
import { jobs, secrets } from '../../../../emulators/kubernetes/objects/resources.ts';
import { bigSnapshot } from '../../../../fixtures/kubernetes/bigSnapshot.ts';
import { Lab } from '../../../../fixtures/kubernetes/lab.ts';

let lab: Lab;
let connection: Connection;

beforeAll(async () => {
  lab = await Lab.start();
  lab.control.pauseScheduler(true);
  connection = lab.open();
});

afterEach(() => {
  lab.control.clearFaults();
});

afterAll(async () => {
  await lab.stop();
});

const nameOf = ({ runId }: AttemptKey): string => `aloft-${runId.toLowerCase()}`;

/** A job that the cluster has though nobody was told so. */
async function submitUnheard(): Promise<{ readonly key: AttemptKey; readonly submitting: () => Promise<Handle> }> {
  const key = newKey();
  const spec = specFor('sleep 600', { secrets: ['TOKEN'], nodes: 2 });
  const plan = connection.plan({ spec, key, snapshotId: lab.snapshot.id, interpreter: null });
  const staged = await connection.stage(lab.snapshot, never(), () => undefined);
  const submitting = async (): Promise<Handle> =>
    connection.submit({ plan, key, staged, secrets: new Map([['TOKEN', 'x']]) }, never());
  lab.control.addFault({ on: { resource: 'jobs', verb: 'create' }, kind: 'loseReply' });
  expect(await rejection(submitting())).toMatchObject({ tag: 'transient' });
  return { key, submitting };
}

/** What belongs to the job of what it needs. */
function ownedBy(key: AttemptKey): readonly string[] {
  const uid = lab.control.get(jobs, 'default', nameOf(key))?.metadata.uid;
  return lab.control
    .list(secrets, 'default')
    .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true)
    .map(({ metadata: { name } }) => (name === `${nameOf(key)}-env` ? 'env' : name.slice(0, 'aloft-code'.length)));
}

const both = expect.arrayContaining(['env', 'aloft-code']);

describe('a job whose submission was never answered', () => {
  it('owns what it needs once it was found', async () => {
    const { key } = await submitUnheard();
    expect(await connection.find(key, never())).toMatchObject({ data: { name: nameOf(key) } });
    expect(ownedBy(key)).toEqual(both);
  });

  it('owns what it needs once it was submitted again', async () => {
    const { key, submitting } = await submitUnheard();
    expect(await submitting()).toMatchObject({ data: { name: nameOf(key) } });
    expect(ownedBy(key)).toEqual(both);
  });

  it('keeps its code and its secrets though it is queued for hours and nobody asked for it', async () => {
    for (const { metadata } of lab.control.list(secrets, 'default')) {
      lab.control.remove(secrets, 'default', metadata.name);
    }
    const { key } = await submitUnheard();
    const orphan = `${nameOf(newKey())}-env`;
    lab.control.create(secrets, 'default', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: orphan,
        labels: { 'app.kubernetes.io/managed-by': 'aloft', 'aloft.dev/part': 'env' },
      },
    });
    for (const { metadata } of lab.control.list(secrets, 'default')) {
      lab.control.change(secrets, 'default', metadata.name, (draft) => {
        draft.metadata.annotations = { 'aloft.dev/wanted-at': '2020-01-01T00:00:00Z' };
      });
    }
    const other = await bigSnapshot(1000);
    await connection.stage(other.snapshot, never(), () => undefined);
    await other.dispose();
    expect(lab.control.get(secrets, 'default', orphan)).toBeUndefined();
    expect(ownedBy(key)).toEqual(both);
  });
});

describe('somebody with the rights of a namespace alone', () => {
  let own: Connection;

  beforeAll(async () => {
    lab.control.addUser({ name: 'ada', groups: [] }, 'ada-token', [
      {
        verbs: ['*'],
        apiGroups: ['', 'batch'],
        namespace: 'default',
        resources: ['jobs', 'pods', 'pods/log', 'pods/exec', 'secrets', 'services', 'events'],
      },
    ]);
    const path = await lab.cluster.writeKubeconfig('ada', { ada: { kind: 'token', token: 'ada-token' } }, [
      { name: 'ada', user: 'ada', namespace: 'default' },
    ]);
    own = lab.open({ kubeconfig: path, context: 'ada' });
  });

  it('learns that a job is not there', async () => {
    expect(await own.find(newKey(), never())).toBeNull();
    const { key } = await submitUnheard();
    expect(await own.find(key, never())).not.toBeNull();
  });

  it('is not offered what is not installed', async () => {
    const names = (await own.jobOptions?.(never()))?.map(({ name }) => name);
    expect(names).toContain('priorityClass');
    expect(names).not.toContain('queue');
    expect(names).not.toContain('controller');
  });
});

describe('a refused cancellation', () => {
  it('does not make a job cancelled that somebody else deletes later', async () => {
    const { handle, name } = await lab.submit(connection, 'sleep 600');
    lab.control.addFault({
      on: { resource: 'jobs', verb: 'delete' },
      kind: 'fail',
      error: forbidden(jobs, name, 'not for you'),
    });
    expect(await rejection(connection.cancel(handle, never()))).toMatchObject({ tag: 'auth' });
    lab.control.remove(jobs, 'default', name);
    await expect.poll(async () => (await connection.observe([handle], never())).get(handle.id)).toBeUndefined();
  });
});

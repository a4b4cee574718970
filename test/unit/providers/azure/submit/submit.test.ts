import { afterEach, describe, expect, it } from 'vitest';
import type { SnapshotId } from '../../../../../src/core/job.ts';
import type { Handle } from '../../../../../src/core/provider.ts';
import { cloudOf } from '../../../../../src/providers/azure/cloud.ts';
import { jobName } from '../../../../../src/providers/azure/names.ts';
import { planJob } from '../../../../../src/providers/azure/plan/plan.ts';
import { listAttempts, submitJob } from '../../../../../src/providers/azure/submit/submit.ts';
import { never, newKey, rejection, specFor, tagOf } from '../../../../conformance/harness.ts';
import type { StubAnswer, StubRequest } from '../../../../fixtures/azure/httpStub.ts';
import { noJob, startWorkspace, type WorkspaceStub } from '../../../../fixtures/azure/workspaceStub.ts';
import { ManualClock } from '../../../../fixtures/engine/manualClock.ts';

let workspace: WorkspaceStub | undefined;

afterEach(async () => {
  await workspace?.stub.stop();
});

const key = newKey();
const blobs = /^\/account\/box\//u;
const oneJob = /\/jobs\/[^/]+$/u;
const made: StubAnswer = { status: 200, body: { name: jobName(key), properties: { status: 'Queued' } } };
const refused = (status: number, code: string): StubAnswer => ({ status, body: { error: { code, message: 'No.' } } });

interface Answers {
  /** To questions for the job, in this order, the last for good. */
  readonly get: StubAnswer[];
  /** To the request for it, likewise; undefined closes the connection. */
  readonly put: (StubAnswer | undefined)[];
  /** To what is asked about its environment. */
  readonly environment?: StubAnswer | ((method: string) => StubAnswer);
}

/** Submits a job with a secret, as often as is said. */
async function submitter(answers: Answers): Promise<() => Promise<Handle>> {
  const clock = new ManualClock();
  const quick = {
    now: () => clock.now(),
    sleep: async (ms: number, signal: AbortSignal) => (ms < 5000 ? undefined : clock.sleep(ms, signal)),
  };
  const next = <T>(all: T[]): T | undefined => (all.length > 1 ? all.shift() : all[0]);
  const answer = ({ method, path }: StubRequest): StubAnswer | undefined => {
    if (blobs.test(path)) {
      return { status: 201 };
    }
    if (path.includes('/environments/')) {
      const { environment = { status: 200, body: {} } } = answers;
      return typeof environment === 'function' ? environment(method) : environment;
    }
    return method === 'PUT' ? next(answers.put) : next(answers.get);
  };
  const opened = await startWorkspace(quick, answer);
  workspace = opened;
  const settings = { subscription: 's', resourceGroup: 'lab', workspace: 'vision' };
  const spec = specFor('true', { secrets: ['TOKEN'], image: 'python:3.13' });
  const plan = planJob({ spec, key, snapshotId: 'abc' as SnapshotId, interpreter: null }, settings, null);
  const unanswered = new Set<string>();
  const input = { plan, key, staged: { datastore: 'workspaceblobstore' }, secrets: new Map([['TOKEN', 'hush']]) };
  return async () => submitJob({ ...opened, clock: quick, unanswered }, input, never());
}

describe('secrets', () => {
  it('go to the datastore only when nothing else stands before the job', async () => {
    const submit = await submitter({ get: [noJob], put: [made], environment: refused(403, 'AuthorizationFailed') });
    expect(tagOf(await rejection(submit()))).toBe('auth');
    expect(workspace?.asked('PUT', blobs)).toEqual([]);
  });

  it('are taken away again when the job is refused', async () => {
    const submit = await submitter({ get: [noJob], put: [refused(400, 'ValidationError')] });
    expect(tagOf(await rejection(submit()))).toBe('invalid');
    expect(workspace?.asked('DELETE', blobs)).toHaveLength(1);
    expect(workspace?.secrets.mayAppear(jobName(key))).toBe(false);
  });

  it('stay, and are not forgotten, while the job may exist', async () => {
    const submit = await submitter({ get: [noJob], put: [undefined, refused(400, 'UserError')] });
    expect(tagOf(await rejection(submit()))).toBe('transient');
    expect(tagOf(await rejection(submit()))).toBe('invalid');
    expect(workspace?.asked('DELETE', blobs)).toEqual([]);
    expect(workspace?.secrets.mayAppear(jobName(key))).toBe(true);
  });
});

describe('a job', () => {
  it.each([400, 409, 412])('whose answer was lost is found though Azure shows it late (%i)', async (status) => {
    const submit = await submitter({
      get: [noJob, noJob, noJob, noJob, made],
      put: [undefined, refused(status, 'UserError')],
    });
    expect(tagOf(await rejection(submit()))).toBe('transient');
    expect((await submit()).id).toBe(jobName(key));
    expect(workspace?.asked('PUT', oneJob)).toHaveLength(2);
    expect(workspace?.asked('DELETE', blobs)).toEqual([]);
  });

  it('is sent when somebody else made its environment at the same time', async () => {
    let asked = 0;
    const environment = (method: string): StubAnswer =>
      method === 'PUT' ? refused(409, 'Conflict') : (asked += 1) === 1 ? noJob : { status: 200, body: {} };
    const submit = await submitter({ get: [noJob], put: [made], environment });
    expect((await submit()).id).toBe(jobName(key));
  });

  it('is not sent when its environment conflicts with what is no environment, and says with what', async () => {
    const environment = (method: string): StubAnswer =>
      method === 'PUT' ? refused(409, 'ResourceGroupBeingDeleted') : noJob;
    const submit = await submitter({ get: [noJob], put: [made], environment });
    expect(await rejection(submit())).toMatchObject({
      tag: 'conflict',
      message: 'It is being deleted just now.',
      raw: 'ResourceGroupBeingDeleted: No.',
    });
    expect(workspace?.asked('PUT', oneJob)).toEqual([]);
  });

  it('is not sent when something on the way says that there is none', async () => {
    const submit = await submitter({ get: [{ status: 404, body: '<html>Not found</html>' }], put: [made] });
    expect(await rejection(submit())).toMatchObject({ tag: 'transient', raw: '<html>Not found</html>' });
    expect(workspace?.asked('PUT', oneJob)).toEqual([]);
  });
});

describe('a job that acts as the person', () => {
  it.each([
    ['user', `token for ${cloudOf({}).machineLearningScope}`],
    [undefined, undefined],
  ])('has their token for Azure ML beside it, and no other has: %s', async (identity, expected) => {
    const opened = await startWorkspace(new ManualClock(), ({ method }) => (method === 'PUT' ? made : noJob));
    workspace = opened;
    const settings = { subscription: 's', resourceGroup: 'lab', workspace: 'vision' };
    const spec = specFor('true', { options: identity === undefined ? {} : { identity } });
    const plan = planJob({ spec, key, snapshotId: 'abc' as SnapshotId, interpreter: null }, settings, null);
    const credential = { token: async (scope: string) => ({ token: `token for ${scope}`, expiresAt: 0 }) };
    const input = { plan, key, staged: { datastore: 'workspaceblobstore' }, secrets: new Map() };
    const cloud = cloudOf({});
    const deps = { ...opened, cloud, credential, clock: new ManualClock(), unanswered: new Set<string>() };
    await submitJob(deps, input, never());
    const sent = opened.stub.requests.map(({ method, headers }) => [method, headers['x-azureml-token']]);
    expect(sent).toEqual([
      ['GET', undefined],
      ['PUT', expected],
    ]);
    expect(plan.text).not.toContain('token for');
  });
});

describe('the list', () => {
  it('has archived jobs as well, their secrets, and none of other people', async () => {
    const token = `x.${Buffer.from(JSON.stringify({ upn: 'ada@lab.example', name: 'Ada' })).toString('base64url')}.x`;
    const job = (createdBy: string | undefined, properties: object): object => ({
      name: jobName(newKey()),
      ...(createdBy === undefined ? {} : { systemData: { createdBy } }),
      properties: { status: 'Queued', properties },
    });
    const value = [
      job('Ada', { 'aloft.secrets': '1' }),
      job('Bob', {}),
      job('bob@lab.example', {}),
      job(undefined, {}),
    ];
    const opened = await startWorkspace(new ManualClock(), () => ({ status: 200, body: { value } }));
    workspace = opened;
    const credential = { token: async () => ({ token, expiresAt: 0 }) };
    const found = await listAttempts({ ...opened, credential }, '/w', never());
    expect(found.map(({ handle }) => handle.data['hasSecrets'])).toEqual([true, false]);
    expect(opened.stub.requests[0]?.path).toContain('listViewType=All');
  });
});

import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandByHand } from '../../../../../src/core/commandByHand.ts';
import type { SubmitInput } from '../../../../../src/core/provider.ts';
import { jobs, pods, secrets, services } from '../../../../emulators/kubernetes/objects/resources.ts';
import { bigSnapshot } from '../../../../fixtures/kubernetes/bigSnapshot.ts';
import { Lab, noContainers, readWhole, untilEnded } from '../../../../fixtures/kubernetes/lab.ts';
import { never, newKey, rejection, specFor } from '../../../../conformance/harness.ts';

const whyNot =
  noContainers ??
  (spawnSync('kubectl', ['version', '--client']).status === 0 ? null : 'kubectl is not on this machine');

describe.skipIf(whyNot !== null)(`a copied command${whyNot === null ? '' : ` (skipped: ${whyNot})`}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start();
    lab.control.addNode({ name: 'second', allocatable: { cpu: '8', memory: '32Gi' } });
  });
  afterAll(async () => lab.stop());

  const run = async (program: string, ...args: string[]): Promise<string> =>
    (await promisify(execFile)(program, args, { timeout: 60_000 })).stdout;
  const makeByHand = async ({ plan }: SubmitInput): Promise<string> =>
    run('/bin/sh', '-c', commandByHand({ plan, secrets: [], isStaged: true }));

  const stateOf = (name: string): unknown => {
    const conditions: readonly { type: string; status: string }[] =
      lab.control.get(jobs, 'default', name)?.status?.conditions ?? [];
    return conditions.filter(({ status }) => status === 'True').map(({ type }) => type);
  };

  it.each([
    ['one node', 1],
    ['several', 2],
  ])('makes a job of its own, on %s, which is taken for no submission and deleted with none', async (_name, nodes) => {
    const connection = lab.open();
    const key = newKey();
    const command = 'cat data/greeting.txt && echo "${ALOFT_RUN_ID-nobody} has ${TOKEN-no secret}, it\'s $MASTER_ADDR"';
    const spec = specFor(command, { image: 'python:3.12', nodes, secrets: ['TOKEN'] });
    const plan = connection.plan({ spec, key, snapshotId: lab.snapshot.id, interpreter: null });
    const staged = await connection.stage(lab.snapshot, never(), () => undefined);
    const input = { plan, key, staged, secrets: new Map([['TOKEN', 'hush']]) };

    const [, name = ''] = /^job\.batch\/(by-hand-[0-9a-f]+) created$/mu.exec(await makeByHand(input)) ?? [];
    await expect.poll(() => stateOf(name), { timeout: 60_000 }).toContain('Complete');
    const made = lab.control.get(jobs, 'default', name);
    expect(JSON.stringify(made)).not.toContain('aloft.dev');
    const code = lab.control.list(secrets, 'default').find((each) => each.metadata.name.startsWith('aloft-code-'));
    for (const each of [code, ...(nodes === 1 ? [] : [lab.control.get(services, 'default', name)])]) {
      expect(each?.metadata.ownerReferences?.map(({ uid }) => uid)).toContain(made?.metadata.uid);
    }
    const pod = lab.control.list(pods, 'default').find((each) => each.metadata.name.startsWith(name));
    const which = [`--kubeconfig=${lab.cluster.kubeconfigPath}`, '--context=admin'];
    expect(await run('kubectl', ...which, 'logs', `pod/${pod?.metadata.name ?? ''}`)).toMatch(
      nodes === 1 ? /^hello.*\nnobody has no secret, it's localhost\n$/u : /nobody has no secret, it's by-hand-.*-0\./u,
    );
    expect(await connection.find(key, never())).toBeNull();
    expect(await connection.list(never())).toEqual([]);

    const handle = await connection.submit(input, never());
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
    expect(JSON.stringify((await readWhole(connection, handle)).streams)).toContain(`${key.runId} has hush`);
    await connection.remove(handle, never());
    await expect.poll(() => lab.control.get(jobs, 'default', handle.id)).toBeUndefined();
    expect(lab.control.get(jobs, 'default', name)).toBeDefined();
    expect(lab.control.get(services, 'default', name) === undefined).toBe(nodes === 1);
  });

  it('makes another job once the request was changed, before anything was submitted', async () => {
    const connection = lab.open();
    const key = newKey();
    const staged = await connection.stage(lab.snapshot, never(), () => undefined);
    const made = async (command: string): Promise<string> => {
      const spec = specFor(command, { image: 'python:3.12', outputs: ['*.txt'] });
      const plan = connection.plan({ spec, key, snapshotId: lab.snapshot.id, interpreter: null });
      const printed = await makeByHand({ plan, key, staged, secrets: new Map() });
      return /^job\.batch\/(by-hand-[0-9a-f]+) created$/mu.exec(printed)?.[1] ?? '';
    };
    const names = [await made('echo first > out.txt'), await made('echo second > out.txt')];
    expect(new Set(names).size).toBe(2);
    for (const name of names) {
      // Nobody fetches its results, and nothing waits for that.
      await expect.poll(() => stateOf(name), { timeout: 60_000 }).toContain('Complete');
    }
  });

  it('is given for code only that the namespace holds', async () => {
    const connection = lab.open();
    await connection.checkByHand?.(lab.snapshot, never());
    const large = await bigSnapshot(720_000);
    const before = lab.control.list(secrets, 'default').length;
    try {
      expect(await rejection(Promise.resolve(connection.checkByHand?.(large.snapshot, never())))).toMatchObject({
        tag: 'unsupported',
        message: expect.stringMatching(/^No command can make this job: its code takes more than the 700 kB /u),
        remedy: expect.stringContaining('.aloftignore'),
      });
      // As the check has it, so it is staged.
      expect(await connection.stage(large.snapshot, never(), () => undefined)).toMatchObject({ by: 'upload' });
      expect(lab.control.list(secrets, 'default')).toHaveLength(before);
    } finally {
      await large.dispose();
    }
  });

  it('makes no job where the code is not in the namespace', async () => {
    const connection = lab.open();
    const key = newKey();
    const snapshotId = 'f'.repeat(64) as typeof lab.snapshot.id;
    const plan = connection.plan({ spec: specFor('true'), key, snapshotId, interpreter: null });
    const before = lab.control.list(jobs, 'default');
    const making = makeByHand({ plan, key, staged: {}, secrets: new Map() });
    await expect(making).rejects.toMatchObject({ stderr: expect.stringContaining('not found') });
    expect(lab.control.list(jobs, 'default')).toEqual(before);
    expect(lab.control.list(secrets, 'default').map((each) => each.metadata.name)).not.toContain(
      `aloft-code-${'f'.repeat(40)}`,
    );
  });
});

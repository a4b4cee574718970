import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { provider } from '../../src/providers/slurm/index.ts';
import { never, rejection } from '../conformance/harness.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { Answers } from '../fixtures/ask.ts';
import { describeWithCluster } from './describeWithCluster.ts';
import { Site } from './site.ts';

async function keepOnly(file: string, isKept: (line: string) => boolean): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, `${lines.filter(isKept).join('\n')}\n`);
}

describeWithCluster('a Slurm with accounting', { accounting: true }, () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.start({ accounting: true, config: ['MinJobAge=2'] });
  }, 90_000);
  afterAll(async () => site.stop());

  const forgotten = async (id: string): Promise<void> => {
    await site.cluster.until(
      async () => !(await site.cluster.run('squeue', ['-h', '-t', 'all', '-o', '%F'])).split('\n').includes(id),
    );
  };

  it('offers its accounts and QOS, and runs jobs under them', async () => {
    const options = await site.connection.jobOptions?.(never());
    const choices = (name: string): readonly string[] =>
      options?.find((option) => option.name === name)?.choices.map(({ value }) => value) ?? [];
    expect(choices('account')).toEqual(['root', 'vision']);
    expect(choices('qos')).toEqual(['normal', 'urgent']);
    const handle = await site.submit('echo "$SLURM_JOB_ACCOUNT $SLURM_JOB_QOS"', {
      options: { account: 'vision', qos: 'urgent' },
    });
    expect(await site.end(handle)).toMatchObject({ state: 'succeeded' });
    expect(await site.log(handle)).toEqual({ stdout: 'vision urgent\n' });
  });

  it('is set up with two questions: where, and under which account', async () => {
    const ask = new Answers('this-machine', 'vision');
    process.env['SLURM_CONF'] = site.cluster.environment['SLURM_CONF'];
    try {
      const made = await provider.setUp?.({ ...testPorts('new'), ask }, never());
      expect(made).toEqual({
        label: 'Slurm on this machine',
        settings: { host: null, account: 'vision', spotPartition: 'spot' },
      });
      expect(ask.asked).toEqual(['Slurm cluster', 'Slurm cluster']);
    } finally {
      delete process.env['SLURM_CONF'];
    }
  });

  it.each([
    ['account', 'options.account'],
    ['qos', 'options.qos'],
  ])('refuses an unknown %s and names the field', async (option, field) => {
    const error = await rejection(site.submit('true', { options: { [option]: 'nobodys' } }));
    expect(error).toMatchObject({ tag: 'invalid', field });
  });

  it('knows how a job ended that left no record and is forgotten by the controller', async () => {
    const handle = await site.submit('sleep 600');
    await site.begun(handle);
    await site.cluster.run('scancel', [site.jobId(handle)]);
    await forgotten(site.jobId(handle));
    await rm(join(site.runFolder(handle), 'exit'));
    await rm(join(site.runFolder(handle), 'final'), { force: true });
    let seen = await site.observe(handle);
    await site.cluster.until(async () => {
      seen = await site.observe(handle);
      return seen.state === 'cancelled';
    });
    expect(seen.nativeState).toMatch(/^CANCELLED/u);
    expect(seen.startedAt).not.toBeNull();
  });

  it('knows of the tasks of an array that were cancelled before anybody saw them end', async () => {
    const handle = await site.submit('true', { options: { array: '0-2%1' } });
    await site.until(handle, ({ tasks }) => tasks.some(({ state }) => state === 'succeeded'));
    await site.cluster.run('scontrol', ['hold', site.jobId(handle)]).catch(() => undefined);
    await site.cluster.run('scancel', [site.jobId(handle)]);
    await forgotten(site.jobId(handle));
    await keepOnly(join(site.runFolder(handle), 'final'), (line) => line.includes('|0|'));
    await Promise.all(
      ['exit.t1', 'exit.t2'].map(async (name) => rm(join(site.runFolder(handle), name), { force: true })),
    );
    await site.until(handle, ({ tasks }) => tasks.length === 3);
  });

  it('finds a submission whose job was cancelled before it ran, when its id was lost', async () => {
    const release = await site.hold();
    const handle = await site.submit('true');
    await site.cluster.run('scancel', [site.jobId(handle)]);
    await release();
    await rm(join(site.runFolder(handle), 'jobid'));
    const key = { runId: handle.id.slice(0, 26) as never, attempt: 1 };
    expect(await site.connection.find(key, never())).toEqual(handle);
  });
});

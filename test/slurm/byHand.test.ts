import { spawnSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { commandByHand } from '../../src/core/commandByHand.ts';
import type { SubmitInput } from '../../src/core/provider.ts';
import { never } from '../conformance/harness.ts';
import { describeWithCluster } from './describeWithCluster.ts';
import { Site } from './site.ts';
import { makeTree } from './tree.ts';

interface MadeByHand {
  readonly jobId: string;
  readonly folder: string;
  /** As accounting would have it: how it ended, what its comment is. */
  readonly shown: () => Promise<string>;
}

describeWithCluster('a copied command', {}, () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.start();
  });
  afterAll(async () => site.stop());

  const run = ({ plan }: SubmitInput): ReturnType<typeof spawnSync> =>
    spawnSync('/bin/sh', { input: commandByHand({ plan, secrets: [], isStaged: true }), encoding: 'utf8' });

  const makeByHand = (input: SubmitInput): MadeByHand => {
    const { stdout, stderr } = run(input);
    const [, jobId, folder] = /Submitted batch job (\d+)\nIts folder is (.*)\n$/u.exec(String(stdout)) ?? [];
    if (jobId === undefined || folder === undefined) {
      throw new Error(`Nothing was made: ${String(stdout)}${String(stderr)}`);
    }
    return { jobId, folder, shown: async () => site.cluster.run('scontrol', ['-o', 'show', 'job', jobId]) };
  };

  it.each([
    ['one node', {}],
    ['several', { nodes: 2 }],
  ])('makes a job of its own, on %s, which is taken for no submission and deleted with none', async (_name, more) => {
    const command = 'cat data/greeting.txt; echo "$GREETING ${ALOFT_RUN_ID-nobody}\'s ${TOKEN-no secret}"';
    const secrets = new Map([['TOKEN', 'hush']]);
    const env = { GREETING: `it's "$HOME"\nALOFT_BY_HAND\nALOFT_JOB` };
    const input = await site.prepare(command, { ...more, env, secrets: ['TOKEN'] }, secrets);
    const byHand = makeByHand(input);
    await site.cluster.until(async () => / JobState=COMPLETED /u.test(await byHand.shown()));
    expect(await byHand.shown()).not.toContain('aloft:');
    expect(await readFile(join(byHand.folder, 'logs', 'stdout.log'), 'utf8')).toMatch(
      /^hello.*\n[^]*it's "\$HOME"\nALOFT_BY_HAND\nALOFT_JOB nobody's no secret\n$/u,
    );
    expect(await site.connection.find(input.key, never())).toBeNull();
    expect(await site.connection.list(never())).toEqual([]);

    const handle = await site.connection.submit(input, never());
    expect(site.jobId(handle)).not.toBe(byHand.jobId);
    expect(await site.end(handle)).toMatchObject({ state: 'succeeded' });
    await site.connection.remove(handle, never());
    expect(await readFile(join(byHand.folder, 'job.sh'), 'utf8')).toContain('data/greeting.txt');
  });

  it('submits a batch script as it is, in the folder it lies in', async () => {
    const tree = await makeTree({
      'jobs/train.sbatch':
        '#!/bin/bash\n#SBATCH --output=own.txt\necho "$1 $SIZE $(basename "$PWD")"\ncat helper.txt\n',
      'jobs/helper.txt': 'beside it\n',
    });
    const more = { workingDirectory: 'jobs', env: { SIZE: 'a  b' } };
    // Slurm itself reads a pattern into the folder that a relative --output is in.
    const connection = site.open({ root: join(site.folder, 'a plain folder') });
    const command = `sbatch --nice=7 train.sbatch 'two words'`;
    const input = await site.prepare(command, more, new Map(), tree.snapshot, connection);
    const byHand = makeByHand(input);
    await site.cluster.until(async () => / JobState=COMPLETED /u.test(await byHand.shown()));
    expect(await byHand.shown()).toContain('Nice=7');
    expect(await byHand.shown()).not.toContain('aloft:');
    const printed = await readFile(join(byHand.folder, 'work', 'jobs', 'own.txt'), 'utf8');
    expect(printed).toBe('two words a  b jobs\nbeside it\n');
    await tree.dispose();
  });

  it('makes no job where the code is not on the cluster', async () => {
    const tree = await makeTree({ 'once.txt': 'gone' });
    const input = await site.prepare('true', {}, new Map(), tree.snapshot);
    await rm(join(site.root, 'snapshots', tree.snapshot.id));
    const { status, stderr } = run(input);
    expect(status).not.toBe(0);
    expect(stderr).toContain('The code of this job is not on the cluster.');
    expect(await site.jobsOf(input)).toEqual([]);
    await tree.dispose();
  });
});

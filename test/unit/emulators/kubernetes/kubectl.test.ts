import { execFile, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import {
  type ClientCluster,
  noContainers,
  runningPod,
  shellJob,
  shellPod,
  startWithClients,
  until,
} from './cluster.ts';

const whyNot =
  noContainers ??
  (spawnSync('kubectl', ['version', '--client']).status === 0 ? null : 'kubectl is not on this machine');

const run = promisify(execFile);

describe.skipIf(whyNot !== null)(
  `kubectl with the emulated cluster${whyNot === null ? '' : ` (skipped: ${whyNot})`}`,
  () => {
    let cluster: ClientCluster;
    beforeAll(async () => {
      cluster = await startWithClients();
    });
    afterAll(async () => cluster.stop());

    const kubectl = async (...args: string[]): Promise<string> => {
      const env = { ...process.env, KUBECONFIG: cluster.kubeconfigPath, HOME: cluster.folder };
      const { stdout } = await run('kubectl', args, { env });
      return stdout;
    };
    const manifest = async (name: string, command: string): Promise<string> => {
      const path = join(cluster.folder, `${name}.yaml`);
      const job = shellJob(name, command, {
        template: { spec: shellPod(command, { terminationGracePeriodSeconds: 1 }) },
      });
      await writeFile(path, stringify(JSON.parse(JSON.stringify(job))));
      return path;
    };

    it('applies, waits for, reads, copies to, and deletes a job', async () => {
      const path = await manifest('kube', 'echo one; echo two; sleep 60');
      expect(await kubectl('apply', '-f', path)).toBe('job.batch/kube created\n');
      expect(await kubectl('apply', '-f', path)).toBe('job.batch/kube unchanged\n');
      expect(await kubectl('apply', '--server-side', '--force-conflicts', '-f', path)).toBe(
        'job.batch/kube serverside-applied\n',
      );
      const pod = (await runningPod(cluster, 'kube')).metadata?.name ?? '';
      await kubectl('wait', '--for=condition=ready', `pod/${pod}`);
      expect(await kubectl('get', 'jobs', '-o', 'name')).toBe('job.batch/kube\n');
      expect(await kubectl('get', 'pods', '-l', 'job-name=kube', '-o', 'jsonpath={.items[0].status.phase}')).toBe(
        'Running',
      );
      expect(
        await until(
          async () => kubectl('logs', pod),
          (log) => log.includes('two'),
        ),
      ).toBe('one\ntwo\n');
      expect(await kubectl('exec', pod, '--', 'sh', '-c', 'echo inside')).toBe('inside\n');
      await expect(kubectl('exec', pod, '--', 'sh', '-c', 'exit 3')).rejects.toMatchObject({ code: 3 });
      await kubectl('cp', path, `${pod}:/tmp/copied`);
      expect(await kubectl('exec', pod, '--', 'cat', '/tmp/copied')).toBe(await readFile(path, 'utf8'));
      expect(await kubectl('describe', 'job', 'kube')).toContain(`Created pod: ${pod}`);
      expect(await kubectl('delete', 'job', 'kube', '--cascade=foreground')).toContain('job.batch "kube" deleted');
      expect(await kubectl('get', 'pods', '-o', 'name')).toBe('');
    });

    it('follows a log to its end', async () => {
      await kubectl('apply', '-f', await manifest('follow', 'for i in 1 2 3; do echo $i; sleep 0.2; done'));
      await runningPod(cluster, 'follow');
      expect(await kubectl('logs', '-f', 'job/follow')).toBe('1\n2\n3\n');
    });

    it('shows what is refused', async () => {
      await expect(kubectl('get', 'pod', 'nobody')).rejects.toMatchObject({
        stderr: expect.stringContaining('Error from server (NotFound): pods "nobody" not found') as unknown,
      });
      await expect(kubectl('apply', '-f', await manifest('Wrong', 'true'))).rejects.toMatchObject({
        stderr: expect.stringContaining('The Job "Wrong" is invalid: metadata.name') as unknown,
      });
    });
  },
);

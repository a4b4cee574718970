import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { Cluster } from './cluster.ts';
import { describeWithCluster } from './describeWithCluster.ts';

/** Commands of the processes that still mention a folder. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/u.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return environment.includes(folder) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
      } catch {
        return [];
      }
    });
}

describeWithCluster('a cluster for tests', {}, () => {
  it('runs beside another, and leaves neither process nor file behind', async () => {
    const clusters = await Promise.all([Cluster.start(), Cluster.start()]);
    try {
      for (const cluster of clusters) {
        const id = await cluster.run('sbatch', ['--parsable', '--chdir', cluster.folder, '--wrap', 'sleep 600']);
        expect(id).toBe('1\n');
        await cluster.until(async () => (await cluster.run('squeue', ['-h', '-o', '%T'])) === 'RUNNING\n');
        expect(processesOf(cluster.folder)).not.toEqual([]);
      }
    } finally {
      await Promise.all(clusters.map(async (cluster) => cluster.stop()));
    }
    expect(clusters.flatMap(({ folder }) => processesOf(folder))).toEqual([]);
    expect(clusters.map(({ folder }) => existsSync(folder))).toEqual([false, false]);
  });
});

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeSnapshot } from '../../src/engine/snapshot/makeSnapshot.ts';

const fileCount = 10_000;
const filesPerFolder = 50;
const rounds = 5;

/** Milliseconds, medians, of packing 10,000 small files for the first time and again after one changed; git and rsync beside it. */
export async function benchSnapshot(): Promise<Record<string, number>> {
  const base = mkdtempSync(join(tmpdir(), 'aloft-bench-'));
  try {
    const folder = join(base, 'source');
    writeSource(folder);
    // What was written in the last moment is never trusted: measure a tree that has come to rest.
    await sleep(2500);
    const ours = await measure(folder, (round) => {
      const options = { storeFolder: join(base, `store${round}`), cacheFolder: join(base, `cache${round}`) };
      return async () => {
        await makeSnapshot(folder, options, new AbortController().signal, () => undefined);
      };
    });
    const git = await measure(folder, (round) => {
      const env = { ...process.env, GIT_DIR: join(base, `git${round}`), GIT_WORK_TREE: folder };
      execFileSync('git', ['init', '-q'], { env, cwd: folder });
      return () => {
        execFileSync('git', ['add', '-A'], { env, cwd: folder });
        execFileSync('git', ['write-tree'], { env, cwd: folder });
      };
    });
    const figures = {
      'snapshot.10k.first.ms': ours.first,
      'snapshot.10k.first.ms.peer': git.first,
      'snapshot.10k.again.ms': ours.again,
      'snapshot.10k.again.ms.peer': git.again,
      'snapshot.10k.again.loop.ms': ours.longestTurn,
    };
    if (!isInstalled('rsync')) {
      return figures;
    }
    const rsync = await measure(folder, (round) => () => {
      execFileSync('rsync', ['-a', '--delete', `${folder}/`, join(base, `copy${round}`)]);
    });
    return {
      ...figures,
      'snapshot.10k.first.ms.peer.rsync': rsync.first,
      'snapshot.10k.again.ms.peer.rsync': rsync.again,
    };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

function writeSource(folder: string): void {
  for (let index = 0; index < fileCount; index += 1) {
    const below = join(folder, `package${index % 20}`, `module${Math.floor(index / filesPerFolder)}`);
    mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `file${index}.py`), `# ${index}\n${`value = ${index}\n`.repeat(20 + (index % 200))}`);
  }
}

interface Medians {
  readonly first: number;
  readonly again: number;
  /** The longest time that nothing else had its turn on the thread. */
  readonly longestTurn: number;
}

/** Each round begins from nothing, runs once, changes one file and runs again. */
async function measure(folder: string, begin: (round: number) => () => Promise<void> | void): Promise<Medians> {
  const first: number[] = [];
  const again: number[] = [];
  const turns: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const run = begin(round);
    first.push((await time(run)).ms);
    appendFileSync(join(folder, 'package0', 'module0', 'file0.py'), `# ${round}\n`);
    const second = await time(run);
    again.push(second.ms);
    turns.push(second.longestTurn);
  }
  return { first: median(first), again: median(again), longestTurn: median(turns) };
}

async function time(run: () => Promise<void> | void): Promise<{ ms: number; longestTurn: number }> {
  await sleep(20);
  let last = performance.now();
  let longestTurn = 0;
  const tick = (): void => {
    const now = performance.now();
    longestTurn = Math.max(longestTurn, now - last);
    last = now;
  };
  const timer = setInterval(tick, 1);
  const start = performance.now();
  await run();
  const ms = performance.now() - start;
  tick();
  clearInterval(timer);
  return { ms, longestTurn };
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  console.table(await benchSnapshot());
}

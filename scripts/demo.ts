// A real VS Code submits the quickstart to this machine through the extension's own command. What is printed is what the
// extension knows: the timeline of the job from its store, the log from its spool.
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type AttemptKey, currentAttempt, type Job, type RunId } from '../src/core/job.ts';
import { isTerminal } from '../src/core/jobState.ts';
import type { Logger } from '../src/core/ports.ts';
import { type JobStore, openStore } from '../src/engine/jobStore.ts';
import { AttemptSource } from '../src/engine/log/attemptSource.ts';
import { LogIndex } from '../src/engine/log/logIndex.ts';
import { LogLines } from '../src/engine/log/logLines.ts';
import { attemptLogFolder } from '../src/engine/logFolder.ts';
import { systemClock } from '../src/engine/systemClock.ts';
import { Workbench } from '../test/workbench/workbench.ts';
import { root, script } from './steps.ts';

const quiet: Logger = { debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error };
const folder = await mkdtemp(join(tmpdir(), 'aloft-demo-'));
const dataFolder = join(folder, 'vscode');
const workspace = join(folder, 'quickstart');
const storage = join(dataFolder, 'data', 'User', 'globalStorage', 'aloft.aloft');
const picture = join(root, 'out', 'demo.png');

if ((await script('build')) !== 0) {
  process.exit(1);
}
await cp(join(root, 'examples', 'quickstart'), workspace, { recursive: true });
await mkdir(storage, { recursive: true });
const { store } = openStore(storage, { clock: systemClock, logger: quiet, session: `demo-${process.pid}` });
const workbench = await Workbench.start({ folder: workspace, dataFolder });
try {
  const window = await workbench.open({ file: join(workspace, 'train.py') });
  console.log('VS Code is up; submitting train.py through "Aloft: Submit Current File"');
  await window.command('Aloft: New Job');
  await window.form();
  await window.command('Aloft: Submit Current File');
  const runId = await firstJob(store);
  const ended = follow(store, runId);
  await window.panel('train.py');
  const job = await ended;
  await window.page.waitForTimeout(1_000);
  await mkdir(join(root, 'out'), { recursive: true });
  await window.page.screenshot({ path: picture });
  console.log(`\n${job.name} ${job.state}. The workbench as it stands now: ${picture}`);
  process.exitCode = job.state === 'succeeded' ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await workbench.stop();
  store.dispose();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function firstJob(from: JobStore): Promise<RunId> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const [job] = from.summaries({ limit: 1 });
    if (job !== undefined) {
      return job.runId;
    }
    await systemClock.sleep(50, AbortSignal.timeout(60_000));
  }
  throw new Error('no job appeared within a minute');
}

/** Prints timeline and log as they arrive; resolves once the job has ended and its log is complete. */
async function follow(from: JobStore, runId: RunId): Promise<Job> {
  let printed = 0;
  const printEvents = (): void => {
    const events = from.events(runId);
    for (const event of events.slice(printed)) {
      console.log(`[${new Date(event.at).toLocaleTimeString('en', { hour12: false })}] ${event.text}`);
    }
    printed = events.length;
  };
  const subscription = from.onDidChange(printEvents);
  printEvents();
  const key = { runId, attempt: currentAttempt(jobOf(from, runId))?.number ?? 1 };
  await printLog(from, key);
  const patience = AbortSignal.timeout(30_000);
  while (!isTerminal(jobOf(from, runId).state)) {
    await systemClock.sleep(50, patience);
  }
  subscription.dispose();
  printEvents();
  return jobOf(from, runId);
}

async function printLog(from: JobStore, key: AttemptKey): Promise<void> {
  const folder = attemptLogFolder(storage, key);
  const source = new AttemptSource({ key, folder, records: from, clock: systemClock, startedAt: () => null });
  const index = new LogIndex(source);
  const lines = new LogLines(source, index);
  const patience = AbortSignal.timeout(150_000);
  let printed = 0;
  for (let isComplete = false; !isComplete;) {
    await systemClock.sleep(50, patience);
    // Asked for before the look: what is complete then has been read whole after it.
    isComplete = source.status.truth === 'complete';
    await source.look(index.end);
    while (await index.advance()) {
      for (const row of await lines.rows(printed, index.lines - printed)) {
        console.log(`  ${source.streams[row.stream]?.name === 'stderr' ? '!' : '|'} ${row.text}`);
      }
      printed = index.lines;
    }
  }
  await source.close();
}

function jobOf(from: JobStore, runId: RunId): Job {
  const job = from.job(runId);
  if (job === undefined) {
    throw new Error(`${runId} is gone`);
  }
  return job;
}

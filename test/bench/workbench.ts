import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Frame } from 'playwright-core';

import { isTerminal } from '../../src/core/jobState.ts';
import { type JobStore, openStore } from '../../src/engine/jobStore.ts';
import { systemClock } from '../../src/engine/systemClock.ts';
import { type Window, Workbench } from '../workbench/workbench.ts';
import { median, percentile } from './median.ts';

const files = 50;
const submissions = 7;
const lines = 120;
const patience = 60_000;

/** Prints the time at which it prints, ten times a second. */
const clockScript = `import time
for line in range(${lines}):
    print(f"printed {time.time() * 1000:.0f}", flush=True)
    time.sleep(0.1)
`;

/** In the real workbench: from Submit to accepted, and from a line printed by the job to the line painted in its panel. */
export async function benchWorkbench(): Promise<Record<string, number>> {
  const base = await mkdtemp(join(tmpdir(), 'aloft-bench-workbench-'));
  const folder = join(base, 'workspace');
  const dataFolder = join(base, 'server');
  const storage = join(dataFolder, 'data', 'User', 'globalStorage', 'aloft.aloft');
  await mkdir(folder, { recursive: true });
  await mkdir(storage, { recursive: true });
  await writeFile(join(folder, 'noop.py'), 'print("done")\n');
  await writeFile(join(folder, 'clock.py'), clockScript);
  await Promise.all(
    Array.from({ length: files - 2 }, async (_, index) => {
      await writeFile(join(folder, `module${index}.py`), `value = ${index}\n`.repeat(100));
    }),
  );
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };
  const { store } = openStore(storage, { clock: systemClock, logger: silent, session: 'bench' });
  const workbench = await Workbench.start({ folder, dataFolder, settings: { 'aloft.submit.openJob': false } });
  try {
    const window = await workbench.open({ file: join(folder, 'noop.py') });
    await window.showAloft();
    const accepted = await submitTimes(window, store);
    const latencies = await lineLatencies(window, store);
    return {
      'submit.accepted.ms': median(accepted),
      'line.latency.p50.ms': percentile(latencies, 0.5),
      'line.latency.p95.ms': percentile(latencies, 0.95),
    };
  } finally {
    await workbench.stop();
    store.dispose();
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function submitTimes(window: Window, store: JobStore): Promise<readonly number[]> {
  const form = await window.form();
  const times: number[] = [];
  for (let round = 0; round < submissions; round += 1) {
    const [job, pressed] = await submit(form, store);
    times.push((job.attempts[0]?.acceptedAt ?? Number.POSITIVE_INFINITY) - pressed);
    await until(() => {
      const { state } = store.job(job.runId) ?? job;
      return isTerminal(state) ? state : undefined;
    });
  }
  return times;
}

async function submit(
  form: Frame,
  store: JobStore,
): Promise<readonly [NonNullable<ReturnType<JobStore['job']>>, number]> {
  const before = store.summaries({ limit: 1 })[0]?.runId;
  const button = form.locator('#submit');
  await button.waitFor({ state: 'visible' });
  const pressed = Date.now();
  await button.click();
  const job = await until(() => {
    const newest = store.summaries({ limit: 1 })[0]?.runId;
    const found = newest === undefined || newest === before ? undefined : store.job(newest);
    return found?.attempts[0]?.acceptedAt === null ? undefined : found;
  });
  return [job, pressed];
}

async function lineLatencies(window: Window, store: JobStore): Promise<readonly number[]> {
  const form = await window.form();
  await form.locator('#field-command').evaluate((field) => {
    Reflect.set(field, 'value', 'python clock.py');
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
  const [job] = await submit(form, store);
  await window.row(/clock/u).first().click();
  const panel = await window.panel(job.name);
  const latencies = await panel.evaluate(watchLines, lines / 2);
  await until(() => (isTerminal(store.job(job.runId)?.state ?? 'running') ? true : undefined));
  return latencies;
}

/** Runs in the panel: the age of each newly painted line, once enough were seen. */
async function watchLines(wanted: number): Promise<number[]> {
  const ages: number[] = [];
  const seen = new Set<string>();
  const look = (count: boolean): void => {
    const now = Date.now();
    for (const row of document.querySelectorAll('.log .row .text')) {
      const text = row.textContent ?? '';
      const printed = /^printed (\d+)$/u.exec(text)?.[1];
      if (printed !== undefined && !seen.has(text)) {
        seen.add(text);
        if (count) {
          ages.push(now - Number(printed));
        }
      }
    }
  };
  look(false);
  while (ages.length < wanted) {
    await new Promise((resolve) => {
      requestAnimationFrame(resolve);
    });
    look(true);
  }
  return ages;
}

async function until<T>(look: () => T | undefined): Promise<T> {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    const found = look();
    if (found !== undefined) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`nothing came within ${patience} ms`);
}

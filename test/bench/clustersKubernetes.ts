import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Connection, Handle } from '../../src/core/provider.ts';
import { never } from '../conformance/harness.ts';
import { Lab } from '../fixtures/kubernetes/lab.ts';

const jobs = 1000;
/** As often as the engine asks while nothing changes, and for so long; in ms. */
const askEvery = 10_000;
const quietFor = 65_000;
const lines = 200;

/** The provider against an emulated cluster: what a quiet thousand of jobs costs, how old a line is, and how large the bundle is. */
export async function benchClustersKubernetes(): Promise<Record<string, number>> {
  return {
    'k8s.status.1000.requests.per.min': await requestsPerMinute(),
    'k8s.line.latency.p95.ms': await lineLatency(),
    'bundle.kubernetes.bytes': (await stat(join(import.meta.dirname, '..', '..', 'dist', 'providers', 'kubernetes.js')))
      .size,
  };
}

/** A cluster without nodes, so that every job waits, which asks for more than running does: why it waits is asked for as well. */
async function requestsPerMinute(): Promise<number> {
  const lab = await Lab.start({ nodes: [], timing: { bookmark: 60_000, scheduleRetry: 3_600_000 } });
  try {
    const connection = lab.open();
    const handles: Handle[] = [];
    for (let from = 0; from < jobs; from += 20) {
      const batch = Array.from({ length: 20 }, async () => lab.submit(connection, 'sleep 600'));
      handles.push(...(await Promise.all(batch)).map(({ handle }) => handle));
    }
    const stop = new AbortController();
    const watching = drain(connection, stop.signal);
    await untilQuiet(lab, connection, handles);
    const before = lab.control.countRequests();
    const began = Date.now();
    while (Date.now() - began < quietFor) {
      const seen = await connection.observe(handles, never());
      if (seen.size !== jobs || [...seen.values()].some(({ state }) => state !== 'queued')) {
        throw new Error(`Only ${seen.size} of ${jobs} jobs were seen waiting.`);
      }
      await delay(askEvery);
    }
    const minutes = (Date.now() - began) / 60_000;
    const requests = lab.control.countRequests() - before;
    stop.abort(new Error('measured'));
    await watching;
    return requests / minutes;
  } finally {
    await lab.stop();
  }
}

async function drain(connection: Connection, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of connection.watch?.(signal) ?? []) {
      // The engine writes it down.
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

/** Until all jobs are known and asking after them costs nothing. */
async function untilQuiet(lab: Lab, connection: Connection, handles: readonly Handle[]): Promise<void> {
  for (let quiet = 0; quiet < 3;) {
    const before = lab.control.countRequests();
    const seen = await connection.observe(handles, never());
    await delay(1000);
    quiet = seen.size === jobs && lab.control.countRequests() === before ? quiet + 1 : 0;
  }
}

/** From the moment a line is printed in a pod to the moment it is handed out here; in ms. */
async function lineLatency(): Promise<number> {
  const lab = await Lab.start();
  try {
    const connection = lab.open();
    const { handle } = await lab.submit(
      connection,
      `sleep 1; i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); date +%s%3N; sleep 0.03; done`,
    );
    const ages: number[] = [];
    let text = '';
    for await (const item of connection.logs(handle, null, never())) {
      const now = Date.now();
      text += item.kind === 'bytes' ? Buffer.from(item.bytes).toString() : '';
      const whole = text.split('\n');
      text = whole.pop() ?? '';
      ages.push(...whole.map((line) => now - Number(line)));
    }
    if (ages.length !== lines) {
      throw new Error(`${ages.length} of ${lines} lines arrived.`);
    }
    return ages.toSorted((a, b) => a - b)[Math.ceil(ages.length * 0.95) - 1] ?? Number.NaN;
  } finally {
    await lab.stop();
  }
}

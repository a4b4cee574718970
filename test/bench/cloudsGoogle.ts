import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { Connection, Handle, JsonObject, Snapshot } from '../../src/core/provider.ts';
import { makeSnapshot } from '../../src/engine/snapshot/makeSnapshot.ts';
import { handleOf } from '../../src/providers/google/handle.ts';
import { provider } from '../../src/providers/google/index.ts';
import { never, newKey, specFor } from '../conformance/harness.ts';
import { type StartedGoogle, startGoogle } from '../emulators/google/startGoogle.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { median } from './median.ts';

const bundle = join(import.meta.dirname, '..', '..', 'dist', 'providers', 'google.js');
const loads = 7;
const submissions = 15;
const files = 1000;
const followed = 50;

/** Google Cloud against its emulator: loading it, submitting, staging again after an edit, and requests for the logs of many jobs. */
export async function benchCloudsGoogle(): Promise<Record<string, number>> {
  const google = await startGoogle();
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = google.credentialsPath;
  const settings = {
    project: google.project.id,
    regions: [google.region],
    bucket: google.bucket,
    endpoints: google.endpoints,
  };
  const connection = provider.connect(settings, testPorts('google'));
  try {
    return {
      ...(await loadTimes(settings)),
      'google.bundle.bytes': (await stat(bundle)).size,
      ...(await submitting(google, connection)),
      'google.logs.calls.per.min': await logRequests(google, connection, { tail: false }),
      'google.logs.calls.per.min.tailed': await logRequests(google, connection, { tail: true }),
    };
  } finally {
    await connection.dispose();
    await google.stop();
    if (before === undefined) {
      delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    } else {
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
    }
  }
}

/**
 * In a new process: from nothing loaded to what the service said about a job, signing in and connecting included; in ms, and of
 * them those that the process worked. What the extension host has loaded of Node for its own proxy support is there before.
 */
async function loadTimes(settings: JsonObject): Promise<Record<string, number>> {
  const handle = handleFor('projects/1/locations/us-central1/customJobs/1', 'aloft-lab', 'aloft-lab-aloft');
  const program = `(async () => {
    const clock = { now: Date.now, sleep: async (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
    const ports = { connectionId: 'google', clock, logger: { debug() {}, info() {}, warn() {}, error() {} } };
    for (const name of ['http', 'https', 'net', 'tls', 'zlib']) {
      require(name);
    }
    await fetch('data:,');
    const began = performance.now();
    const beganCpu = process.cpuUsage();
    const { provider } = require(${JSON.stringify(bundle)});
    const connection = provider.connect(${JSON.stringify(settings)}, ports);
    await connection.observe([${JSON.stringify(handle)}], new AbortController().signal);
    const { user, system } = process.cpuUsage(beganCpu);
    console.log(JSON.stringify([performance.now() - began, (user + system) / 1000]));
    process.exit();
  })();`;
  const times: (readonly [number, number])[] = [];
  for (let round = 0; round < loads; round += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { timeout: 60_000 });
    times.push(JSON.parse(stdout) as [number, number]);
  }
  return {
    'google.load.ms': median(times.map(([wall]) => wall)),
    'google.load.cpu.ms': median(times.map(([, cpu]) => cpu)),
  };
}

/** Submitting code that is there already, in ms, with all the waiting for answers; and what one edit among many files sends. */
async function submitting(google: StartedGoogle, connection: Connection): Promise<Record<string, number>> {
  const base = await mkdtemp(join(tmpdir(), 'aloft-bench-google-'));
  const release = google.control.holdQueue();
  try {
    const source = join(base, 'source');
    await mkdir(source);
    await Promise.all(
      Array.from({ length: files }, async (_, index) =>
        writeFile(join(source, `module${index}.py`), `value = ${index}\n`.repeat(100 + (index % 200))),
      ),
    );
    const pack = async (): Promise<Snapshot> => {
      const options = { storeFolder: join(base, 'store'), cacheFolder: join(base, 'cache') };
      const { snapshot } = await makeSnapshot(source, options, never(), () => undefined);
      return snapshot;
    };
    const snapshot = await pack();
    await connection.stage(snapshot, never(), () => undefined);
    const times: number[] = [];
    for (let count = -1; count < submissions; count += 1) {
      const began = performance.now();
      await submit(connection, snapshot);
      if (count >= 0) {
        times.push(performance.now() - began);
      }
    }
    const edit = '# edited\n';
    await appendFile(join(source, 'module7.py'), edit);
    const before = storedBytes(google);
    await connection.stage(await pack(), never(), () => undefined);
    const sent = storedBytes(google) - before;
    return {
      'google.submit.ms': median(times),
      'stage.again.bytes': sent,
      'stage.again.ratio': sent / edit.length,
    };
  } finally {
    release();
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

function handleFor(name: string, project: string, bucket: string): Handle {
  return handleOf({ name, outputUri: `gs://${bucket}`, createdAt: Date.now() }, newKey(), project, bucket);
}

async function submit(connection: Connection, snapshot: Snapshot): Promise<Handle> {
  const key = newKey();
  const plan = connection.plan({ spec: specFor('sleep 600'), key, snapshotId: snapshot.id, interpreter: null });
  const staged = await connection.stage(snapshot, never(), () => undefined);
  return connection.submit({ plan, key, staged, secrets: new Map() }, never());
}

function storedBytes({ control, bucket }: StartedGoogle): number {
  return control.buckets.list(bucket).reduce((sum, { size }) => sum + size, 0);
}

/** Requests for log entries in a minute while each of many jobs prints a line a second. */
async function logRequests(
  { control, region, project, bucket }: StartedGoogle,
  connection: Connection,
  { tail }: { readonly tail: boolean },
): Promise<number> {
  control.logging.sessionLimit = tail ? 10 : 0;
  const release = control.holdQueue();
  const stop = new AbortController();
  const jobs = Array.from({ length: followed }, () => control.jobs.create(region, waitingJob));
  const ids = jobs.map(({ name }) => name.split('/').at(-1) ?? '');
  const reading = jobs.map(async ({ name }): Promise<void> => {
    try {
      for await (const _ of connection.logs(handleFor(name, project.id, bucket), null, stop.signal)) {
        // The engine writes it down.
      }
    } catch (error) {
      if (!stop.signal.aborted) {
        throw error;
      }
    }
  });
  let lines = 0;
  const printing = setInterval(() => {
    lines += 1;
    ids.forEach((jobId) =>
      control.logs.add({ jobId, taskName: 'workerpool0-0', severity: 'INFO', message: `line ${lines}` }),
    );
  }, 1000);
  try {
    await delay(30_000);
    const lists = { method: 'ListLogEntries' } as const;
    const before = control.countRequests(lists);
    await delay(120_000);
    return (control.countRequests(lists) - before) / 2;
  } finally {
    clearInterval(printing);
    stop.abort(new Error('measured'));
    await Promise.all(reading);
    jobs.forEach(({ name }) => control.jobs.cancel(name));
    release();
  }
}

const waitingJob = {
  displayName: 'followed',
  labels: {},
  jobSpec: {
    workerPoolSpecs: [
      {
        machineSpec: { machineType: 'n1-standard-4', acceleratorType: '', acceleratorCount: 0, tpuTopology: '' },
        containerSpec: { imageUri: 'python:3.12', command: [], args: [], env: [] },
        replicaCount: '1',
      },
    ],
    scheduling: null,
    baseOutputDirectory: null,
  },
};

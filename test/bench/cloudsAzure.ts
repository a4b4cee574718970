import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Connection, Snapshot } from '../../src/core/provider.ts';
import { makeSnapshot } from '../../src/engine/snapshot/makeSnapshot.ts';
import { never, newKey, specFor } from '../conformance/harness.ts';
import { AzureLab } from '../fixtures/azure/lab.ts';
import { median } from './median.ts';

const dist = join(import.meta.dirname, '..', '..', 'dist', 'providers');
const bundle = join(dist, 'azure.js');
/** All that there is of it. */
const bundles = [bundle, join(dist, 'azureIdentity.js')];
const rounds = 15;
const fileCount = 1000;
const edit = '# one more line\n';

/**
 * Azure ML's bundle, and the provider against an emulated Azure: what a submission of unchanged code takes beyond the same requests
 * sent bare, and how much is sent of a thousand files of which one got a line more.
 */
export async function benchCloudsAzure(): Promise<Record<string, number>> {
  const lab = await AzureLab.start();
  const base = await mkdtemp(join(tmpdir(), 'aloft-bench-azure-'));
  try {
    const connection = lab.open();
    const submit = await submitOverhead(lab, connection);
    const again = await bytesAgain(lab, connection, base);
    return {
      'azure.load.ms': loadTime(),
      'azure.bundle.bytes': await sizeOf(bundles),
      'azure.submit.ms': submit,
      'azure.stage.again.bytes': again,
      'azure.stage.again.ratio': again / edit.length,
    };
  } finally {
    await lab.stop();
    await rm(base, { recursive: true, force: true });
  }
}

async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The bundle and a connection made by it, each time in a process of its own; in ms. */
function loadTime(): number {
  const settings = { subscription: '00000000-0000-0000-0000-000000000000', resourceGroup: 'a', workspace: 'bb' };
  const program = `const began = performance.now();
const { provider } = require(${JSON.stringify(bundle)});
provider.connect(${JSON.stringify(settings)}, { clock: { now: Date.now } });
console.log(performance.now() - began);`;
  const times = Array.from({ length: rounds }, () =>
    Number(execFileSync(process.execPath, ['-e', program]).toString()),
  );
  return median(times);
}

async function submitOverhead(lab: AzureLab, connection: Connection): Promise<number> {
  await lab.submit(connection, 'true');
  const release = lab.control.holdQueue();
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const key = newKey();
    const spec = specFor('true');
    const from = lab.control.requests.length;
    const began = performance.now();
    const plan = connection.plan({ spec, key, snapshotId: lab.snapshot.id, interpreter: null });
    const staged = await connection.stage(lab.snapshot, never(), () => undefined);
    await connection.submit({ plan, key, staged, secrets: new Map() }, never());
    ours.push(performance.now() - began);
    bare.push(await sendAgain(lab, lab.control.requests.slice(from), plan.request));
  }
  release();
  return median(ours) - median(bare);
}

/** The very same requests, one after the other, without anything of ours around them; in ms. */
async function sendAgain(lab: AzureLab, requests: AzureLab['control']['requests'], request: unknown): Promise<number> {
  const body = JSON.stringify(typeof request === 'object' && request !== null && 'body' in request ? request.body : {});
  const began = performance.now();
  for (const { method, path, query, headers } of requests) {
    const sent = Object.fromEntries(
      ['authorization', 'x-ms-version', 'content-type'].flatMap((name) => {
        const value = headers[name];
        return typeof value === 'string' ? [[name, value]] : [];
      }),
    );
    // A job of another name, so that the work is that of making one.
    const to = method === 'PUT' ? path.replace(/\/aloft-/u, '/bare-') : path;
    const response = await fetch(`${lab.azure.url}${to}?${query.toString()}`, {
      method,
      headers: sent,
      ...(method === 'PUT' ? { body } : {}),
    });
    await response.arrayBuffer();
  }
  return performance.now() - began;
}

/** Bytes of all bodies that are sent for the second snapshot. */
async function bytesAgain(lab: AzureLab, connection: Connection, base: string): Promise<number> {
  const folder = join(base, 'source');
  for (let index = 0; index < fileCount; index += 1) {
    const below = join(folder, `package${index % 20}`);
    await mkdir(below, { recursive: true });
    await writeFile(join(below, `file${index}.py`), `# ${index}\n${`value = ${index}\n`.repeat(20 + (index % 200))}`);
  }
  await connection.stage(await snapshotOf(folder, base), never(), () => undefined);
  await appendFile(join(folder, 'package0', 'file0.py'), edit);
  // What was written in the last moment is not trusted to be at rest.
  await delay(50);
  const second = await snapshotOf(folder, base);
  const from = lab.control.requests.length;
  await connection.stage(second, never(), () => undefined);
  return lab.control.requests
    .slice(from)
    .reduce((sum, { method, headers }) => sum + (method === 'PUT' ? Number(headers['content-length'] ?? 0) : 0), 0);
}

async function snapshotOf(folder: string, base: string): Promise<Snapshot> {
  const options = { storeFolder: join(base, 'store'), cacheFolder: join(base, 'cache') };
  return (await makeSnapshot(folder, options, never(), () => undefined)).snapshot;
}

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type JobSpec, specToInput } from '../../core/jobSpec.ts';
import type { FoundAttempt, Handle, Json } from '../../core/provider.ts';
import { runFile, runFolder, runsFolder, scratchFolder } from './layout.ts';
import { isRunName, parseRunName, type RunName } from '../../core/runName.ts';
import { hasCode } from './nodeError.ts';
import { requestSchema } from './request.ts';
import { readRunState, writeRunState } from './runState.ts';
import { linkSnapshot } from './staging.ts';

/** Where run folders come from and go to: each appears and disappears in one step. */

export function handleOf(name: RunName): Handle {
  return { id: name, data: {} };
}

export function hasRun(root: string, name: RunName): boolean {
  return existsSync(runFolder(root, name));
}

/** Everything a run needs, under a name of its own until `publishRun`. Resolves with the folder. */
export async function prepareRun(root: string, planned: Json, submittedAt: number): Promise<string> {
  const request = z.parse(requestSchema, planned);
  const folder = join(scratchFolder(root), randomUUID());
  await mkdir(folder, { mode: 0o700 });
  try {
    await linkSnapshot(root, request.snapshot, join(folder, runFile.code));
    await writeFile(join(folder, runFile.request), `${JSON.stringify(planned, null, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    await writeFile(join(folder, runFile.state), '', { mode: 0o600 });
    const { accelerator } = request.spec;
    await writeRunState(folder, {
      phase: 'queued',
      submittedAt,
      reason: accelerator === null ? 'waits for a free slot' : `waits for ${accelerator.count} x ${accelerator.name}`,
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/** Gives the prepared folder its name. When the run is there already, that one stays and the prepared one goes. */
export async function publishRun(root: string, prepared: string, name: RunName): Promise<void> {
  try {
    await rename(prepared, runFolder(root, name));
  } catch (error) {
    await rm(prepared, { recursive: true, force: true });
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) {
      throw error;
    }
  }
}

export async function removeRun(root: string, name: RunName): Promise<void> {
  const leaving = join(scratchFolder(root), randomUUID());
  try {
    await rename(runFolder(root, name), leaving);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return;
    }
    throw error;
  }
  await rm(leaving, { recursive: true, force: true });
}

/** Every run; a folder whose files cannot be read is left out. */
export async function listRuns(root: string, signal: AbortSignal): Promise<FoundAttempt[]> {
  const names: string[] = await readdir(runsFolder(root)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) {
      return [];
    }
    throw error;
  });
  const found: FoundAttempt[] = [];
  for (const name of names.filter(isRunName)) {
    signal.throwIfAborted();
    const attempt = await foundAttempt(root, name).catch(() => null);
    if (attempt !== null) {
      found.push(attempt);
    }
  }
  return found;
}

/** What `planRun` wrote: a JobSpec as it is. Whoever reads the list parses it, so only its outline is checked. */
const storedSpec = z.object({ spec: z.custom<JobSpec>((value) => typeof value === 'object' && value !== null) });

async function foundAttempt(root: string, name: RunName): Promise<FoundAttempt | null> {
  const folder = runFolder(root, name);
  const request: unknown = JSON.parse(await readFile(join(folder, runFile.request), 'utf8'));
  const { submittedAt } = await readRunState(folder);
  const key = parseRunName(name)?.key;
  return key === undefined
    ? null
    : {
        key,
        handle: handleOf(name),
        name: z.parse(requestSchema, request).spec.name,
        createdAt: submittedAt,
        spec: specToInput(z.parse(storedSpec, request).spec),
      };
}

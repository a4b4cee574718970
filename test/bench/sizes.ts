import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..');

const bundles = {
  'bundle.host.bytes': 'extension.js',
  'bundle.engine.bytes': 'engine.js',
  'bundle.local.bytes': 'providers/local.js',
  'bundle.supervisor.bytes': 'supervisor.js',
  'bundle.submit.bytes': 'webview/submit.js',
  'bundle.job.bytes': 'webview/job.js',
};

/** Bytes of each bundle as built, and of the VSIX made of them. */
export async function benchSizes(): Promise<Record<string, number>> {
  const sizes = Object.entries(bundles).map(
    async ([key, file]) => [key, (await stat(join(root, 'dist', file))).size] as const,
  );
  return { ...Object.fromEntries(await Promise.all(sizes)), 'vsix.bytes': await vsixBytes() };
}

async function vsixBytes(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-vsix-'));
  try {
    const file = join(folder, 'aloft.vsix');
    const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
    await promisify(execFile)(process.execPath, [vsce, 'package', '--no-dependencies', '--out', file], { cwd: root });
    return (await stat(file)).size;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

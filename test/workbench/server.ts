import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { freePorts } from '../fixtures/freePorts.ts';

const root = join(import.meta.dirname, '..', '..');
const serverMain = join(root, '.vscode-test/server/node_modules/code-server/lib/vscode/out/server-main.js');

export interface ServerOptions {
  /** User data, extensions and the global storage of extensions live here; kept between starts by the caller. */
  readonly dataFolder: string;
  /** Whether VS Code asks before it trusts a folder; without, everything is trusted. */
  readonly workspaceTrust?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What differs from this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder of the extension; without, this one as it was built last. */
  readonly extension?: string;
}

export interface WorkbenchServer {
  readonly port: number;
  /** Extra entries of VS Code's `payload` follow the folder and the extension under development. */
  url(folder: string | null, payload: readonly (readonly [string, string])[]): string;
  remoteUri(path: string): string;
  readonly output: () => string;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'window.restoreWindows': 'all',
  'files.simpleDialog.enable': true,
};

/** A real VS Code server on loopback, with its own extension host per window. */
export async function startServer(options: ServerOptions): Promise<WorkbenchServer> {
  const settings = JSON.stringify({ ...quietSettings, ...options.settings });
  for (const scope of ['Machine', 'User']) {
    const folder = join(options.dataFolder, 'data', scope);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'settings.json'), settings);
  }
  const [port = 0] = await freePorts(1);
  const args = [
    join(import.meta.dirname, 'serverGuard.mjs'),
    serverMain,
    ...['--host', '127.0.0.1', '--port', String(port), '--without-connection-token', '--accept-server-license-terms'],
    ...['--enable-smoke-test-driver', '--server-data-dir', options.dataFolder, '--disable-telemetry'],
    ...(options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
  ];
  // A group of its own under a guard that holds our pipe, so that nothing of it stays behind even when we are killed.
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...options.environment },
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  await listening(child, () => output);
  const authority = `127.0.0.1:${port}`;
  const remoteUri = (path: string): string => `vscode-remote://${authority}${path}`;
  return {
    port,
    remoteUri,
    output: () => output,
    url: (folder, payload) => {
      const entries = [['extensionDevelopmentPath', remoteUri(options.extension ?? root)], ...payload];
      const where = folder === null ? 'ew=true' : `folder=${encodeURIComponent(folder)}`;
      return `http://${authority}/?${where}&payload=${encodeURIComponent(JSON.stringify(entries))}`;
    },
    stop: async (signal = 'SIGTERM') => {
      await stopGroup(child, signal);
    },
  };
}

async function listening(child: ChildProcess, output: () => string): Promise<void> {
  const end = Date.now() + 60_000;
  while (!output().includes('Extension host agent listening')) {
    if (child.exitCode !== null || Date.now() > end) {
      throw new Error(`VS Code's server did not start:\n${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stopGroup(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) {
    return;
  }
  const exited = once(child, 'exit');
  process.kill(-child.pid, signal);
  const timer = setTimeout(() => {
    if (child.pid !== undefined) {
      process.kill(-child.pid, 'SIGKILL');
    }
  }, 5_000);
  await exited;
  clearTimeout(timer);
}

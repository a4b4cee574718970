import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'esbuild';

const commands = {
  'peers.panel': 'Peers: Open Empty Panel…',
  'peers.editor': 'Peers: Open in Editor…',
  'peers.output': 'Peers: Print to Output',
} as const;

/** The title of a command of peerExtension.ts. */
export function peerCommand(name: 'panel' | 'editor' | 'output'): string {
  return commands[`peers.${name}`];
}

/** Builds peerExtension.ts and puts it among the extensions of a server that has not been started. `dataFolder`: of that server. */
export async function installPeers(dataFolder: string): Promise<void> {
  const folder = join(dataFolder, 'extensions', 'aloft.peers-1.0.0');
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, 'peerExtension.ts')],
    outfile: join(folder, 'extension.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'warning',
  });
  const manifest = {
    name: 'peers',
    publisher: 'aloft',
    version: '1.0.0',
    engines: { vscode: '^1.105.0' },
    main: 'extension.js',
    contributes: { commands: Object.entries(commands).map(([command, title]) => ({ command, title })) },
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
}

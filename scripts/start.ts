// Opens VS Code with the extension for a person: the desktop one when it is installed, else one for the browser.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { startServer } from '../test/workbench/server.ts';
import { root, script } from './steps.ts';

if ((await script('build')) !== 0) {
  process.exit(1);
}
const folder = process.argv[2] ?? join(root, 'examples', 'quickstart');
const desktop = process.env['VSCODE_PATH'] ?? 'code';
if (spawnSync(desktop, ['--version'], { stdio: 'ignore' }).status === 0) {
  spawn(desktop, [`--extensionDevelopmentPath=${root}`, folder], { stdio: 'inherit' });
} else {
  const server = await startServer({ dataFolder: join(root, '.vscode-test', 'user-data'), workspaceTrust: true });
  console.log(`\nAloft is open at\n\n  ${server.url(folder, [])}\n\nPress Ctrl+C to end it. Jobs that run go on.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void server.stop().finally(() => process.exit(0));
    });
  }
}

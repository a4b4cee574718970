// The in-host suite: on the desktop VS Code named by VSCODE_PATH, else in the browser host.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runTests } from '@vscode/test-electron';

import './build.ts';
import { root } from './steps.ts';

// Where the counts go, in the names of vitest's JSON report.
const report = process.env['ALOFT_TEST_REPORT'];
const folder = await mkdtemp(join(tmpdir(), 'aloft-workspace-'));
await cp(join(root, 'test', 'fixtures', 'workspace'), folder, { recursive: true });
try {
  process.exitCode = await runTests({
    vscodeExecutablePath: process.env['VSCODE_PATH'] ?? join(root, 'test', 'host', 'browserHost.ts'),
    extensionDevelopmentPath: root,
    extensionTestsPath: join(root, 'out', 'host', 'index.js'),
    extensionTestsEnv: report === undefined ? {} : { ALOFT_TEST_REPORT: report },
    launchArgs: [folder, '--disable-workspace-trust', '--disable-extensions'],
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

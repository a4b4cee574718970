#!/usr/bin/env node
// Stands in for the desktop VS Code where there is none: takes the arguments that `runTests` passes, runs the same suite in the
// extension host of a VS Code server, and ends with its exit code.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launchBrowser } from '../workbench/browser.ts';
import { startServer } from '../workbench/server.ts';

const args = process.argv.slice(2);
const option = (name: string): string | undefined =>
  args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const folder = args.find((arg) => !arg.startsWith('-')) ?? null;
const tests = option('extensionTestsPath');
if (tests === undefined) {
  throw new Error('--extensionTestsPath is missing');
}

const dataFolder = await mkdtemp(join(tmpdir(), 'aloft-host-'));
const server = await startServer({ dataFolder });
const browser = await launchBrowser();
const stop = async (): Promise<void> => {
  await Promise.allSettled([browser.close(), server.stop()]);
  await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 });
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    void stop().finally(() => process.exit(1));
  });
}

/** What the suite prints; the rest is the workbench talking to itself, shown only when the suite fails. */
const ours = /^(?: {2}(?:ok|FAIL) |host: )/u;
const chatter: string[] = [];

let code = 1;
try {
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  const ended = Promise.withResolvers<number>();
  await page.exposeFunction('codeAutomationLog', (_type: string, values: readonly unknown[]) => {
    const text = values.join(' ');
    if (ours.test(text)) {
      console.log(text);
    } else {
      chatter.push(text);
    }
  });
  await page.exposeFunction('codeAutomationExit', (exitCode: number) => {
    ended.resolve(exitCode);
  });
  page.on('crash', () => {
    ended.reject(new Error('the workbench crashed'));
  });
  await page.goto(server.url(folder, [['extensionTestsPath', server.remoteUri(tests)]]));
  const timer = setTimeout(() => {
    ended.reject(new Error('the tests did not end within 10 minutes'));
  }, 600_000);
  code = await ended.promise;
  clearTimeout(timer);
} catch (error) {
  console.error(error);
} finally {
  await stop();
}
if (code !== 0) {
  console.log(chatter.join('\n'));
}
process.exit(code);

#!/usr/bin/env node
// The way in for every npm script. Runs on any Node from 18 on, before anything is installed, and sets up what a command needs.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { ensureBrowser, ensureDependencies, ensureServer, ensureSlurm, ensureSshd, root } from './setup.mjs';

/** What has to be there for a command, beside the dependencies. */
const needs = {
  build: [],
  check: [],
  unit: ['sshd', 'slurm'],
  package: [],
  start: ['server'],
  demo: ['server', 'browser'],
  host: ['server', 'browser'],
  e2e: ['server', 'browser', 'sshd', 'slurm'],
  test: ['server', 'browser', 'sshd', 'slurm'],
  bench: ['server', 'browser', 'sshd', 'slurm'],
};

const [command = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(needs, command)) {
  console.error(`Usage: node scripts/run.mjs ${Object.keys(needs).join('|')}`);
  process.exit(2);
}

try {
  ensureDependencies();
  const environment = { ...process.env };
  if (needs[command].includes('server') && !process.env.VSCODE_PATH) {
    ensureServer();
  }
  if (needs[command].includes('browser') && !process.env.VSCODE_PATH) {
    Object.assign(environment, ensureBrowser());
  }
  if (needs[command].includes('sshd')) {
    ensureSshd();
  }
  if (needs[command].includes('slurm')) {
    ensureSlurm();
  }
  const bin = join(root, 'node_modules', '.bin');
  environment.PATH = `${bin}:${process.env.PATH}`;
  const script = join(root, 'scripts', `${command}.ts`);
  if (!existsSync(script)) {
    throw new Error(`${script} is missing`);
  }
  const result = spawnSync(join(bin, 'node'), ['--no-warnings', script, ...args], {
    cwd: root,
    env: environment,
    stdio: 'inherit',
  });
  process.exit(result.status ?? 1);
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(1);
}

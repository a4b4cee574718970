// Installs what is missing, each thing once: dependencies, a VS Code that runs without a desktop, a browser to show it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const downloads = join(root, '.vscode-test');

/** Ships a whole VS Code server; 4.139.1 is VS Code 1.139.1. */
const serverVersion = '4.139.1';
const chromiumVersion = '153.0.0';
/** Built from source: without them the extension host does not start. */
const nativeModules = ['@vscode/spdlog', '@vscode/native-watchdog'];

export const serverFolder = join(downloads, 'server');

function step(text, work) {
  const started = Date.now();
  process.stdout.write(`${text} … `);
  const result = work();
  process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return result;
}

function run(command, args, cwd = root, environment = {}) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    // A caller's `npm --silent` would reach the npm started here and swallow the reason of a failure.
    env: { ...process.env, ...environment, npm_config_loglevel: 'error' },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined || result.status !== 0) {
    const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-30).join('\n');
    throw new Error(`${command} ${args.join(' ')} failed in ${cwd}\n${result.error?.message ?? output}`);
  }
  return result.stdout;
}

const has = (program) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' }).status === 0;

/** Debian's packages, when we may; otherwise says what the person has to run. */
function ensureProgram(program, packages) {
  if (has(program)) {
    return;
  }
  if (process.getuid?.() !== 0 || !has('apt-get')) {
    throw new Error(
      `${program} is missing. Install it first, on Debian with: sudo apt-get install ${packages.join(' ')}`,
    );
  }
  step(`Installing ${packages.join(', ')}`, () => {
    withoutServices(() => {
      const environment = { DEBIAN_FRONTEND: 'noninteractive' };
      // Somebody else may be installing something.
      const patient = ['-o', 'DPkg::Lock::Timeout=300'];
      run('apt-get', [...patient, 'update', '-qq'], root, environment);
      run('apt-get', [...patient, 'install', '-y', '-qq', '--no-install-recommends', ...packages], root, environment);
    });
  });
}

/** Debian starts the services that a package holds, unless this file forbids it. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) {
    install();
    return;
  }
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(policy);
  }
}

/**
 * A real SSH server for the tests, where it may be installed; without one they are skipped, and say so.
 */
export function ensureSshd() {
  if (['/usr/sbin/sshd', '/usr/local/sbin/sshd'].some((path) => existsSync(path))) {
    return;
  }
  try {
    ensureProgram('sshd', ['openssh-server', 'openssh-client']);
  } catch (error) {
    console.warn(`The tests over SSH are skipped: ${error.message}`);
  }
}

const slurmPackages = ['slurm-wlm', 'slurmctld', 'slurmd', 'slurm-client', 'munge', 'slurmdbd', 'mariadb-server'];

/** The Slurm that tests start by themselves; without it they are skipped, and say so. */
export function ensureSlurm() {
  try {
    for (const program of ['slurmctld', 'slurmd', 'sbatch', 'munged', 'slurmdbd', 'mariadbd']) {
      ensureProgram(program, slurmPackages);
    }
  } catch (error) {
    console.warn(`The tests with a real Slurm are skipped: ${error.message}`);
  }
}

/** Runs `work` unless it succeeded before with the same stamp; a run that was interrupted is begun anew. */
function once(folder, stamp, text, work) {
  const file = join(folder, '.ready');
  if (existsSync(file) && readFileSync(file, 'utf8') === stamp) {
    return;
  }
  step(text, () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    work();
    writeFileSync(file, stamp);
  });
}

/** Whatever the lock file names, and Node 24 with it (the npm package `node`). */
export function ensureDependencies() {
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const file = join(root, 'node_modules', '.ready');
  if (
    existsSync(file) &&
    readFileSync(file, 'utf8') === stamp &&
    existsSync(join(root, 'node_modules', '.bin', 'node'))
  ) {
    return;
  }
  step('Installing dependencies', () => {
    installLocked();
    writeFileSync(file, stamp);
  });
}

/** `npm ci` refuses a lock file when a registry lacks an optional package of another platform; `npm install` keeps to it all the same. */
function installLocked() {
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund'];
  try {
    run('npm', ['ci', ...quiet]);
  } catch {
    run('npm', ['install', '--no-save', ...quiet]);
  }
}

/** The modules use Node's stable interface, so installed headers of any version will do; without, node-gyp downloads some. */
function headers() {
  const prefixes = [dirname(dirname(process.execPath)), '/usr', '/usr/local'];
  const prefix = prefixes.find((folder) => existsSync(join(folder, 'include', 'node', 'node_api.h')));
  return prefix === undefined ? [] : [`--nodedir=${prefix}`];
}

export function ensureServer() {
  ensureProgram('python3', ['python3']);
  ensureProgram('g++', ['g++', 'make']);
  ensureProgram('make', ['make']);
  once(serverFolder, serverVersion, `Installing VS Code (code-server ${serverVersion})`, () => {
    const quiet = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
    run('npm', ['install', '--prefix', serverFolder, `code-server@${serverVersion}`, ...quiet]);
    const vscode = join(serverFolder, 'node_modules', 'code-server', 'lib', 'vscode');
    run('npm', ['install', '--omit=dev', ...quiet], vscode);
    run('npm', ['install', '--omit=dev', ...quiet], join(vscode, 'extensions'));
    run('npm', ['rebuild', ...nativeModules, ...headers()], vscode);
  });
}

/** The environment in which a browser is found: an installed one, Debian's, or the one an npm package carries. */
export function ensureBrowser() {
  const installed = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'].find(has);
  if (process.env.CHROME_PATH !== undefined) {
    return { CHROME_PATH: process.env.CHROME_PATH };
  }
  if (installed !== undefined) {
    return { CHROME_PATH: run('sh', ['-c', 'command -v "$1"', 'sh', installed]).trim() };
  }
  if (process.getuid?.() === 0 && has('apt-get')) {
    ensureProgram('chromium', ['chromium', 'fonts-dejavu-core']);
    return { CHROME_PATH: '/usr/bin/chromium' };
  }
  const folder = join(downloads, 'chromium');
  once(folder, chromiumVersion, `Installing a headless browser (@sparticuz/chromium ${chromiumVersion})`, () => {
    run('npm', [
      'install',
      '--prefix',
      folder,
      `@sparticuz/chromium@${chromiumVersion}`,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ]);
    run(join(root, 'node_modules', '.bin', 'node'), [join(root, 'scripts', 'unpackChromium.mjs'), folder]);
  });
  return { CHROME_PATH: join(folder, 'unpacked', 'chromium'), LD_LIBRARY_PATH: join(folder, 'unpacked', 'lib') };
}

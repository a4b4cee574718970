// Bundles each process into one CommonJS file of a fixed name: no shared chunks, so an upgrade never finds a stale one.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';

import { build, context } from 'esbuild';

import { ownBundles } from './scripts/ownBundles.ts';
import { trimGax } from './scripts/trimGax.ts';
import { trimProtos } from './scripts/trimProtos.ts';

const watch = process.argv.includes('--watch');

const common = {
  bundle: true,
  minify: !watch,
  sourcemap: watch ? 'inline' : false,
  metafile: true,
  logLevel: 'warning',
};
const host = {
  ...common,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  // ssh2 does without its native parts.
  external: ['vscode', 'cpu-features', '*.node'],
  mainFields: ['module', 'main'],
};
const webview = {
  ...common,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
};

const bundles = [
  { ...host, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', plugins: [ownBundles] },
  { ...host, entryPoints: ['src/engine/engine.ts'], outfile: 'dist/engine.js' },
  {
    ...host,
    entryPoints: ['src/editor/connections/connectionsPart.ts'],
    outfile: 'dist/connectionsPart.js',
  },
  { ...host, entryPoints: ['src/editor/panelsPart.ts'], outfile: 'dist/panelsPart.js' },
  { ...host, entryPoints: ['src/providers/local/index.ts'], outfile: 'dist/providers/local.js' },
  {
    ...host,
    entryPoints: ['src/providers/azure/index.ts'],
    outfile: 'dist/providers/azure.js',
    plugins: [ownBundles],
    // The same in ES modules, of which only what is used is taken: half as much to load.
    alias: { yaml: './node_modules/yaml/browser/index.js' },
  },
  {
    ...host,
    entryPoints: ['src/providers/azure/client/azureIdentity.ts'],
    outfile: 'dist/providers/azureIdentity.js',
  },
  { ...host, entryPoints: ['src/providers/kubernetes/index.ts'], outfile: 'dist/providers/kubernetes.js' },
  { ...host, entryPoints: ['src/providers/slurm/index.ts'], outfile: 'dist/providers/slurm.js' },
  {
    ...host,
    entryPoints: ['src/providers/google/index.ts'],
    outfile: 'dist/providers/google.js',
    plugins: [trimProtos, trimGax],
  },
  { ...host, entryPoints: ['src/providers/local/supervisor/main.ts'], outfile: 'dist/supervisor.js' },
  { ...host, entryPoints: ['src/engine/log/scan/scanWorker.ts'], outfile: 'dist/logScan.js' },
  { ...webview, entryPoints: ['webview/log/index.tsx'], outfile: 'dist/webview/log.js' },
  { ...webview, entryPoints: ['webview/submit/index.tsx'], outfile: 'dist/webview/submit.js' },
  { ...webview, entryPoints: ['webview/job/index.tsx'], outfile: 'dist/webview/job.js' },
  { ...webview, entryPoints: ['webview/metrics/index.tsx'], outfile: 'dist/webview/metrics.js' },
  { ...host, entryPoints: ['test/host/index.ts'], outfile: 'out/host/index.js', minify: false },
];

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist/webview', { recursive: true });
mkdirSync('out', { recursive: true });
for (const asset of ['codicon.css', 'codicon.ttf']) {
  cpSync(`node_modules/@vscode/codicons/dist/${asset}`, `dist/webview/${asset}`);
}

if (watch) {
  const contexts = await Promise.all(bundles.map(async (bundle) => await context(bundle)));
  await Promise.all(contexts.map(async (one) => await one.watch()));
} else {
  const results = await Promise.all(bundles.map(async (bundle) => await build(bundle)));
  const outputs = Object.assign({}, ...results.map(({ metafile }) => metafile.outputs));
  writeFileSync('out/meta.json', JSON.stringify({ outputs }));
  for (const [file, { bytes }] of Object.entries(outputs)) {
    console.log(`${String(bytes).padStart(8)}  ${file}`);
  }
}

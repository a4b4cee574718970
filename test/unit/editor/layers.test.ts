import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

/** What each layer may and may not import, as its files would write it. */
const layers: Readonly<Record<string, { readonly fenced: readonly string[]; readonly free: readonly string[] }>> = {
  'src/core/file.ts': {
    fenced: [
      'vscode',
      'node:fs',
      '../engine/engine.ts',
      '../providers/local/index.ts',
      '../editor/aloft.ts',
      '../protocol/jobPanel.ts',
      '@azure/identity',
      'preact',
    ],
    free: ['./job.ts'],
  },
  'src/engine/file.ts': {
    fenced: [
      'vscode',
      '../providers/local/index.ts',
      '../editor/aloft.ts',
      '../protocol/jobPanel.ts',
      '@azure/identity',
      '@google-cloud/aiplatform',
    ],
    free: ['node:fs', '../core/job.ts', './leader.ts'],
  },
  'src/engine/snapshot/file.ts': {
    fenced: ['vscode', '../../providers/local/index.ts', '../../editor/aloft.ts'],
    free: ['node:fs', '../../core/job.ts'],
  },
  'src/providers/local/file.ts': {
    fenced: ['vscode', '../../engine/engine.ts', '../../editor/aloft.ts', '../../protocol/jobPanel.ts'],
    free: ['node:fs', '../../core/provider.ts', './client.ts'],
  },
  'src/protocol/file.ts': {
    fenced: ['vscode', 'node:fs', '../engine/engine.ts', '../providers/local/index.ts', '../editor/aloft.ts'],
    free: ['../core/jobState.ts'],
  },
  'src/editor/file.ts': {
    fenced: ['../providers/local/index.ts'],
    free: ['vscode', 'node:fs', '../core/job.ts', '../engine/engine.ts', '../protocol/jobPanel.ts'],
  },
  'webview/job/file.tsx': {
    fenced: [
      'vscode',
      'node:fs',
      '../../src/engine/engine.ts',
      '../../src/providers/local/index.ts',
      '../../src/editor/aloft.ts',
      '@vscode/webview-ui-toolkit',
    ],
    free: ['preact', '../../src/protocol/jobPanel.ts', '../../src/core/logRow.ts', '../../src/core/quantity.ts'],
  },
  'webview/ui/components.ts': {
    fenced: ['vscode', 'node:fs', '../../src/engine/engine.ts'],
    free: ['@vscode/webview-ui-toolkit'],
  },
};

interface Diagnostic {
  readonly code: string;
  readonly message: string;
  readonly filename: string;
}

let folder: string;
let refused: ReadonlySet<string>;

async function lint(): Promise<readonly Diagnostic[]> {
  const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(
    process.execPath,
    [oxlint, '--format', 'json', '.'],
    { cwd: folder, maxBuffer: 2 ** 24 },
    (error, stdout) => {
      if (stdout === '') {
        reject(error ?? new Error('the linter said nothing'));
      } else {
        resolve(stdout);
      }
    },
  );
  const report: { readonly diagnostics: readonly Diagnostic[] } = JSON.parse(await promise);
  return report.diagnostics;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aloft-layers-'));
  await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const [file, { fenced, free }] of Object.entries(layers)) {
    const imports = [...fenced, ...free].map((from, index) => `import { a${index} } from '${from}';\na${index}();\n`);
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), imports.join(''));
  }
  refused = new Set(
    (await lint())
      .filter(({ code }) => code.includes('no-restricted-imports'))
      .map(({ filename, message }) => `${filename} ${/^'([^']+)'/u.exec(message)?.[1] ?? ''}`),
  );
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.each(Object.entries(layers))('%s', (file, { fenced, free }) => {
  it.each(fenced)('may not import %s', (from) => {
    expect(refused.has(`${file} ${from}`)).toBe(true);
  });

  it.each(free)('may import %s', (from) => {
    expect(refused.has(`${file} ${from}`)).toBe(false);
  });
});

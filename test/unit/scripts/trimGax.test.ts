import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { trimGax } from '../../../scripts/trimGax.ts';
import { trimProtos } from '../../../scripts/trimProtos.ts';

const bundle = async (contents: string): Promise<unknown> =>
  build({
    stdin: { contents, resolveDir: join(import.meta.dirname, '../../../src/providers/google'), loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    external: ['vscode', '*.node'],
    plugins: [trimProtos, trimGax],
    logLevel: 'silent',
  });

it('finds every module of the SDK that it replaces, and fails a build that lacks one', async () => {
  await bundle(`export * from './client/access.ts';`);
  await expect(bundle(`export const nothing = 1;`)).rejects.toThrow(/The SDK has changed: .*locationService/su);
}, 60_000);

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { expect, test } from 'vitest';

import { compiledFile, compileWasm, wasmSources } from '../../scripts/compileWasm.ts';

test.each(wasmSources.map((source) => [basename(source), source]))(
  'the compiled code of %s is that of its source',
  async (_name, source) => {
    expect(readFileSync(compiledFile(source), 'utf8')).toBe(await compileWasm(source));
  },
);

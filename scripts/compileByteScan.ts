import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { main } from 'assemblyscript/asc';

const folder = join(import.meta.dirname, '..', 'src', 'engine', 'log', 'bytes');

export const compiledFile = join(folder, 'byteScanCode.ts');

/** The source text of a module with the compiled code in it. The same for the same source and compiler. */
export async function compileByteScan(): Promise<string> {
  const source = readFileSync(join(folder, 'byteScan.as'), 'utf8');
  let code: Uint8Array | undefined;
  const options = ['--runtime', 'stub', '--enable', 'simd', '-O3', '--noAssert', '--importMemory', '--noExportMemory'];
  const { error } = await main(['byteScan.ts', ...options, '--initialMemory', '1', '-o', 'byteScan.wasm'], {
    readFile: (name) => (name === 'byteScan.ts' ? source : null),
    writeFile: (_name, contents) => {
      code = typeof contents === 'string' ? Buffer.from(contents) : contents;
    },
    listFiles: () => [],
  });
  if (error !== null || code === undefined) {
    throw new Error(`byteScan.as does not compile: ${error?.message ?? ''}`);
  }
  const text = Buffer.from(code).toString('base64');
  return `/** What byteScan.as compiles to; made by scripts/wasm.ts. */\nexport const byteScanCode =\n  '${text}';\n`;
}

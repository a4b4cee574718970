import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { main } from 'assemblyscript/asc';

const src = join(import.meta.dirname, '..', 'src');

/** What is written in AssemblyScript, without the ending `.as`. */
export const wasmSources: readonly string[] = [
  join(src, 'engine', 'log', 'bytes', 'byteScan'),
  join(src, 'core', 'metrics', 'shapeWalk'),
];

/** Where the compiled code of a source goes. */
export function compiledFile(source: string): string {
  return `${source}Code.ts`;
}

/** The source text of a module with the compiled code in it. The same for the same source and compiler. */
export async function compileWasm(source: string): Promise<string> {
  const name = source.slice(dirname(source).length + 1);
  const text = readFileSync(`${source}.as`, 'utf8');
  let code: Uint8Array | undefined;
  const options = ['--runtime', 'stub', '--enable', 'simd', '-O3', '--noAssert', '--importMemory', '--noExportMemory'];
  const { error } = await main([`${name}.ts`, ...options, '--initialMemory', '1', '-o', `${name}.wasm`], {
    readFile: (file) => (file === `${name}.ts` ? text : null),
    writeFile: (_file, contents) => {
      code = typeof contents === 'string' ? Buffer.from(contents) : contents;
    },
    listFiles: () => [],
  });
  if (error !== null || code === undefined) {
    throw new Error(`${name}.as does not compile: ${error?.message ?? ''}`);
  }
  const encoded = Buffer.from(code).toString('base64');
  return `/** What ${name}.as compiles to; made by scripts/wasm.ts. */\nexport const ${name}Code =\n  '${encoded}';\n`;
}

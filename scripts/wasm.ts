// Compiles what is written in AssemblyScript into modules that are checked in. Run it after a change to an .as file.
import { writeFileSync } from 'node:fs';

import { compiledFile, compileWasm, wasmSources } from './compileWasm.ts';

for (const source of wasmSources) {
  writeFileSync(compiledFile(source), await compileWasm(source));
}

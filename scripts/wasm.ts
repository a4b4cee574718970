// Compiles the AssemblyScript of the byte scanner into the module that is checked in. Run it after a change to byteScan.as.
import { writeFileSync } from 'node:fs';

import { compileByteScan, compiledFile } from './compileByteScan.ts';

writeFileSync(compiledFile, await compileByteScan());

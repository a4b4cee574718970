// Measures; arguments name sections (`log`) or single benches (`log.metrics`). The figures are in out/bench.json.
import { join } from 'node:path';

import { root, script, show } from './steps.ts';

const [, , ...names] = process.argv;
const packed = await script('package');
process.exitCode =
  packed === 0
    ? await show(process.execPath, ['--no-warnings', join(root, 'test', 'bench', 'run.ts'), ...names])
    : packed;

// End-to-end tests in a real workbench. Arguments go to vitest; screenshots are in out/screenshots.
import { script, show } from './steps.ts';

const [, , ...args] = process.argv;
const built = await script('build');
process.exitCode = built === 0 ? await show('vitest', ['run', '--project', 'e2e', ...args]) : built;

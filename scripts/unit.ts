// Unit tests, the providers' conformance suite and the tests of real programs. Arguments go to vitest.
import { script, show } from './steps.ts';

const [, , ...args] = process.argv;
const built = await script('build');
const projects = ['node', 'webview', 'real'].flatMap((name) => ['--project', name]);
process.exitCode = built === 0 ? await show('vitest', ['run', ...projects, ...args]) : built;

// Unit tests and the providers' conformance suite. Arguments go to vitest.
import { script, show } from './steps.ts';

const [, , ...args] = process.argv;
const built = await script('build');
process.exitCode =
  built === 0 ? await show('vitest', ['run', '--project', 'node', '--project', 'webview', ...args]) : built;

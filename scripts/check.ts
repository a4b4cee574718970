// Types, lint, format, dead code: nothing may warn.
import { inOrder, show } from './steps.ts';

process.exitCode = await inOrder([
  { name: 'types', run: async () => await show('tsc', ['-p', '.']) },
  { name: 'types of the webviews', run: async () => await show('tsc', ['-p', 'webview']) },
  { name: 'lint', run: async () => await show('oxlint', ['--type-aware', '--deny-warnings']) },
  { name: 'format', run: async () => await show('oxfmt', ['--check']) },
  { name: 'dead code', run: async () => await show('knip', ['--no-progress']) },
]);

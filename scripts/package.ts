// Builds and packs the extension: aloft-<version>.vsix in the top folder.
import { script, show } from './steps.ts';

const built = await script('build');
process.exitCode =
  built === 0
    ? await show('vsce', ['package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links'])
    : built;

import { access, constants, mkdir, realpath, writeFile } from 'node:fs/promises';
import { shellQuote } from '../../../core/shellQuote.ts';
import { basename, delimiter, dirname, join } from 'node:path';

/** What makes `python` and `python3` in the job mean one Python. */
export interface PythonEnvironment {
  /** Folders that go first on the PATH. */
  readonly path: readonly string[];
  /** The virtual environment it belongs to. */
  readonly virtualEnv: string | null;
}

/**
 * The environment of the chosen interpreter, or of the first `python3` (else `python`) on the PATH. Names that would mean something
 * else, or nothing, get a small script in `binFolder`. Throws when the chosen interpreter cannot be run.
 */
export async function pythonEnvironment(
  interpreter: string | null,
  searchPath: string,
  binFolder: string,
): Promise<PythonEnvironment> {
  if (interpreter !== null) {
    if (!(await isExecutable(interpreter))) {
      throw new Error(
        `the chosen Python ${interpreter} is not there or cannot be run; choose another one and submit again`,
      );
    }
    const folder = dirname(interpreter);
    const foreign = await namesThatDiffer(interpreter, [folder]);
    await writeShims(foreign, interpreter, binFolder);
    const environment = dirname(folder);
    return {
      path: foreign.length > 0 ? [binFolder, folder] : [folder],
      virtualEnv: (await exists(join(environment, 'pyvenv.cfg'))) ? environment : null,
    };
  }
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  const found = (await findOnPath('python3', folders)) ?? (await findOnPath('python', folders));
  if (found === null) {
    return { path: [], virtualEnv: null };
  }
  const missing: string[] = [];
  for (const name of pythonNames) {
    if ((await findOnPath(name, folders)) === null) {
      missing.push(name);
    }
  }
  await writeShims(missing, found, binFolder);
  return { path: missing.length > 0 ? [binFolder] : [], virtualEnv: null };
}

const pythonNames = ['python', 'python3'] as const;

/** The names that do not lead to that interpreter when looked up in those folders. */
async function namesThatDiffer(interpreter: string, folders: readonly string[]): Promise<string[]> {
  const differing: string[] = [];
  for (const name of pythonNames) {
    const found = basename(interpreter) === name ? interpreter : await findOnPath(name, folders);
    if (found === null || (await realpath(found)) !== (await realpath(interpreter))) {
      differing.push(name);
    }
  }
  return differing;
}

/** Scripts, not links: a Python finds its virtual environment by the path it was started with. */
async function writeShims(names: readonly string[], interpreter: string, binFolder: string): Promise<void> {
  if (names.length > 0) {
    await mkdir(binFolder, { recursive: true, mode: 0o700 });
  }
  for (const name of names) {
    const script = `#!/bin/sh\nexec ${shellQuote(interpreter)} "$@"\n`;
    await writeFile(join(binFolder, name), script, { mode: 0o700 });
  }
}

async function findOnPath(name: string, folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isExecutable(path)) {
      return path;
    }
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

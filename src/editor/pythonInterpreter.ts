import { access } from 'node:fs/promises';
import { join } from 'node:path';

import * as vscode from 'vscode';

/** The part of the Python extension's public API that is used here (ms-python.python, `PythonExtension`). */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

function isPythonApi(value: unknown): value is PythonApi {
  return typeof value === 'object' && value !== null && 'environments' in value;
}

async function pythonApi(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension('ms-python.python');
  if (extension === undefined) {
    return undefined;
  }
  const api: unknown = extension.isActive ? extension.exports : await extension.activate();
  return isPythonApi(api) ? api : undefined;
}

const exists = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  );

/**
 * Absolute path of the interpreter for jobs on this machine: the one chosen in the Python extension, else the folder's own
 * virtual environment, else null (`python3` from the PATH). `folder` is absolute. Only for a workspace that is trusted.
 */
export async function interpreterOf(folder: string): Promise<string | null> {
  const api = await pythonApi();
  const chosen = api?.environments.getActiveEnvironmentPath(vscode.Uri.file(folder)).path;
  if (chosen !== undefined && chosen !== '') {
    const candidates = [chosen, join(chosen, 'bin', 'python')];
    for (const candidate of candidates) {
      if (candidate.startsWith('/') && (await isFile(candidate))) {
        return candidate;
      }
    }
  }
  for (const name of ['.venv', 'venv']) {
    const candidate = join(folder, name, 'bin', 'python');
    if (await exists(candidate)) {
      return candidate;
    }
  }
  return null;
}

async function isFile(path: string): Promise<boolean> {
  try {
    const stat = await vscode.workspace.fs.stat(vscode.Uri.file(path));
    return (stat.type & vscode.FileType.File) !== 0;
  } catch {
    return false;
  }
}

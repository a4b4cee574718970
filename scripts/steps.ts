import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** Runs a program with its output shown, with more in its environment; resolves to its exit code. */
export async function show(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

/** Another script of this folder, with this Node. */
export async function script(
  name: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  return await show(process.execPath, ['--no-warnings', join(root, 'scripts', `${name}.ts`), ...args], environment);
}

export interface Step {
  readonly name: string;
  readonly run: () => Promise<number>;
}

/** One after the other; stops at the first that fails and says which. Resolves to the exit code. */
export async function inOrder(steps: readonly Step[]): Promise<number> {
  for (const { name, run } of steps) {
    const started = Date.now();
    const code = await run();
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${name}  ${((Date.now() - started) / 1000).toFixed(1)} s`);
    if (code !== 0) {
      return code;
    }
  }
  return 0;
}

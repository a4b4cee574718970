import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const missing = new Set<string>();

/**
 * How long a program takes, in ms; undefined when it is not installed, or takes longer than `most`. Its output is thrown away. To one
 * that wants a terminal one is played.
 */
export async function peerMs(
  program: string,
  args: readonly string[],
  { most, terminal = false }: { readonly most?: number; readonly terminal?: boolean } = {},
): Promise<number | undefined> {
  const isThere = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
  if (!isThere && !program.includes('/')) {
    if (!missing.has(program)) {
      missing.add(program);
      console.log(`${program} is not installed: nothing is measured beside it`);
    }
    return undefined;
  }
  const [file, all]: readonly [string, readonly string[]] = terminal
    ? ['script', ['-qec', [program, ...args].map(quoted).join(' '), '/dev/null']]
    : [program, args];
  const started = performance.now();
  const child = spawn(file, all, {
    // GNU grep stops at the first hit when it writes to /dev/null.
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C', TERM: 'xterm' },
    ...(most === undefined ? {} : { timeout: most }),
  });
  child.stdout.resume();
  return await new Promise((resolve) => {
    child.on('error', () => {
      resolve(undefined);
    });
    child.on('close', (_code, signal) => {
      resolve(signal === null ? performance.now() - started : undefined);
    });
  });
}

/** The ripgrep that VS Code brings along, else the one that is installed. */
export function ripgrep(): string {
  const modules = join(
    import.meta.dirname,
    '../../.vscode-test/server/node_modules/code-server/lib/vscode/node_modules/@vscode',
  );
  const names = existsSync(modules) ? readdirSync(modules).filter((name) => name.startsWith('ripgrep')) : [];
  const candidates = names.flatMap((name) => [
    join(modules, name, 'bin', `${process.platform}-${process.arch}`, 'rg'),
    join(modules, name, 'bin', 'rg'),
  ]);
  return candidates.find((path) => existsSync(path)) ?? 'rg';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

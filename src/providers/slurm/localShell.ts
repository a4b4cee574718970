import { execFile, spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { Readable } from 'node:stream';

import type { Shell, TerminalSize } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import type { ShellScript } from './host.ts';
import { ownEnvironment } from './ownEnvironment.ts';
import { plainProgram, scriptCommand } from './script/program.ts';

/** A terminal on this machine. Node has none, so `script` (util-linux) makes it and `stty` sets its size. */
export async function openLocalShell(script: ShellScript, size: TerminalSize, signal: AbortSignal): Promise<Shell> {
  signal.throwIfAborted();
  const { columns, rows } = checkedSize(size);
  const program = `tty >&3; exec 3>&-; stty cols ${columns} rows ${rows}\n${plainProgram(script)}`;
  const { commandLine, preamble } = scriptCommand(program);
  if (preamble.length > 0) {
    throw new ProviderError('unsupported', 'The script of a terminal is too long.');
  }
  const child = spawn('script', ['-qefc', commandLine, '/dev/null'], {
    cwd: homedir(),
    env: { TERM: 'xterm-256color', ...ownEnvironment() },
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
  });
  const { stdin, stdout } = child;
  const names = child.stdio[3];
  if (stdin === null || stdout === null || !(names instanceof Readable)) {
    throw new TypeError('A child has the pipes it was started with.');
  }
  const terminal = firstLine(names);
  const close = (): void => {
    child.kill();
    stdout.destroy();
  };
  signal.addEventListener('abort', close, { once: true });
  child.once('exit', () => {
    signal.removeEventListener('abort', close);
  });
  stdin.on('error', () => undefined);
  const started = Promise.withResolvers<void>();
  child.once('spawn', started.resolve).once('error', started.reject);
  try {
    await started.promise;
  } catch (error) {
    throw new ProviderError('unsupported', 'This machine can open no terminal.', {
      raw: String(error),
      remedy: 'Install util-linux, which holds the program "script".',
      cause: error,
    });
  }
  return {
    output: outputOf(stdout, signal),
    write: (bytes) => {
      stdin.write(bytes);
    },
    resize: (wanted) => {
      const now = checkedSize(wanted);
      void terminal.then((name) => {
        execFile('stty', ['-F', name, 'cols', `${now.columns}`, 'rows', `${now.rows}`], () => undefined);
      });
    },
    close,
  };
}

/** Closing it is no error; the signal is. */
async function* outputOf(stdout: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  try {
    yield* stdout;
  } catch {
    // Closed.
  }
  signal.throwIfAborted();
}

function checkedSize({ columns, rows }: TerminalSize): TerminalSize {
  const clamp = (cells: number): number => Math.min(Math.max(Math.trunc(cells), 1), 9999);
  return { columns: clamp(columns), rows: clamp(rows) };
}

async function firstLine(stream: Readable): Promise<string> {
  let text = '';
  for await (const piece of stream.setEncoding('utf8')) {
    text += piece;
    if (text.endsWith('\n')) {
      break;
    }
  }
  return text.trim();
}

import type { Shell, TerminalSize } from '../../core/provider.ts';
import type { KubeApi } from './client/api.ts';
import { Channels } from './client/channels.ts';
import { channel, execPath, execProtocols, type ExecTarget, readExitCode } from './client/exec.ts';

/** Argument: the folder to start in. */
const startScript = `cd "$1" 2>/dev/null
export TERM=\${TERM:-xterm-256color}
if [ -x /bin/bash ]; then exec /bin/bash; fi
exec /bin/sh
`;

/** A terminal in a container. */
export async function openPodShell(
  api: KubeApi,
  target: ExecTarget,
  folder: string,
  size: TerminalSize,
  signal: AbortSignal,
): Promise<Shell> {
  const channels = await Channels.open(
    api,
    execPath(target),
    {
      container: target.container,
      command: ['/bin/sh', '-c', startScript, 'aloft', folder],
      stdin: true,
      stdout: true,
      tty: true,
    },
    execProtocols,
    signal,
  );
  let exitCode: number | null = null;
  let isClosed = false;
  const send = (to: number, bytes: Uint8Array): void => {
    // What cannot be written any more is told by the output.
    channels.write(to, bytes).catch(() => undefined);
  };
  const resize = ({ columns, rows }: TerminalSize): void => {
    send(channel.resize, Buffer.from(JSON.stringify({ Width: columns, Height: rows })));
  };
  resize(size);
  async function* output(): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const frame of channels.frames()) {
        if (frame.channel === channel.stdout || frame.channel === channel.stderr) {
          yield frame.bytes;
        } else if (frame.channel === channel.status) {
          exitCode = readExitCode(frame.bytes.toString('utf8'));
          return;
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isClosed) {
        throw error;
      }
    } finally {
      channels.close();
    }
  }
  return {
    output: output(),
    exitCode: () => exitCode,
    write: (bytes) => {
      send(channel.stdin, bytes);
    },
    resize,
    close: () => {
      isClosed = true;
      channels.close();
    },
  };
}

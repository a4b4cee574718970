import type { Shell, TerminalSize } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { ShellScript } from '../host.ts';
import type { ChannelEnd, ScriptChannel } from '../script/channel.ts';
import { plainProgram, scriptCommand } from '../script/program.ts';
import type { Session } from './session.ts';

/** A terminal there. sshd ends what runs in it when it is closed. */
export async function openRemoteShell(
  session: Session,
  script: ShellScript,
  { columns, rows }: TerminalSize,
  signal: AbortSignal,
): Promise<Shell> {
  const { commandLine, preamble } = scriptCommand(plainProgram(script));
  if (preamble.length > 0) {
    throw new ProviderError('unsupported', 'The script of a terminal is too long.');
  }
  const size = { term: 'xterm-256color', cols: columns, rows, width: 0, height: 0, modes: {} };
  const channel = await session.executeOnTerminal(commandLine, size, signal);
  let end: ChannelEnd | null = null;
  let isClosed = false;
  const close = (): void => {
    isClosed = true;
    channel.close();
  };
  signal.addEventListener('abort', close, { once: true });
  const output = async function* (): AsyncGenerator<Uint8Array, void> {
    try {
      yield* channel.stdout;
      end = await endOf(channel, () => isClosed);
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
    signal.throwIfAborted();
  };
  return {
    output: output(),
    exitCode: () => end?.exitCode ?? null,
    write: (bytes) => {
      channel.stdin.write(bytes);
    },
    resize: (wanted) => {
      channel.resize(wanted);
    },
    close,
  };
}

/** To be closed on purpose is no error. */
async function endOf({ ended }: ScriptChannel, isClosed: () => boolean): Promise<ChannelEnd | null> {
  try {
    return await ended;
  } catch (error) {
    if (isClosed()) {
      return null;
    }
    throw error;
  }
}

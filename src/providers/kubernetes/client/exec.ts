import { ProviderError } from '../../../core/providerError.ts';
import type { KubeApi } from './api.ts';
import { parseStatus } from './apiError.ts';
import { Channels } from './channels.ts';

/** Best first; v5 alone can say that stdin has ended. */
export const execProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
export const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 } as const;

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export function execPath({ namespace, pod }: ExecTarget): string {
  return `/api/v1/namespaces/${namespace}/pods/${pod}/exec`;
}

export interface ExecResult {
  readonly exitCode: number;
  /** At most the last 8 KiB. */
  readonly stderr: string;
}

const keptErrors = 8_192;

/**
 * Runs a command in a container without a terminal. `input` must be as long as the command expects: v4 servers cannot be told
 * that it has ended. stdout comes piece by piece through `onOutput`, which may wait. Resolves with the exit code whatever it is.
 */
export async function exec(
  api: KubeApi,
  target: ExecTarget,
  command: readonly string[],
  signal: AbortSignal,
  options: {
    readonly input?: AsyncIterable<Uint8Array>;
    readonly onOutput?: (bytes: Buffer) => void | Promise<void>;
  } = {},
): Promise<ExecResult> {
  const query = {
    container: target.container,
    command,
    stdin: options.input !== undefined,
    stdout: true,
    stderr: true,
    tty: false,
  };
  const channels = await Channels.open(api, execPath(target), query, execProtocols, signal);
  const fed = options.input === undefined ? Promise.resolve() : feed(channels, options.input);
  // A command that ends early closes the stream under what is still being sent; its exit code says what counts.
  fed.catch(() => undefined);
  let stderr = Buffer.alloc(0);
  let exitCode: number | null = null;
  try {
    for await (const frame of channels.frames()) {
      if (frame.channel === channel.stdout) {
        await options.onOutput?.(frame.bytes);
      } else if (frame.channel === channel.stderr) {
        stderr = Buffer.concat([stderr, frame.bytes]).subarray(-keptErrors);
      } else if (frame.channel === channel.status) {
        exitCode = readExitCode(frame.bytes.toString('utf8'));
        break;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    channels.close();
  }
  signal.throwIfAborted();
  if (exitCode === null) {
    throw new ProviderError('transient', 'The command in the pod was cut off.', { raw: stderr.toString('utf8') });
  }
  return { exitCode, stderr: stderr.toString('utf8') };
}

async function feed(channels: Channels, input: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const bytes of input) {
    await channels.write(channel.stdin, bytes);
  }
  await channels.closeChannel(channel.stdin);
}

/** The last frame of an exec: success, an exit code, or why the command could not be run. */
export function readExitCode(body: string): number {
  const status = parseStatus(body);
  const code = status?.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code !== undefined) {
    return Number(code);
  }
  if (status?.status === 'Success') {
    return 0;
  }
  const raw = status?.message ?? body;
  const isGone = /not found|not running|no running/u.test(raw);
  throw new ProviderError(isGone ? 'notFound' : 'transient', 'The command could not be run in the pod.', { raw });
}

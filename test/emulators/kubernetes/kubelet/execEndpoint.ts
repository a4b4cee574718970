import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { IncomingMessage } from 'node:http';
import { constants } from 'node:os';
import { type WebSocket, WebSocketServer } from 'ws';
import { isRecord } from '../objects/json.ts';
import { badRequest, internal } from '../api/status.ts';
import type { ContainerRun } from './containerRun.ts';

/** The channels of `v4.channel.k8s.io` and `v5.channel.k8s.io`: the first byte of each message. */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** The newest first. The older ones of a real server have no JSON on the error channel and are not emulated. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

export interface ExecCall {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly query: URLSearchParams;
  readonly container: string;
  readonly run: ContainerRun | undefined;
}

/** `exec` over a WebSocket. */
export function serveExec(call: ExecCall): void {
  const { incoming, socket, head, query, run, container } = call;
  const offered = (incoming.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const protocol = protocols.find((name) => offered.includes(name));
  if (protocol === undefined) {
    throw badRequest(`unable to upgrade: unknown websocket protocols [${offered.join(' ')}]`);
  }
  const command = query.getAll('command');
  const wants = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
  if (command.length === 0) {
    throw badRequest('you must specify at least 1 command');
  }
  if (!['stdin', 'stdout', 'stderr'].some(wants)) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  const pid = run?.process?.pid ?? null;
  const isThere = run !== undefined && run.isRunning && pid !== null;
  const problem = `container not found ("${container}")`;
  if (!isThere && protocol !== 'v5.channel.k8s.io') {
    // With v4 the kubelet answers itself, before there is a WebSocket.
    throw internal(problem).plain();
  }
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => protocol, perMessageDeflate: false });
  server.handleUpgrade(incoming, socket, head, (ws) => {
    if (isThere) {
      connect(ws, start(run, pid, command, wants('tty')), wants, protocol);
    } else {
      sendStatus(ws, internal(`unable to upgrade connection: ${problem}`).body);
      ws.close(1000);
    }
  });
}

/** Starts a command inside a container, in a terminal of its own where one is wanted. */
function start(run: ContainerRun, pid: number, command: readonly string[], hasTerminal: boolean): ChildProcess {
  const enter = [
    '--target',
    String(pid),
    '--mount',
    '--pid',
    '--uts',
    '--ipc',
    '--root',
    `--wd=/proc/${pid}/cwd`,
    '--',
  ];
  const env = { PATH: process.env['PATH'], ...run.environment, ...(hasTerminal ? { TERM: 'xterm' } : {}) };
  if (!hasTerminal) {
    return spawn('nsenter', [...enter, ...command], { env });
  }
  const line = ['nsenter', ...enter, ...command].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  return spawn('script', ['--quiet', '--return', '--flush', '--command', `exec ${line}`, '/dev/null'], { env });
}

function connect(ws: WebSocket, child: ChildProcess, wants: (name: string) => boolean, protocol: string): void {
  const send = (channel: number, bytes: Buffer): void => ws.send(Buffer.concat([Buffer.from([channel]), bytes]));
  // An empty message on the first channel that can be written says that the command is there.
  send(wants('stdout') ? channels.stdout : wants('stderr') ? channels.stderr : channels.error, Buffer.alloc(0));
  child.stdin?.on('error', () => undefined);
  if (!wants('stdin')) {
    child.stdin?.end();
  }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      if (wants(name)) {
        send(channels[name], chunk);
      }
    });
  }
  const take = async (data: Buffer): Promise<void> => {
    const [channel] = data;
    const payload = data.subarray(1);
    if (channel === channels.stdin && wants('stdin')) {
      if (child.stdin?.writable === true && !child.stdin.write(payload)) {
        await Promise.race([once(child.stdin, 'drain'), once(child, 'close')]);
      }
    } else if (channel === channels.resize) {
      await resize(child, payload);
    } else if (channel === channels.close && protocol === 'v5.channel.k8s.io' && payload[0] === channels.stdin) {
      child.stdin?.end();
    }
  };
  let taken = Promise.resolve();
  ws.on('message', (data: Buffer) => {
    ws.pause();
    // One after the other: what is typed after a new size meets a terminal of that size.
    taken = taken
      .then(async () => take(data))
      .catch(() => undefined)
      .then(() => ws.resume());
  });
  ws.on('error', () => undefined);
  ws.on('close', () => {
    child.stdin?.end();
    if (wants('tty')) {
      child.kill('SIGHUP');
    }
  });
  child.on('error', (error) => {
    sendStatus(ws, internal(error.message).body);
    ws.close(1000);
  });
  child.on('close', (code, signal) => {
    sendStatus(ws, exitStatus(signal === null ? (code ?? 255) : 128 + (constants.signals[signal] ?? 0)));
    ws.close(1000);
  });
}

function exitStatus(code: number): object {
  if (code === 0) {
    return { metadata: {}, status: 'Success' };
  }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

function sendStatus(ws: WebSocket, status: object): void {
  if (ws.readyState === ws.OPEN) {
    ws.send(Buffer.concat([Buffer.from([channels.error]), Buffer.from(JSON.stringify(status))]));
  }
}

/** Sets the size of a terminal: `{"Width":80,"Height":24}`. It may come before the terminal is there. */
async function resize(child: ChildProcess, payload: Buffer): Promise<void> {
  const size: unknown = JSON.parse(payload.toString());
  if (!isRecord(size)) {
    return;
  }
  while (child.exitCode === null && child.signalCode === null) {
    const terminal = terminalOf(child);
    if (terminal !== null) {
      const [columns, rows] = [Number(size['Width']), Number(size['Height'])];
      const args = ['-F', terminal, 'cols', String(columns), 'rows', String(rows)];
      await once(spawn('stty', args, { stdio: 'ignore' }), 'exit');
      return;
    }
    await delay(10);
  }
}

function terminalOf({ pid = 0 }: ChildProcess): string | null {
  try {
    const [inner = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const terminal = readlinkSync(`/proc/${inner}/fd/0`);
    return terminal.startsWith('/dev/pts/') ? terminal : null;
  } catch {
    return null;
  }
}

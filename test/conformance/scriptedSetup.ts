import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ProviderErrorTag } from '../../src/core/providerError.ts';
import { ScriptedCloud } from '../emulators/scripted/cloud.ts';
import { type Idempotency, ScriptedConnection } from '../emulators/scripted/connection.ts';
import { Control, obey } from '../emulators/scripted/control.ts';
import { closedQueue } from '../emulators/scripted/jobOptions.ts';
import { provider } from '../emulators/scripted/provider.ts';
import { type JobScriptInput, type LogEntryInput, scriptCommand } from '../emulators/scripted/script.ts';
import { scriptedBytes } from '../emulators/scripted/scriptedBytes.ts';
import { startBackend } from '../emulators/scripted/startBackend.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { directTransport } from '../emulators/scripted/transport.ts';
import type { Faults, Method, ProviderSetup, Scenarios } from './setup.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Small odd chunks, and another order each time: nothing may depend on what is usual. */
const oddities = { chunkBytes: 7, shuffle: true };

/** A life with an end, short pauses between its states, and this printed. */
function living(forMs: number, log: LogEntryInput[], end: JobScriptInput['life'][number], files = {}): string {
  return scriptCommand({
    life: [
      { state: 'queued', reason: 'CAPACITY', explanation: 'all H100 nodes are in use', startsInMs: 60_000, forMs: 3 },
      { state: 'provisioning', forMs: 3 },
      { state: 'unknown', native: 'JOB_STATE_UPDATING', forMs: 3 },
      { state: 'running', forMs },
      end,
    ],
    log,
    files,
  });
}

const succeeded = { state: 'succeeded', exitCode: 0 } as const;
const slowPortions = Array.from({ length: 10 }, (_, index) => `portion ${index}\n`);

const scenarios: Scenarios = {
  prints: {
    command: living(
      10,
      [
        { text: 'first line\n' },
        { seed: 1, bytes: 40, stream: 'stderr' },
        { seed: 2, bytes: 60, atMs: 5 },
        { text: 'no end', stream: 'stderr', atMs: 10 },
      ],
      succeeded,
    ),
    stdout: Buffer.concat([bytes('first line\n'), scriptedBytes(2, 60)]),
    stderr: Buffer.concat([scriptedBytes(1, 40), bytes('no end')]),
  },
  fails: {
    command: living(5, [], { state: 'failed', exitCode: 3, reason: 'The replica workerpool0-0 exited with 3.' }),
  },
  killed: { command: living(5, [], { state: 'failed', signal: 'SIGKILL', reason: 'OOMKilled' }) },
  endless: {
    command: scriptCommand({
      life: [{ state: 'queued', forMs: 3 }, { state: 'running' }],
      log: [{ text: 'ready\n' }],
      onCancel: [
        { state: 'cancelling', forMs: 20 },
        { state: 'cancelled', signal: 'SIGTERM' },
      ],
    }),
  },
  slow: {
    command: living(
      600,
      slowPortions.map((text, index) => ({ text, atMs: index * 60 })),
      succeeded,
    ),
    stdout: bytes(slowPortions.join('')),
  },
  writes: {
    command: living(5, [], succeeded, {
      'out/metrics.txt': { text: 'loss 0.1\n' },
      'out/model.bin': { seed: 4, bytes: 200_000 },
      'other.txt': { text: 'x' },
    }),
    files: {
      'out/metrics.txt': bytes('loss 0.1\n'),
      'out/model.bin': scriptedBytes(4, 200_000),
      'other.txt': bytes('x'),
    },
    glob: 'out/**',
    escapes: [],
  },
  serves: {
    command: scriptCommand({
      life: [{ state: 'queued', forMs: 3 }, { state: 'running' }],
      log: [{ text: 'port 6006\n' }],
      ports: { 6006: null },
    }),
  },
  shell: {
    says: [
      { types: 'rev abc 123\r', prints: '321 cba' },
      { types: 'rev eßürg\r', prints: 'grüße' },
    ],
    asksSize: 'stty size\r',
    exits: { types: 'exit 3\r', code: 3 },
  },
  refused: { options: { queue: closedQueue } },
};

function faultsOf(control: Control): Faults {
  /** The first request of `stage` asks what is there. */
  const first = (method: Method): Method | 'staged' => (method === 'stage' ? 'staged' : method);
  return {
    holdQueue: async () => {
      await control.setConditions({ hold: true });
      return async () => control.setConditions({ hold: false });
    },
    loseReply: async (on) => control.addFault({ on, kind: 'loseReply' }),
    loseRequest: async (method) => control.addFault({ on: first(method), kind: 'loseRequest' }),
    duplicateRequest: async (on) => control.addFault({ on, kind: 'duplicate' }),
    failNext: async (method, tag: ProviderErrorTag) => {
      const raw = `the backend's own words about ${tag}`;
      await control.addFault({ on: first(method), kind: 'fail', tag, raw });
      return raw;
    },
    rateLimitNext: async (on, retryAfterMs) => control.addFault({ on, kind: 'fail', tag: 'rateLimited', retryAfterMs }),
    hang: async (method) => {
      const on = first(method);
      const before = (await control.calls())[on];
      await control.addFault({ on, kind: 'hang' });
      return async () => {
        while ((await control.calls())[on] === before) {
          await delay(1);
        }
      };
    },
    hangAfterWork: async (on) => control.addFault({ on, kind: 'hangAfterWork' }),
    dropLog: async (afterBytes) => control.addFault({ on: 'logs', kind: 'drop', afterBytes }),
    loseConnections: async () => control.loseLinks(),
    lateObservation: async () => control.addFault({ on: 'observe', kind: 'late' }),
    gap: async () => ({
      command: living(
        5,
        [{ text: 'before\n' }, { gap: 'sampled at 500 events a second' }, { text: 'after\n' }],
        succeeded,
      ),
      stdout: bytes('before\nafter\n'),
      gapAfter: 'before\n'.length,
    }),
  };
}

/** Against a cloud in a process of its own. */
export function scriptedSetup(idempotency: Idempotency, missing: ProviderSetup['missing']): ProviderSetup {
  return {
    abilities: provider.abilities,
    pushes: true,
    missing,
    start: async () => {
      const backend = await startBackend();
      await backend.control.setConditions(oddities);
      const settings = { url: backend.url, idempotency };
      return {
        open: async () => provider.connect(settings, testPorts('scripted')),
        scenarios,
        faults: faultsOf(backend.control),
        module: { path: fileURLToPath(new URL('../emulators/scripted/provider.ts', import.meta.url)), settings },
        stop: async () => backend.stop(),
      };
    },
  };
}

/** Against a cloud in the process of the test. */
export function directSetup(): ProviderSetup {
  return {
    abilities: provider.abilities,
    pushes: true,
    missing: { module: 'the backend is in the process of the test' },
    start: async () => {
      const ports = testPorts('scripted');
      const cloud = new ScriptedCloud(ports.clock);
      const control = new Control(async (command) => obey(cloud, command));
      await control.setConditions(oddities);
      return {
        open: async () => new ScriptedConnection(directTransport(cloud), 'named', ports, null),
        scenarios,
        faults: faultsOf(control),
        module: null,
        stop: async () => undefined,
      };
    },
  };
}

import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionId } from '../../../src/core/job.ts';
import type { ProviderPorts } from '../../../src/core/ports.ts';
import { nobody } from '../../fixtures/ask.ts';

const quiet = (): void => undefined;

/** Ports for a connection under test: the real clock, a silent log, nothing remembered, and `folder` for its files. */
export function testPorts(connectionId: string, folder = tmpdir()): ProviderPorts {
  const values = new Map<string, string>();
  const secrets = new Map<string, string>();
  return {
    connectionId: connectionId as ConnectionId,
    clock: {
      now: () => Date.now(),
      sleep: async (ms, signal) => {
        await delay(ms, undefined, { signal }).catch((error: unknown) => {
          throw signal.aborted ? signal.reason : error;
        });
      },
    },
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    secrets: {
      get: async (name) => secrets.get(name),
      set: async (name, value) => {
        secrets.set(name, value);
      },
      delete: async (name) => {
        secrets.delete(name);
      },
    },
    keyValue: {
      get: (key) => values.get(key),
      set: async (key, value) => {
        values.set(key, value);
      },
    },
    files: { folder: async () => folder },
    ask: nobody,
  };
}

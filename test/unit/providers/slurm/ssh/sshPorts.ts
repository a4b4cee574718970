import type { SshPorts } from '../../../../../src/providers/slurm/ssh/sshHost.ts';
import { nobody } from '../../../../fixtures/ask.ts';

/** Ports that remember in memory, and somebody who is not there to be asked. */
export function sshPorts(ports: Partial<SshPorts> = {}): SshPorts {
  const secrets = new Map<string, string>();
  const values = new Map<string, string>();
  return {
    ask: nobody,
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
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    clock: { now: () => Date.now(), sleep: async () => undefined },
    ...ports,
  };
}

import { describe, expect, it } from 'vitest';
import type { Handle } from '../../src/core/provider.ts';
import { type Harness, gather, hex, never, rejection, tagOf } from './harness.ts';

export function describeOutputs(harness: Harness): void {
  const written = async (): Promise<Handle> => {
    const { command, files } = harness.scenarios.writes;
    const handle = await harness.submit(command, undefined, { outputs: Object.keys(files) });
    await harness.end(handle);
    return handle;
  };

  describe('outputs', () => {
    it('lists what matches, with sizes', async () => {
      const { files, glob } = harness.scenarios.writes;
      const handle = await written();
      const listed = async (globs: readonly string[]): Promise<readonly (readonly [string, number])[]> => {
        const outputs = await harness.connection.outputs(handle, globs, never());
        return outputs.map(({ path, bytes }) => [path, bytes] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
      };
      const all = Object.entries(files)
        .map(([path, bytes]) => [path, bytes.length] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1));
      const some = await listed([glob]);
      expect(await listed(Object.keys(files))).toEqual(all);
      expect(some.length).toBeGreaterThan(0);
      expect(some.length).toBeLessThan(all.length);
      expect(all).toEqual(expect.arrayContaining([...some]));
      expect(await listed([])).toEqual([]);
    });

    it('reads every byte', async () => {
      const handle = await written();
      for (const [path, bytes] of Object.entries(harness.scenarios.writes.files)) {
        const chunks = await gather(harness.connection.readOutput(handle, path, never()));
        expect(hex(Buffer.concat(chunks))).toBe(hex(bytes));
      }
    });

    it('lists and reads nothing outside the working folder', async () => {
      const { escapes } = harness.scenarios.writes;
      const handle = await written();
      const listed = await harness.connection.outputs(handle, ['**', '../**', ...escapes], never());
      expect(listed.map(({ path }) => path).filter((path) => escapes.includes(path) || path.includes('..'))).toEqual(
        [],
      );
      for (const path of ['../../etc/passwd', '/etc/passwd', 'out/../../x', '', '.', 'a\0b', ...escapes]) {
        const reading = gather(harness.connection.readOutput(handle, path, never()));
        expect(['invalid', 'notFound'], JSON.stringify(path)).toContain(tagOf(await rejection(reading)));
      }
    });

    it('says notFound for a file that is not there', async () => {
      const handle = await written();
      const reading = gather(harness.connection.readOutput(handle, 'out/nothing.txt', never()));
      expect(tagOf(await rejection(reading))).toBe('notFound');
    });
  });
}

import { describe, expect, it } from 'vitest';
import type { LogCursor, LogItem } from '../../src/core/logChunk.ts';
import type { Connection, Handle } from '../../src/core/provider.ts';
import { type Harness, byStream, hasEnded, hex, never, readLog, tagOf } from './harness.ts';

export function describeLogs(harness: Harness): void {
  describe('logs', () => {
    it('gives every byte of every stream', async () => {
      const { command, stdout, stderr } = harness.scenarios.prints;
      const handle = await harness.submit(command);
      const expected = streams({ stdout, stderr });
      expect(byStream(await readLog(harness.connection, handle))).toEqual(expected);
      expect(byStream(await readLog(await harness.open(), handle))).toEqual(expected);
    });

    it('resumes exactly after each item', async () => {
      const { command, stdout, stderr } = harness.scenarios.prints;
      const handle = await harness.submit(command);
      await harness.end(handle);
      const whole = await readLog(harness.connection, handle);
      const other = await harness.open();
      for (let taken = 0; taken <= whole.length; taken += 1) {
        const head = whole.slice(0, taken);
        const rest = await readLog(other, handle, head.at(-1)?.cursor ?? null);
        expect(byStream([...head, ...rest]), `after ${taken} of ${whole.length}`).toEqual(streams({ stdout, stderr }));
      }
    });

    it('resumes exactly after each item while the job runs', async () => {
      const { command, stdout } = harness.scenarios.slow;
      const handle = await harness.submit(command);
      const connections = [harness.connection, await harness.open()];
      const items = await readByOne(connections, handle);
      expect(byStream(items)).toEqual({ stdout: hex(stdout) });
    });

    it('gives nothing after the last item of an ended job', async () => {
      const handle = await harness.submit(harness.scenarios.prints.command);
      const whole = await readLog(harness.connection, handle);
      await harness.end(handle);
      expect(byStream(await readLog(harness.connection, handle, whole.at(-1)?.cursor ?? null))).toEqual({});
    });

    it('gives the same to two who read at once', async () => {
      const { command, stdout } = harness.scenarios.slow;
      const handle = await harness.submit(command);
      const readers = [harness.connection, harness.connection, await harness.open()];
      const logs = await Promise.all(readers.map(async (connection) => readLog(connection, handle)));
      expect(logs.map(byStream)).toEqual(logs.map(() => ({ stdout: hex(stdout) })));
    });

    if (harness.setup.abilities.liveLogs) {
      it('goes on while the job runs and returns when it has ended', async () => {
        const handle = await harness.submit(harness.scenarios.endless.command);
        const items: LogItem[] = [];
        let isCancelled = false;
        for await (const item of harness.connection.logs(handle, null, never())) {
          items.push(item);
          if (!isCancelled && (byStream(items)['stdout'] ?? '').startsWith(hex(Buffer.from('ready\n')))) {
            isCancelled = true;
            expect(hasEnded(await harness.observe(handle))).toBe(false);
            await harness.connection.cancel(handle, never());
          }
        }
        expect(isCancelled).toBe(true);
        expect(hasEnded(await harness.end(handle))).toBe(true);
      });
    }

    harness.itWith('dropLog', 'breaks off as transient when the connection dies, and resumes', async (dropLog) => {
      const { command, stdout, stderr } = harness.scenarios.prints;
      const handle = await harness.submit(command);
      await harness.end(handle);
      for (let afterBytes = 0; afterBytes < stdout.length; afterBytes += 3) {
        await dropLog(afterBytes);
        const items: LogItem[] = [];
        const error = await collect(harness.connection.logs(handle, null, never()), items);
        expect(tagOf(error)).toBe('transient');
        const rest = await readLog(harness.connection, handle, items.at(-1)?.cursor ?? null);
        expect(byStream([...items, ...rest])).toEqual(streams({ stdout, stderr }));
      }
    });

    harness.itWith('gap', 'marks where the backend lost something, once', async (gap) => {
      const { command, stdout, gapAfter } = await gap();
      const handle = await harness.submit(command);
      const whole = await readLog(harness.connection, handle);
      const at = whole.findIndex(({ kind }) => kind === 'gap');
      expect(byStream(whole)).toEqual({ stdout: hex(stdout) });
      expect(byStream(whole.slice(0, at))).toEqual({ stdout: hex(stdout.slice(0, gapAfter)) });
      const before = await readLog(harness.connection, handle, whole[at - 1]?.cursor ?? null);
      const after = await readLog(harness.connection, handle, whole[at]?.cursor ?? null);
      expect(before.filter(({ kind }) => kind === 'gap')).toHaveLength(1);
      expect(after.filter(({ kind }) => kind === 'gap')).toHaveLength(0);
    });
  });
}

/** What `byStream` gives for these; a backend that keeps both in one has nothing on stderr. */
function streams(all: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, string>> {
  const printed = Object.entries(all).filter(([, bytes]) => bytes.length > 0);
  return Object.fromEntries(printed.map(([name, bytes]) => [name, hex(bytes)]));
}

/** Reads a log with a new stream for each item. */
async function readByOne(connections: readonly Connection[], handle: Handle): Promise<readonly LogItem[]> {
  const items: LogItem[] = [];
  let cursor: LogCursor | null = null;
  for (;;) {
    const connection = connections[items.length % connections.length];
    const read: readonly LogItem[] = connection === undefined ? [] : await readLog(connection, handle, cursor, 1);
    const [item] = read;
    if (item === undefined) {
      return items;
    }
    items.push(item);
    cursor = item.cursor;
  }
}

/** What the stream breaks off with; undefined when it ends well. */
async function collect(log: AsyncIterable<LogItem>, items: LogItem[]): Promise<unknown> {
  try {
    for await (const item of log) {
      items.push(item);
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

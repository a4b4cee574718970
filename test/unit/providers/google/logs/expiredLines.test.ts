import { describe, expect, it } from 'vitest';
import { Reader, VirtualLogs } from './virtualLogs.ts';

const day = 86_400_000;
const gap =
  'gap: earlier lines may be gone: Cloud Logging keeps them for 30 days unless the project says otherwise (expired)';

/** A job that printed a line on each of some days and ended then. */
async function ranFor(logs: VirtualLogs, days: number): Promise<void> {
  for (let index = 0; index < days; index += 1) {
    logs.print('7', `day ${index}`);
    logs.clock.jump(day);
  }
  logs.ended.set('7', logs.clock.now());
  logs.clock.jump(day);
}

async function readAll(logs: VirtualLogs, since: number, cursor: Reader['cursor'] = null): Promise<Reader> {
  const reader = new Reader(logs.feed(), '7', cursor, { since, now: logs.clock.now() });
  await logs.clock.until(() => reader.outcome !== 'open');
  expect(reader.outcome).toBe('ended');
  return reader;
}

describe('a log that is older than Cloud Logging keeps lines', () => {
  it('says before what is left of it that lines may be gone, from when to when', async () => {
    const logs = new VirtualLogs();
    const since = logs.clock.now();
    await ranFor(logs, 33);
    const reader = await readAll(logs, since);
    expect(reader.lines[0]).toBe(gap);
    expect(reader.lines[1]).toBe('stdout: day 4');
    expect(reader.lines).toHaveLength(30);
    expect(reader.items[0]).toMatchObject({ from: since, to: since + 4 * day, stream: null });
  });

  it('says so where nothing is left', async () => {
    const logs = new VirtualLogs();
    const since = logs.clock.now();
    await ranFor(logs, 1);
    logs.clock.jump(40 * day);
    expect((await readAll(logs, since)).lines).toEqual([gap]);
  });

  it('says nothing where the project keeps lines for longer', async () => {
    const logs = new VirtualLogs();
    logs.store.keptMs = 400 * day;
    const since = logs.clock.now();
    await ranFor(logs, 60);
    const reader = await readAll(logs, since);
    expect(reader.lines).toHaveLength(60);
    expect(reader.lines).not.toContain(gap);
  });

  it('says so where it was read in part before, and once', async () => {
    const logs = new VirtualLogs();
    const since = logs.clock.now();
    logs.print('7', 'first');
    const first = new Reader(logs.feed(), '7', null, { since, now: since });
    await logs.clock.until(() => first.lines.length > 0);
    first.stop();
    logs.clock.jump(day);
    logs.print('7', 'gone');
    logs.clock.jump(31 * day);
    const again = new Reader(logs.feed(), '7', first.cursor, { since, now: logs.clock.now() });
    await logs.clock.until(() => again.lines.length > 0);
    again.stop();
    expect(again.lines).toEqual([gap]);
    expect(again.items[0]).toMatchObject({ from: Number((logs.store.entries[0]?.nanos ?? 0n) / 1_000_000n) });
    logs.clock.jump(day);
    logs.print('7', 'last');
    logs.ended.set('7', logs.clock.now());
    logs.clock.jump(day);
    expect((await readAll(logs, since, again.cursor)).lines).toEqual(['stdout: last']);
  });

  it('that runs for long and is followed all the time has nothing of the kind to say', async () => {
    const logs = new VirtualLogs();
    const since = logs.clock.now();
    const reader = new Reader(logs.feed(), '7', null, { since, now: since });
    logs.print('7', 'first');
    await logs.clock.until(() => reader.lines.length === 1);
    logs.clock.jump(40 * day);
    logs.print('7', 'second');
    await logs.clock.until(() => reader.lines.length > 1);
    reader.stop();
    expect(reader.lines).toEqual(['stdout: first', 'stdout: second']);
  });
});

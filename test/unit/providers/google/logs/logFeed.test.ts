import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../../src/core/providerError.ts';
import { collectGarbage } from '../../../../fixtures/retained.ts';
import { linesOf, Reader, VirtualLogs } from './virtualLogs.ts';

const minute = 60_000;
const stdout = (...lines: readonly string[]): readonly string[] => lines.map((line) => `stdout: ${line}`);

describe('a log that is followed', () => {
  it('gives what was there and what comes, each stream by itself, and ends', async () => {
    const logs = new VirtualLogs();
    logs.print('7', 'one');
    logs.print('7', 'wrong', 'ERROR');
    logs.print('8', 'of another job');
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.advance(1000);
    expect(reader.lines).toEqual(['stdout: one', 'stderr: wrong']);
    logs.print('7', 'on the second rank', 'INFO', 'workerpool1-0');
    logs.print('7', 'Job is running.', 'INFO', 'service');
    await logs.clock.advance(20_000);
    expect(reader.lines.slice(2)).toEqual(['stdout.n1: on the second rank', 'service: Job is running.']);
    logs.ended.set('7', logs.clock.now());
    logs.print('7', 'last');
    await logs.clock.advance(30_000);
    expect(reader.lines.slice(4)).toEqual(['stdout: last']);
    expect(reader.outcome).toBe('open');
    await logs.clock.advance(2 * minute);
    expect(reader.outcome).toBe('ended');
  });

  it('of a job that ended long ago takes one request', async () => {
    const logs = new VirtualLogs();
    logs.print('7', 'one');
    logs.clock.jump(60 * minute);
    logs.ended.set('7', logs.clock.now() - 50 * minute);
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.until(() => reader.outcome === 'ended');
    expect(reader.lines).toEqual(stdout('one'));
    expect(logs.lists).toHaveLength(1);
  });

  it('is read in pages, whatever comes meanwhile', async () => {
    const logs = new VirtualLogs();
    const expected = Array.from({ length: 3500 }, (_, index) => `line ${index}`);
    expected.forEach((line) => logs.print('7', line));
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.until(() => reader.lines.length >= 1000);
    logs.print('7', 'later');
    await logs.clock.advance(minute);
    expect(reader.lines).toEqual(stdout(...expected, 'later'));
  });

  it('joins the parts of a line that was split', async () => {
    const logs = new VirtualLogs();
    const add = (message: string, index: number): void =>
      logs.store.add({
        jobId: '7',
        taskName: 'workerpool0-0',
        severity: 'INFO',
        message,
        split: { uid: 'x', index, totalSplits: 2 },
      });
    add('first half, ', 0);
    add('second half', 1);
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.advance(1000);
    expect(reader.lines.join('').replaceAll('stdout: ', '')).toBe('first half, second half');
  });
});

describe('late lines', () => {
  it.each(['received', 'indexed'] as const)(
    'that are %s a minute late come once, with their time and a mark',
    async (how) => {
      const logs = new VirtualLogs();
      logs.store.lateness = ({ message }) => ({
        received: 0,
        indexed: 0,
        ...(message === 'late' && { [how]: minute }),
      });
      const reader = new Reader(logs.feed(), '7');
      for (let index = 0; index < 100; index += 1) {
        logs.print('7', index === 10 ? 'late' : `line ${index}`);
        await logs.clock.advance(2000);
      }
      await logs.clock.advance(30_000);
      const times = reader.items.flatMap((item) =>
        item.kind === 'bytes' ? [[Buffer.from(item.bytes).toString(), item.time]] : [],
      );
      expect(reader.lines.toSorted()).toEqual(
        stdout('late', ...Array.from({ length: 100 }, (_, index) => `line ${index}`).toSpliced(10, 1)).toSorted(),
      );
      const printed = logs.store.entries[10]?.nanos ?? 0n;
      const at = Number(printed / 1_000_000n);
      expect(Object.fromEntries(times)['late\n']).toBe(at);
      const marks = reader.items.flatMap((item, index) =>
        item.kind === 'gap' ? [{ item, next: reader.items[index + 1] }] : [],
      );
      expect(marks).toMatchObject([
        {
          item: {
            cause: 'late',
            from: at,
            to: at,
            reason: expect.stringContaining(new Date(at).toISOString().slice(11, 19)),
          },
          next: { kind: 'bytes', bytes: Buffer.from('late\n') },
        },
      ]);
    },
  );

  it('that come within seconds of each other stand in order of their times', async () => {
    const logs = new VirtualLogs();
    logs.store.lateness = ({ message }) => ({ received: message.startsWith('slow') ? 2500 : 0, indexed: 0 });
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.advance(1000);
    for (let index = 0; index < 20; index += 1) {
      logs.print('7', `${index % 2 === 0 ? 'slow' : 'fast'} ${index}`);
    }
    await logs.clock.advance(20_000);
    expect(reader.items.filter(({ kind }) => kind === 'gap')).toEqual([]);
    expect(reader.lines.map((line) => Number(line.split(' ').at(-1)))).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  it('that come a minute after the end of the job are not lost', async () => {
    const logs = new VirtualLogs();
    logs.store.lateness = () => ({ received: minute, indexed: 0 });
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.advance(1000);
    logs.print('7', 'the last words');
    logs.ended.set('7', logs.clock.now());
    await logs.clock.until(() => reader.outcome !== 'open');
    expect(reader.outcome).toBe('ended');
    expect(reader.lines).toEqual(stdout('the last words'));
  });

  it('come once where entries are listed twice', async () => {
    const logs = new VirtualLogs();
    logs.service.isDoubling = true;
    const reader = new Reader(logs.feed(), '7');
    const expected = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    for (const line of expected) {
      logs.print('7', line);
      await logs.clock.advance(1000);
    }
    await logs.clock.advance(minute);
    expect(reader.lines).toEqual(stdout(...expected));
  });

  it.each([-3_600_000, 3_600_000])('are found where the clocks are %i ms apart', async (skew) => {
    const logs = new VirtualLogs();
    logs.cloud.skewMs = skew;
    logs.store.lateness = ({ message }) => ({ received: message === 'late' ? minute : 0, indexed: 0 });
    const reader = new Reader(logs.feed(), '7');
    for (let index = 0; index < 60; index += 1) {
      logs.print('7', index === 10 ? 'late' : `line ${index}`);
      await logs.clock.advance(2000);
    }
    await logs.clock.advance(minute);
    expect(reader.lines).toHaveLength(60);
    expect(reader.lines).toContain('stdout: late');
  });
});

describe('a cursor', () => {
  it('goes on right after each item, late lines and all', async () => {
    const logs = new VirtualLogs();
    logs.store.lateness = ({ message }) => ({ received: /[37]$/u.test(message) ? 20_000 : 0, indexed: 0 });
    const whole = new Reader(logs.feed(), '7');
    for (let index = 0; index < 40; index += 1) {
      logs.print('7', `line ${index}`);
      await logs.clock.advance(1500);
    }
    await logs.clock.advance(minute);
    logs.clock.jump(60 * minute);
    logs.ended.set('7', logs.clock.now() - 50 * minute);
    for (let taken = 0; taken < whole.items.length; taken += 1) {
      const head = whole.items.slice(0, taken);
      const rest = new Reader(logs.feed(), '7', head.at(-1)?.cursor ?? null);
      await logs.clock.until(() => rest.outcome !== 'open');
      const all = [...head, ...rest.items].flatMap((item) =>
        item.kind === 'bytes' ? [Buffer.from(item.bytes).toString()] : [],
      );
      expect(all.join('').split('\n').toSorted(), `after ${taken}`).toEqual(
        ['', ...Array.from({ length: 40 }, (_, index) => `line ${index}`)].toSorted(),
      );
    }
  }, 60_000);

  it('goes on in the middle of a log that prints much, and stays small', async () => {
    const logs = new VirtualLogs();
    const expected = Array.from({ length: 2500 }, (_, index) => `line ${index}`);
    expected.forEach((line) => logs.print('7', line));
    const first = new Reader(logs.feed(), '7');
    await logs.clock.until(() => first.lines.length >= 1000);
    first.stop();
    expect(first.cursor?.length).toBeLessThan(4000);
    const second = new Reader(logs.feed(), '7', first.cursor);
    await logs.clock.advance(minute);
    expect([...first.lines, ...second.lines]).toEqual(stdout(...expected));
  });

  it('of somebody else is refused', async () => {
    const logs = new VirtualLogs();
    const reader = new Reader(logs.feed(), '7', 'rank=0' as never);
    await logs.clock.until(() => reader.outcome !== 'open');
    expect(reader.outcome).toMatchObject({ tag: 'invalid' });
  });
});

describe('requests', () => {
  it('are no more than 20 a minute for 50 jobs that print', async () => {
    const logs = new VirtualLogs();
    const feed = logs.feed();
    const ids = Array.from({ length: 50 }, (_, index) => String(10 ** 15 + index));
    const readers = ids.map((id) => new Reader(feed, id));
    for (let second = 0; second < 130; second += 1) {
      ids.forEach((id) => logs.print(id, `second ${second}`));
      await logs.clock.advance(1000);
    }
    const end = logs.clock.now();
    for (const from of [end - 2 * minute, end - minute]) {
      expect(logs.requestsIn(from, from + minute)).toBeLessThanOrEqual(20);
    }
    await logs.clock.advance(20_000);
    readers.forEach((reader) => expect(reader.lines).toHaveLength(130));
    expect(Math.max(...logs.filters.map(({ length }) => length))).toBeLessThan(20_000);
  }, 60_000);

  it('that are too many are waited out', async () => {
    const logs = new VirtualLogs();
    logs.service.readsPerMinute = 3;
    const reader = new Reader(logs.feed(), '7');
    for (let index = 0; index < 30; index += 1) {
      logs.print('7', `line ${index}`);
      await logs.clock.advance(2000);
    }
    await logs.clock.advance(2 * minute);
    expect(reader.outcome).toBe('open');
    expect(reader.lines).toEqual(stdout(...Array.from({ length: 30 }, (_, index) => `line ${index}`)));
  });

  it('that are refused again and again are told', async () => {
    const logs = new VirtualLogs();
    logs.service.readsPerMinute = 0;
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.until(() => reader.outcome !== 'open');
    expect(reader.outcome).toMatchObject({ tag: 'rateLimited' });
  });

  it('that fail are told to everybody who reads, who then goes on without loss', async () => {
    const logs = new VirtualLogs();
    const feed = logs.feed();
    const readers = ['1', '2'].map((id) => new Reader(feed, id));
    ['1', '2'].forEach((id) => logs.print(id, 'before'));
    await logs.clock.advance(20_000);
    const failure = new ProviderError('transient', 'the connection was lost');
    logs.failures.push(failure);
    await logs.clock.until(() => readers.every(({ outcome }) => outcome === failure));
    ['1', '2'].forEach((id) => logs.print(id, 'after'));
    const again = readers.map(({ cursor }, index) => new Reader(feed, String(index + 1), cursor));
    await logs.clock.advance(20_000);
    readers.forEach(({ lines }, index) =>
      expect([...lines, ...(again[index]?.lines ?? [])]).toEqual(stdout('before', 'after')),
    );
  });

  it('go on while nobody can say whether jobs have ended', async () => {
    const logs = new VirtualLogs();
    logs.endsHang = true;
    const reader = new Reader(logs.feed(), '7');
    logs.print('7', 'one');
    await logs.clock.advance(10_000);
    logs.print('7', 'two');
    await logs.clock.advance(20_000);
    expect(reader.lines).toEqual(stdout('one', 'two'));
    expect(reader.outcome).toBe('open');
  });

  it('end when nobody reads', async () => {
    const logs = new VirtualLogs();
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.advance(20_000);
    reader.stop();
    await logs.clock.advance(1000);
    const before = logs.lists.length;
    await logs.clock.advance(5 * minute);
    expect(logs.lists).toHaveLength(before);
    expect(reader.outcome).toMatchObject({ message: 'stopped by the test' });
  });
});

describe('a tail session', () => {
  async function tailed() {
    const logs = new VirtualLogs();
    logs.hasTail = true;
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.advance(30_000);
    return { logs, reader };
  }

  it('brings lines at once, while lists become rare', async () => {
    const { logs, reader } = await tailed();
    logs.print('7', 'one');
    logs.send({ entries: [logs.lastEntry], suppressed: [] });
    await logs.clock.advance(10);
    expect(reader.lines).toEqual(stdout('one'));
    const from = logs.clock.now();
    await logs.clock.advance(3 * minute);
    expect(logs.requestsIn(from, from + 3 * minute)).toBeLessThanOrEqual(12);
    expect(reader.lines).toEqual(stdout('one'));
  });

  it('is opened again when it ends, and nothing is lost meanwhile', async () => {
    const { logs, reader } = await tailed();
    logs.send(
      new ProviderError('transient', 'over', { raw: 'Session has run for the maximum allowed duration of 1h.' }),
    );
    logs.print('7', 'meanwhile');
    await logs.clock.advance(10_000);
    expect(reader.lines).toEqual(stdout('meanwhile'));
    await logs.clock.advance(minute);
    expect(logs.tailOpened).toBe(2);
  });

  it('that leaves lines out makes them be fetched, in their place', async () => {
    const { logs, reader } = await tailed();
    logs.print('7', 'left out');
    logs.print('7', 'sent');
    logs.send({ entries: [logs.lastEntry], suppressed: [{ count: 1, reason: 'RATE_LIMIT' }] });
    await logs.clock.advance(10_000);
    expect(reader.lines).toEqual(stdout('left out', 'sent'));
  });

  it('that leaves lines out which are nowhere leaves a gap', async () => {
    const { logs, reader } = await tailed();
    logs.print('7', 'sent');
    logs.send({ entries: [logs.lastEntry], suppressed: [{ count: 5, reason: 'NOT_CONSUMED' }] });
    await logs.clock.advance(30_000);
    expect(reader.lines).toEqual([
      'stdout: sent',
      'gap: Cloud Logging left out 5 lines here (NOT_CONSUMED) that could not be fetched afterwards (sampled)',
    ]);
    const again = new Reader(logs.feed(), '7', reader.cursor);
    await logs.clock.advance(30_000);
    expect(again.lines).toEqual([]);
  });

  it('that left lines out of a job which nobody follows any more leaves no gap in others', async () => {
    const logs = new VirtualLogs();
    logs.hasTail = true;
    const feed = logs.feed();
    const [left, stays] = [new Reader(feed, '7'), new Reader(feed, '8')];
    await logs.clock.advance(30_000);
    logs.print('8', 'left out');
    const ignored = Array.from({ length: 20 }, (_, index) => {
      logs.print('7', `ignored ${index}`);
      return logs.lastEntry;
    });
    logs.failures.push(new ProviderError('rateLimited', 'too many requests'));
    logs.send({ entries: ignored, suppressed: [{ count: 1, reason: 'RATE_LIMIT' }] });
    await logs.clock.advance(10);
    left.stop();
    await logs.clock.advance(2 * minute);
    expect(stays.lines).toEqual(stdout('left out'));
    logs.send({ entries: [], suppressed: [{ count: 3, reason: 'RATE_LIMIT' }] });
    await logs.clock.advance(10);
    stays.stop();
    await logs.clock.advance(1000);
    const again = new Reader(feed, '8', stays.cursor);
    await logs.clock.advance(2 * minute);
    expect(again.lines).toEqual([]);
  });

  it('that is refused is done without', async () => {
    const logs = new VirtualLogs();
    const reader = new Reader(logs.feed(), '7');
    await logs.clock.advance(10_000);
    logs.print('7', 'one');
    await logs.clock.advance(15_000);
    expect(reader.lines).toEqual(stdout('one'));
  });

  it('that leaves lines out again and again holds nothing up, and what it left out comes in its place', async () => {
    const { logs, reader } = await tailed();
    const expected = Array.from({ length: 150 }, (_, index) => `line ${index}`);
    for (const [index, line] of expected.entries()) {
      logs.print('7', line);
      const isLeftOut = index % 3 !== 0;
      logs.send({
        entries: isLeftOut ? [] : [logs.lastEntry],
        suppressed: isLeftOut ? [{ count: 1, reason: 'RATE_LIMIT' }] : [],
      });
      await logs.clock.advance(1000);
      expect(reader.lines.length).toBeGreaterThan(index - 16);
    }
    await logs.clock.advance(20_000);
    expect(reader.lines).toEqual(stdout(...expected));
  });

  it('that goes on leaving out lines which are nowhere leaves gaps while the rest goes on', async () => {
    const { logs, reader } = await tailed();
    for (let index = 0; index < 60; index += 1) {
      logs.print('7', `line ${index}`);
      logs.send({ entries: [logs.lastEntry], suppressed: [{ count: 2, reason: 'RATE_LIMIT' }] });
      await logs.clock.advance(1000);
    }
    expect(reader.lines.filter((line) => line.startsWith('gap: ')).length).toBeGreaterThan(2);
    await logs.clock.advance(60_000);
    const [gaps, lines] = [reader.lines.filter(isGap), reader.lines.filter((line) => !isGap(line))];
    expect(lines).toEqual(stdout(...Array.from({ length: 60 }, (_, index) => `line ${index}`)));
    expect(countOf(gaps, /left out (\d+) lines? here/u)).toBe(120);
  });

  it('is not listened to while whoever reads is far behind, who then gets all in its place', async () => {
    const logs = new VirtualLogs();
    logs.hasTail = true;
    const stop = new AbortController();
    const reading = logs.feed().read({ id: '7', since: 1_700_000_000_000, now: 1_700_000_000_000 }, null, stop.signal);
    const first = reading.next();
    logs.print('7', 'first');
    await logs.clock.advance(30_000);
    expect(await first).toMatchObject({ value: { kind: 'bytes' } });
    const long = 'x'.repeat(200_000);
    const before = retained();
    for (let index = 0; index < 300; index += 1) {
      logs.print('7', `${index} ${long}`);
      logs.send({ entries: [logs.lastEntry], suppressed: [] });
      await logs.clock.advance(100);
    }
    expect(retained() - before).toBeLessThan(10_000_000);
    const seen: string[] = [];
    const rest = (async () => {
      for await (const item of reading) {
        seen.push(...(item.kind === 'bytes' ? (Buffer.from(item.bytes).toString().match(/^\d+/gmu) ?? []) : []));
      }
    })().catch(() => undefined);
    await logs.clock.until(() => seen.length >= 300);
    expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => String(index)));
    stop.abort(new Error('read'));
    await rest;
  }, 60_000);
});

describe('lines that can be found only long after they were received', () => {
  const lateBy = (logs: VirtualLogs, late: Readonly<Record<string, number>>): void => {
    logs.store.lateness = ({ message }) => ({ received: 0, indexed: late[message] ?? 0 });
  };

  async function printFor(logs: VirtualLogs, minutes: number, from = 0): Promise<readonly string[]> {
    const lines = Array.from({ length: minutes * 6 }, (_, index) => `line ${from + index}`);
    for (const line of lines) {
      logs.print('7', line);
      await logs.clock.advance(10_000);
    }
    return lines;
  }

  it('come once, however late within a quarter of an hour', async () => {
    const logs = new VirtualLogs();
    lateBy(logs, { 'line 3': 2 * minute, 'line 20': 5 * minute, 'line 41': 14 * minute });
    const reader = new Reader(logs.feed(), '7');
    const expected = await printFor(logs, 32);
    expect(reader.lines.toSorted()).toEqual(stdout(...expected.slice(0, reader.lines.length)).toSorted());
    expect(reader.lines).toContain('stdout: line 41');
    logs.ended.set('7', logs.clock.now());
    await logs.clock.until(() => reader.outcome !== 'open');
    expect(reader.lines.toSorted()).toEqual(stdout(...expected).toSorted());
  }, 60_000);

  it('come where nothing else was received so early', async () => {
    const logs = new VirtualLogs();
    lateBy(logs, { 'first of all': 2 * minute, 'first after a rest': 3 * minute, 'before the end': 100_000 });
    const reader = new Reader(logs.feed(), '7');
    for (const [early, later] of [
      ['first of all', 'second'],
      ['first after a rest', 'second after a rest'],
    ] as const) {
      logs.print('7', early);
      await logs.clock.advance(70_000);
      logs.print('7', later);
      await logs.clock.advance(25 * minute);
      expect(reader.lines.slice(-2).toSorted()).toEqual(stdout(early, later));
    }
    logs.print('7', 'before the end');
    await logs.clock.advance(70_000);
    logs.print('7', 'end');
    logs.ended.set('7', logs.clock.now());
    await logs.clock.until(() => reader.outcome !== 'open');
    expect(reader.lines.slice(4).toSorted()).toEqual(stdout('before the end', 'end'));
  }, 60_000);

  it('come also when the job has ended meanwhile, once some were seen to be late', async () => {
    const logs = new VirtualLogs();
    lateBy(logs, { 'line 3': 3 * minute, 'line 119': 12 * minute });
    const reader = new Reader(logs.feed(), '7');
    const expected = await printFor(logs, 20);
    logs.ended.set('7', logs.clock.now());
    await logs.clock.advance(10 * minute);
    expect(reader.outcome).toBe('open');
    await logs.clock.until(() => reader.outcome !== 'open');
    expect(reader.outcome).toBe('ended');
    expect(reader.lines.toSorted()).toEqual(stdout(...expected).toSorted());
  }, 60_000);

  it.each([0, 400])(
    'are counted where reading went on meanwhile and forgot %i others',
    async (burst) => {
      const logs = new VirtualLogs();
      lateBy(logs, { 'line 3': 12 * minute, 'line 4': 12 * minute });
      const first = new Reader(logs.feed(), '7');
      await printFor(logs, 3);
      Array.from({ length: burst }, (_, index) => logs.print('7', `burst ${index}`));
      await logs.clock.advance(minute);
      first.stop();
      const second = new Reader(logs.feed(), '7', first.cursor);
      await printFor(logs, 20, 100);
      logs.ended.set('7', logs.clock.now());
      await logs.clock.until(() => second.outcome !== 'open');
      const all = [...first.lines, ...second.lines];
      if (burst === 0) {
        expect(all.filter((line) => /line [34]$/u.test(line))).toHaveLength(2);
        expect(all.filter(isGap)).toEqual([]);
      } else {
        expect(countOf(all.filter(isGap), /showed (\d+) lines? before this so late/u)).toBe(2);
      }
      const lines = all.filter((line) => !isGap(line));
      expect(new Set(lines).size).toBe(lines.length);
    },
    60_000,
  );

  it('cost no more than 18 requests in any minute with 50 jobs, all in all', async () => {
    const logs = new VirtualLogs();
    // A tenth of the jobs, a fifth of the lines and a fiftieth of a page: the same as 50 jobs that print a line a second.
    logs.pageSize = 20;
    const feed = logs.feed();
    const ids = Array.from({ length: 5 }, (_, index) => String(index));
    const readers = ids.map((id) => new Reader(feed, id));
    for (let line = 0; line < 24 * 12; line += 1) {
      ids.forEach((id) => logs.print(id, `line ${line}`));
      await logs.clock.advance(5000);
    }
    const end = logs.clock.now();
    const minutes = Array.from({ length: 22 }, (_, index) =>
      logs.requestsIn(end - (index + 1) * minute, end - index * minute),
    );
    expect(Math.max(...minutes)).toBeLessThanOrEqual(18);
    await logs.clock.advance(20_000);
    readers.forEach((reader) => expect(reader.lines).toHaveLength(24 * 12));
  }, 60_000);
});

/** Bytes of all buffers, without those that are garbage. */
function retained(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** The sum of the numbers in these sentences. */
function countOf(sentences: readonly string[], pattern: RegExp): number {
  return sentences.reduce((sum, sentence) => sum + Number(pattern.exec(sentence)?.[1]), 0);
}

function isGap(line: string): boolean {
  return line.startsWith('gap: ');
}

it('of one whose lines nobody takes is let go after a while, and read on from there without a loss', async () => {
  const logs = new VirtualLogs();
  const feed = logs.feed();
  const wide = Array.from({ length: 60 }, (_, index) => `${index} ${'x'.repeat(200_000)}`);
  wide.forEach((line) => logs.print('7', line));
  logs.pageSize = 10;
  const since = 1_700_000_000_000;
  const stuck = feed.read({ id: '7', since, now: since }, null, new AbortController().signal);
  const first = await stuck.next();
  const other = new Reader(feed, '8');
  await logs.clock.advance(20_000);
  logs.print('8', 'quick');
  await logs.clock.advance(2 * minute);
  expect(other.lines).toEqual(stdout('quick'));

  const items = first.done === true ? [] : [first.value];
  const rest = async (): Promise<void> => {
    for await (const item of stuck) {
      items.push(item);
    }
  };
  await expect(rest()).rejects.toMatchObject({ tag: 'transient' });
  expect(items.length).toBeLessThan(60);
  const again = new Reader(feed, '7', items.at(-1)?.cursor ?? null);
  await logs.clock.until(() => items.length + again.items.length >= 60);
  expect(linesOf([...items, ...again.items])).toEqual(stdout(...wide));
  other.stop();
  again.stop();
});

import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test, vi } from 'vitest';

import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { LogIndex } from '../../../../src/engine/log/logIndex.ts';
import { LogLines, LogRewritten } from '../../../../src/engine/log/logLines.ts';
import { blockRecords, type LogSource } from '../../../../src/engine/log/logSource.ts';
import { orderFile, streamFile } from '../../../../src/engine/logFolder.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { ArrivedLog, streams } from '../../../fixtures/log/arrivedLog.ts';

const work = workFolder();
let logs = 0;

afterAll(() => {
  work.remove();
});

interface Subject {
  readonly source: LogSource;
  /** Other lines than before, of the same lengths. */
  readonly rewrite: () => void;
  readonly remove: () => void;
  readonly grow: () => void;
}

const before = 'first\nsecond\nthird\n';
const after = 'FIRST\nSECOND\nTHIRD\n';

function file(): Subject {
  logs += 1;
  const path = join(work.path, `${logs}.log`);
  writeFileSync(path, before);
  return {
    source: new FileSource(path),
    rewrite: () => {
      writeFileSync(path, after);
    },
    remove: () => {
      rmSync(path);
    },
    grow: () => {
      appendFileSync(path, 'fourth\n');
    },
  };
}

function attempt(): Subject {
  logs += 1;
  const folder = join(work.path, String(logs));
  mkdirSync(folder);
  const log = new ArrivedLog(folder);
  const [stream] = streams;
  const path = stream === undefined ? '' : streamFile(folder, stream);
  const append = (text: string, time: number): void => {
    log.append([{ stream: 0, bytes: Buffer.from(text), time }]);
  };
  append(before, 1);
  return {
    source: log.source(),
    rewrite: () => {
      truncateSync(orderFile(folder), 0);
      truncateSync(path, 0);
      append(after, 2);
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
    grow: () => {
      append('fourth\n', 3);
    },
  };
}

describe.each([
  ['a file', file],
  ["an attempt's log", attempt],
])('while lines of %s are read', (_name, make) => {
  /** Lines of which some are read at the moment that `change` happens. */
  async function readDuring(change: (subject: Subject) => void) {
    const subject = make();
    const { source } = subject;
    const index = new LogIndex(source);
    await source.look(index.end, index.edges);
    while (await index.advance()) {
      // Until all of it is indexed.
    }
    const lines = new LogLines(source, index);
    const { raw } = source;
    const read = raw.read.bind(raw);
    const spy = vi.spyOn(raw, 'read').mockImplementation(async (...place) => {
      spy.mockRestore();
      change(subject);
      return await read(...place);
    });
    return { lines, source, index };
  }

  test('it may be written anew: nothing of it is shown, and it is seen to be void', async () => {
    const { lines, source, index } = await readDuring(({ rewrite }) => {
      rewrite();
    });
    await expect(lines.rows(0, 3)).rejects.toThrow(LogRewritten);
    expect(await source.look(index.end, index.edges)).toBe('void');
    await source.close();
  });

  test('nobody who proves what they read meanwhile takes it for what it was', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { rewrite, source } = make();
      const index = new LogIndex(source);
      await source.look(index.end, index.edges);
      while (await index.advance()) {
        // Until all of it is indexed.
      }
      const { end, edges } = index;
      rewrite();
      const looked: string[] = [];
      const looking = (async () => {
        looked.push(await source.look(end, edges));
      })();
      const prove = async (): Promise<void> => {
        while (looked.length === 0) {
          const holds = await source.holds(end, edges);
          expect(holds && looked.length === 0).toBe(false);
        }
      };
      await Promise.all([looking, prove(), prove(), prove()]);
      expect(looked).toEqual(['void']);
      await source.close();
    }
  });

  test('it may grow: what was there is shown', async () => {
    const { lines, source } = await readDuring(({ grow }) => {
      grow();
    });
    expect((await lines.rows(0, 3)).map(({ text }) => text)).toEqual(['first', 'second', 'third']);
    await source.close();
  });

  test('it may be removed: nothing of it is shown', async () => {
    const { lines, source } = await readDuring(({ remove }) => {
      remove();
    });
    await expect(lines.rowsAt([2, 0])).rejects.toThrow();
    await source.close();
  });

  test('all of a line and what is not complete are proven too', async () => {
    const whole = await readDuring(({ rewrite }) => {
      rewrite();
    });
    await expect(whole.lines.whole(1)).rejects.toThrow(LogRewritten);
    await whole.source.close();
  });
});

test("an attempt's log that is written anew between two portions is not taken for the one before", async () => {
  logs += 1;
  const folder = join(work.path, String(logs));
  mkdirSync(folder);
  const log = new ArrivedLog(folder);
  const [stream] = streams;
  const path = stream === undefined ? '' : streamFile(folder, stream);
  const append = (lineBytes: number, time: number): void => {
    const line = Buffer.from(`${'x'.repeat(lineBytes - 1)}\n`);
    log.append(Array.from({ length: 3 * blockRecords }, () => ({ stream: 0, bytes: line, time })));
  };
  append(100, 1);
  const source: LogSource = log.source();
  const index = new LogIndex(source);
  await source.look(index.end, index.edges);
  expect(await index.advance()).toBe(true);
  truncateSync(orderFile(folder), 0);
  truncateSync(path, 0);
  append(120, 2);
  while (await index.advance()) {
    // Until nothing more is taken for a part of it.
  }
  expect(await source.look(index.end, index.edges)).toBe('void');
  await source.close();
});

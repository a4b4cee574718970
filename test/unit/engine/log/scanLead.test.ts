import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';

import { noFilter } from '../../../../src/core/logRow.ts';
import { seriesKey } from '../../../../src/core/metrics/seriesUpdate.ts';
import { createByteScan } from '../../../../src/engine/log/bytes/createByteScan.ts';
import { LogIndex } from '../../../../src/engine/log/logIndex.ts';
import type { LogMark } from '../../../../src/engine/log/lineReplay.ts';
import type { LogFilePaths } from '../../../../src/engine/log/logSource.ts';
import { lineWork } from '../../../../src/engine/log/scan/lineWork.ts';
import { markWork } from '../../../../src/engine/log/scan/markWork.ts';
import { seriesWork } from '../../../../src/engine/log/scan/metricWork.ts';
import { RestTime } from '../../../../src/engine/log/scan/restTime.ts';
import { ScanFiles } from '../../../../src/engine/log/scan/scanFiles.ts';
import type { HelperReports, ScanTask, TaskTaker } from '../../../../src/engine/log/scan/scanHelper.ts';
import { ScanLead } from '../../../../src/engine/log/scan/scanLead.ts';
import type { FromScan, LineGoal } from '../../../../src/engine/log/scan/scanMessages.ts';
import type { ScanWork } from '../../../../src/engine/log/scan/scanWork.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { type Arrived, ArrivedLog, arrivals } from '../../../fixtures/log/arrivedLog.ts';

const work = workFolder();
const bytesOf = createByteScan();
let logs = 0;

afterAll(() => {
  work.remove();
});

type Send = (message: FromScan) => void;

/** A log that is indexed part by part, so that it may be cut between any two. */
interface Cut {
  readonly files: LogFilePaths;
  readonly marks: readonly LogMark[];
}

async function indexed(parts: readonly (readonly Arrived[])[]): Promise<Cut> {
  logs += 1;
  const log = new ArrivedLog(join(work.path, String(logs)));
  const source = log.source();
  const index = new LogIndex(source);
  const marks: LogMark[] = [];
  for (const part of parts) {
    log.append(part);
    await source.look(index.end);
    while (await index.advance()) {
      // Until all of it is indexed.
    }
    marks.push(index.end);
  }
  await source.close();
  return { files: source.files, marks };
}

/** What helpers do, in the order in which they are asked. */
interface Fates {
  /** How many turns a look takes. */
  readonly turns: readonly number[];
  /** The look with which the helper is lost. */
  readonly lostAt: number;
}

/** Looks in this thread, as a helper would in another. */
class NearHelper<Found> implements TaskTaker<Found> {
  readonly isReady = true;
  readonly tasks: ScanTask<Found>[] = [];
  readonly #work: ScanWork<Found>;
  readonly #reports: HelperReports;
  readonly #fates: Fates;
  #looks = 0;
  #ended = false;
  #looked = Promise.resolve();

  constructor(scanWork: ScanWork<Found>, reports: HelperReports, fates: Fates) {
    this.#work = scanWork;
    this.#reports = reports;
    this.#fates = fates;
  }

  give(task: ScanTask<Found>): void {
    this.tasks.push(task);
    this.#looked = this.#looked.then(async () => {
      await this.#look(task);
    });
  }

  async #look(task: ScanTask<Found>): Promise<void> {
    const { turns, lostAt } = this.#fates;
    this.#looks += 1;
    for (let turn = turns[this.#looks % turns.length] ?? 0; turn > 0; turn -= 1) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    if (this.#ended) {
      return;
    }
    if (this.#looks === lostAt) {
      this.#ended = true;
      this.#reports.lost();
      return;
    }
    try {
      const look = await this.#work.read(task.from, task.to, bytesOf.buffers[0].subarray(0, 0));
      const { found } = await look();
      this.tasks.shift();
      task.result ??= { found: structuredClone(found) };
    } catch (error) {
      this.#reports.failed(String(error));
    }
  }

  rest(): void {
    // It has none.
  }

  dispose(): void {
    this.#ended = true;
  }
}

/** All that is said of a log by a scan that so many help. */
async function told<Found>(
  { files: paths, marks }: Cut,
  begin: (files: ScanFiles, send: Send) => ScanWork<Found>,
  helpers: readonly (Fates | 'no thread')[],
): Promise<readonly FromScan[]> {
  const messages: FromScan[] = [];
  const done = Promise.withResolvers<undefined>();
  const send = (message: FromScan): void => {
    messages.push(message);
    if (message.kind === 'problem' || message.kind === 'caughtUp') {
      done.resolve(undefined);
    }
  };
  const files = new ScanFiles(paths);
  const fates = [...helpers];
  const lead = new ScanLead({
    work: begin(files, send),
    buffers: createByteScan().buffers,
    files,
    rest: new RestTime(),
    send,
    crew: {
      helpers: helpers.length,
      worthHelp: 1,
      call: (reports) => {
        const fate = fates.pop() ?? 'no thread';
        if (fate === 'no thread') {
          throw new Error('The system gives no more threads.');
        }
        return new NearHelper(begin(files, send), reports, fate);
      },
    },
  });
  const [end] = marks.slice(-1);
  if (end !== undefined) {
    lead.grow({ kind: 'marks', files: paths, marks, end, nodes: [] });
    await done.promise;
  }
  await files.raw.close();
  return messages;
}

/** What all messages together say. */
function sum(messages: readonly FromScan[]): unknown {
  return {
    lines: messages.flatMap((message) => (message.kind === 'lines' ? [...message.lines] : [])),
    errors: messages.flatMap((message) => (message.kind === 'marks' ? [...message.errors] : [])),
    warnings: messages.flatMap((message) => (message.kind === 'marks' ? [...message.warnings] : [])),
    failures: messages.flatMap((message) => (message.kind === 'marks' ? message.failures : [])),
    // Each series whole, as it was told last.
    series: new Map(
      messages
        .flatMap((message) => (message.kind === 'series' ? message.series : []))
        .map((series) => [seriesKey(series.name, series.rank), series]),
    ),
    ranks: messages.findLast((message) => message.kind === 'marks')?.ranks,
    end: messages.at(-1),
    problems: messages.filter(({ kind }) => kind === 'problem').length,
  };
}

type Scan = (cut: Cut, helpers: readonly (Fates | 'no thread')[]) => Promise<readonly FromScan[]>;

function lines(goal: LineGoal): Scan {
  return async (cut, helpers) =>
    await told(cut, (files, send) => lineWork(goal, files, createByteScan(), send), helpers);
}

const scans: readonly Scan[] = [
  lines({ kind: 'find', query: { text: 'a', isRegex: false, matchCase: true, wholeWord: false } }),
  lines({
    kind: 'filter',
    filter: {
      ...noFilter,
      include: { text: 'a+', isRegex: true, matchCase: true, wholeWord: false },
      exclude: { text: 'error', isRegex: false, matchCase: false, wholeWord: false },
      context: 2,
    },
  }),
  async (cut, helpers) => await told(cut, (files, send) => markWork(files, createByteScan(), send), helpers),
  async (cut, helpers) =>
    await told(cut, (files, send) => seriesWork({ kind: 'series', patterns: [] }, files, send), helpers),
];

const word = fc.constantFrom(
  'a ',
  'b',
  '\n',
  '\n',
  '\n',
  '[rank1]: ',
  'ERROR ',
  'WARNING ',
  'Traceback (most recent call last):\n',
  '  File "/a/train.py", line 3, in <module>\n',
  'ValueError: bad\n',
  'step 1 loss 0.5\n',
  'step 2 loss 2.5\n',
  'step 30 | lr: 1e-4\r',
  'loss=',
  '0.125',
);
const bytes = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => Buffer.from(words.join('')));
const log = fc.array(arrivals(bytes, 3), { minLength: 1, maxLength: 160, size: 'max' });
const fates = fc.record({
  turns: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 5 }),
  lostAt: fc.constantFrom(0, 0, 1, 2),
});

test('however many help, and whoever is lost, the same is found in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(
      log,
      fc.constantFrom(...scans),
      fc.array(fc.oneof({ weight: 5, arbitrary: fates }, { weight: 1, arbitrary: fc.constant('no thread' as const) }), {
        minLength: 1,
        maxLength: 3,
      }),
      async (parts, scan, helpers) => {
        const cut = await indexed(parts);
        const alone = await scan({ ...cut, marks: cut.marks.slice(-1) }, []);
        expect(sum(await scan(cut, helpers))).toEqual(sum(alone));
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

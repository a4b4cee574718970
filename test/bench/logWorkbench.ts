import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeBigLog } from '../fixtures/log/bigLog.ts';
import { type Window, Workbench } from '../workbench/workbench.ts';
import { peersInWorkbench } from './logWorkbenchPeers.ts';
import { median, percentile } from './median.ts';
import { choose, moment, watchPages } from './paintWatch.ts';
import { installPeers } from './peers.ts';
import { newLineAges } from './tailWatch.ts';

const lines = 10_000_000;
const jumps = 200;
const scrolledMs = 5_000;
const rowsPerSecond = 9_000;
const opens = 5;
/** So long, in ms, a window is left alone for what it still does to end. */
const settling = 3_000;
const tailSeconds = 8;
const openLogFile = 'Aloft: Open Log File…';

/** The log viewer in the real workbench, on ten million lines and on a file that grows by 100,000 lines a second. */
export async function benchLogWorkbench(): Promise<Record<string, number>> {
  const base = await mkdtemp(join(tmpdir(), 'aloft-bench-log-'));
  const folder = join(base, 'workspace');
  await mkdir(folder);
  await writeFile(join(folder, 'train.py'), 'print("done")\n');
  const big = join(base, 'big.log');
  await writeBigLog(big, { lines, seed: 1 });
  const dataFolder = join(base, 'server');
  await installPeers(dataFolder);
  const workbench = await Workbench.start({
    folder,
    dataFolder,
    // So that VS Code opens a large file, as a peer, without a question.
    settings: { 'workbench.editorLargeFileConfirmation': 4_096 },
  });
  try {
    const window = await workbench.open();
    await watchPages(window, {
      painted: '.log .row .text, .peer',
      counted: '.log-size',
      count: `${lines.toLocaleString('en')} `,
    });
    await window.showAloft();
    await window.page.waitForTimeout(settling);
    const before = await memory(window);
    const painted: number[] = [];
    const counted: number[] = [];
    for (let round = 0; round < opens; round += 1) {
      if (round > 0) {
        await window.closeEditors();
        await window.page.waitForTimeout(settling);
      }
      const pressed = await choose(window, openLogFile, big);
      painted.push((await moment(window, 'painted', pressed)) - pressed);
      counted.push((await moment(window, 'counted', pressed)) - pressed);
    }
    const viewer = await window.webview('.log-scroller');
    const jumpTimes = await viewer.evaluate(jump, jumps);
    const scrolled = await viewer.evaluate(scroll, { ms: scrolledMs, rowsPerSecond });
    const after = await memory(window);
    await window.closeEditors();
    await window.page.waitForTimeout(settling);
    const ages = await tailAges(window, join(base, 'growing.log'));
    await window.closeEditors();
    return {
      'log.open.paint.ms': median(painted),
      'log.open.count.ms': median(counted),
      'log.jump.p50.ms': percentile(jumpTimes, 0.5),
      'log.jump.p95.ms': percentile(jumpTimes, 0.95),
      'log.jump.p99.ms': percentile(jumpTimes, 0.99),
      'log.scroll.blank.percent': 100 * scrolled.blank,
      'log.scroll.held.percent': 100 * scrolled.held,
      'log.workbench.host.mb': after.host - before.host,
      'log.webview.rss.mb': after.renderers - before.renderers,
      'log.tail.p50.ms': percentile(ages, 0.5),
      'log.tail.p95.ms': percentile(ages, 0.95),
      ...(await peersInWorkbench(window, base)),
    };
  } finally {
    await workbench.stop();
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs in the viewer: ms from each move of the scrollbar, at any time between two frames, to all rows painted there. */
async function jump(count: number): Promise<number[]> {
  const scroller = document.querySelector('.log-scroller');
  const paint = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      requestAnimationFrame(() => {
        setTimeout(resolve);
      });
    });
  };
  const first = (): string | null | undefined => document.querySelector('.log .row')?.getAttribute('data-row');
  const times: number[] = [];
  if (scroller === null) {
    return times;
  }
  for (let round = 0; round < count; round += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20 + 20 * Math.random());
    });
    const before = first();
    const start = performance.now();
    scroller.scrollTop = Math.random() * (scroller.scrollHeight - scroller.clientHeight);
    do {
      await paint();
    } while (
      performance.now() - start < 2_000 &&
      (first() === before || document.querySelector('.log .row.loading') !== null)
    );
    times.push(performance.now() - start);
  }
  return times;
}

/**
 * Runs in the viewer: turns the wheel in every frame; the share of frames that showed a row without its text, and of those that still
 * showed the rows of the frame before.
 */
async function scroll({ ms, rowsPerSecond: speed }: { ms: number; rowsPerSecond: number }): Promise<{
  blank: number;
  held: number;
}> {
  const scroller = document.querySelector('.log-scroller');
  const height = document.querySelector('.log .row')?.getBoundingClientRect().height ?? 18;
  const start = performance.now();
  let [now, frames, blank, held] = [start, 0, 0, 0];
  let first: string | null | undefined = null;
  while (now - start < ms) {
    const [before, firstBefore] = [now, first];
    await new Promise<void>((resolve) => {
      requestAnimationFrame(() => {
        setTimeout(resolve);
      });
    });
    now = performance.now();
    frames += 1;
    first = document.querySelector('.log .row')?.getAttribute('data-row');
    const isBlank = document.querySelector('.log .row.loading') !== null;
    blank += isBlank ? 1 : 0;
    held += !isBlank && first === firstBefore ? 1 : 0;
    const deltaY = ((before - now) / 1000) * speed * height;
    scroller?.dispatchEvent(new WheelEvent('wheel', { deltaY, cancelable: true, bubbles: true }));
  }
  return { blank: blank / frames, held: held / frames };
}

const producer = `
const fs = require('node:fs');
const file = fs.openSync(process.argv[1], 'a');
const end = Date.now() + ${(tailSeconds + 4) * 1000};
let due = Date.now();
const timer = setInterval(() => {
  const now = Date.now();
  const count = Math.floor((now - due) * 100);
  due = now;
  fs.writeSync(file, ('step=12 loss=2.31 lr=3e-4 tokens per second 41233 grad norm 0.8 memory 63.2 GiB and so on and on \\n').repeat(Math.max(0, count - 1)) + 'printed ' + now + '\\n');
  if (now > end) { clearInterval(timer); fs.closeSync(file); }
}, 5);
`;

async function tailAges(window: Window, path: string): Promise<readonly number[]> {
  await writeFile(path, 'begin\n');
  await choose(window, openLogFile, path);
  const frame = await window.webview('.log-size', ' line');
  const child: ChildProcess = spawn(process.execPath, ['-e', producer, path], { stdio: 'ignore' });
  try {
    await window.page.waitForTimeout(1_500);
    return await newLineAges(frame, '.log .row .text', tailSeconds);
  } finally {
    child.kill();
  }
}

interface Memory {
  readonly host: number;
  readonly renderers: number;
}

/** In MB, shared pages divided by who shares them: of our extension host, and of the pages of our browser after a collection. */
async function memory({ page }: Window): Promise<Memory> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const parents = new Map<string, string>();
  for (const pid of await readdir('/proc')) {
    const status = /^\d+$/u.test(pid) ? await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '') : '';
    parents.set(pid, /\) \S (\d+)/u.exec(status)?.[1] ?? '');
  }
  const isOurs = (pid: string): boolean =>
    pid === String(process.pid) || (parents.has(pid) && isOurs(parents.get(pid) ?? ''));
  let host = 0;
  let renderers = 0;
  for (const pid of [...parents.keys()].filter(isOurs)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    const megabytes = Number(/^Pss:\s+(\d+)/mu.exec(rollup)?.[1] ?? 0) / 1024;
    host += command.includes('--type=extensionHost') ? megabytes : 0;
    renderers += command.includes('--type=renderer') ? megabytes : 0;
  }
  return { host, renderers };
}

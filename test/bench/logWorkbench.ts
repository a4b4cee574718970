import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { writeBigLog } from '../fixtures/log/bigLog.ts';
import { type Window, Workbench } from '../workbench/workbench.ts';
import { median } from './median.ts';

const lines = 10_000_000;
const jumps = 200;
const scrolledFrames = 300;
/** At 60 frames a second, 9,000 lines a second. */
const rowsPerFrame = 150;
const opens = 3;
const tailSeconds = 8;

/** The log viewer in the real workbench, on ten million lines and on a file that grows by 100,000 lines a second. */
export async function benchLogWorkbench(): Promise<Record<string, number>> {
  const base = await mkdtemp(join(tmpdir(), 'aloft-bench-log-'));
  const folder = join(base, 'workspace');
  await mkdir(folder);
  await writeFile(join(folder, 'train.py'), 'print("done")\n');
  const big = join(base, 'big.log');
  await writeBigLog(big, { lines, seed: 1 });
  const workbench = await Workbench.start({ folder, dataFolder: join(base, 'server') });
  try {
    const window = await workbench.open();
    await window.showAloft();
    const before = await memory();
    const painted: number[] = [];
    const counted: number[] = [];
    for (let round = 0; round < opens; round += 1) {
      const pressed = await openLog(window, big);
      const seen = await moments(window);
      painted.push(seen.painted - pressed);
      counted.push(seen.counted - pressed);
      if (round < opens - 1) {
        await window.closeEditors();
        await window.page.waitForTimeout(1_000);
      }
    }
    const viewer = await window.webview('.log-scroller');
    const jumpTimes = await viewer.evaluate(jump, jumps);
    const blank = await viewer.evaluate(scroll, { frames: scrolledFrames, rows: rowsPerFrame });
    const after = await memory();
    await window.closeEditors();
    await window.page.waitForTimeout(1_000);
    const ages = await tailAges(window, join(base, 'growing.log'));
    return {
      'log.open.paint.ms': median(painted),
      'log.open.count.ms': median(counted),
      'log.jump.p50.ms': percentile(jumpTimes, 0.5),
      'log.jump.p95.ms': percentile(jumpTimes, 0.95),
      'log.jump.p99.ms': percentile(jumpTimes, 0.99),
      'log.scroll.blank.percent': (100 * blank) / scrolledFrames,
      'log.workbench.host.mb': after.host - before.host,
      'log.webview.rss.mb': after.renderers - before.renderers,
      'log.tail.p50.ms': percentile(ages, 0.5),
      'log.tail.p95.ms': percentile(ages, 0.95),
    };
  } finally {
    await workbench.stop();
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Resolves to when the file was chosen. */
async function openLog(window: Window, path: string): Promise<number> {
  await window.command('Aloft: Open Log File…');
  const input = window.page.locator('.quick-input-widget input[type="text"]');
  while (!(await input.inputValue()).endsWith('/workspace/')) {
    await window.page.waitForTimeout(50);
  }
  await input.fill(path);
  await window.page.locator('.quick-input-list .monaco-list-row', { hasText: basename(path) }).waitFor();
  const pressed = Date.now();
  await window.page.locator('.quick-input-widget').getByRole('button', { name: 'Open Log' }).click();
  return pressed;
}

/** When the first row was seen, and the number of all lines; both to some 20 ms, which it takes to look. */
async function moments(window: Window): Promise<{ readonly painted: number; readonly counted: number }> {
  let painted = 0;
  for (;;) {
    for (const frame of window.page.frames()) {
      const seen = await frame.evaluate(readViewer).catch(() => undefined);
      const now = Date.now();
      painted ||= seen?.isPainted === true ? now : 0;
      if (seen?.size.includes('10,000,000 lines') === true) {
        return { painted, counted: now };
      }
    }
  }
}

function readViewer(): { readonly isPainted: boolean; readonly size: string } {
  return {
    isPainted: document.querySelector('.log .row .text') !== null,
    size: document.querySelector('.log-size')?.textContent ?? '',
  };
}

/** Runs in the viewer: ms from each move of the scrollbar to all rows painted there. */
async function jump(count: number): Promise<number[]> {
  const scroller = document.querySelector('.log-scroller');
  const frame = async (): Promise<void> => {
    await new Promise((resolve) => {
      requestAnimationFrame(resolve);
    });
  };
  const times: number[] = [];
  if (scroller === null) {
    return times;
  }
  for (let round = 0; round < count; round += 1) {
    const before = document.querySelector('.log .row')?.getAttribute('data-row');
    const start = performance.now();
    scroller.scrollTop = Math.random() * (scroller.scrollHeight - scroller.clientHeight);
    do {
      await frame();
    } while (
      performance.now() - start < 2_000 &&
      (document.querySelector('.log .row')?.getAttribute('data-row') === before ||
        document.querySelector('.log .row.loading') !== null)
    );
    times.push(performance.now() - start);
    await frame();
    await frame();
  }
  return times;
}

/** Runs in the viewer: turns the wheel in every frame; frames that showed a row without its text. */
async function scroll({ frames, rows }: { readonly frames: number; readonly rows: number }): Promise<number> {
  const scroller = document.querySelector('.log-scroller');
  let blank = 0;
  if (scroller === null) {
    return frames;
  }
  for (let round = 0; round < frames; round += 1) {
    const height = document.querySelector('.log .row')?.getBoundingClientRect().height ?? 18;
    scroller.dispatchEvent(new WheelEvent('wheel', { deltaY: -rows * height, cancelable: true, bubbles: true }));
    await new Promise((resolve) => {
      requestAnimationFrame(resolve);
    });
    blank += document.querySelector('.log .row.loading') === null ? 0 : 1;
  }
  return blank;
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
  await openLog(window, path);
  const frame = await window.webview('.log-size', ' line');
  const child: ChildProcess = spawn(process.execPath, ['-e', producer, path], { stdio: 'ignore' });
  try {
    await window.page.waitForTimeout(1_500);
    return await frame.evaluate(watchAges, tailSeconds * 1000);
  } finally {
    child.kill();
  }
}

/** Runs in the viewer: in each frame, the age of the newest line that says when it was printed, when it is a new one. */
async function watchAges(ms: number): Promise<number[]> {
  const ages: number[] = [];
  const end = performance.now() + ms;
  let newest = 0;
  while (performance.now() < end) {
    await new Promise((resolve) => {
      requestAnimationFrame(resolve);
    });
    const texts = [...document.querySelectorAll('.log .row .text')].map((text) => text.textContent ?? '');
    const printed = texts
      .map((text) => Number(/printed (\d+)/u.exec(text)?.[1] ?? 0))
      .reduce((a, b) => Math.max(a, b), 0);
    if (printed > newest) {
      newest = printed;
      ages.push(Date.now() - printed);
    }
  }
  return ages;
}

/** Resident memory in MB: of all extension hosts, and of all pages of the browser. */
async function memory(): Promise<{ readonly host: number; readonly renderers: number }> {
  let host = 0;
  let renderers = 0;
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/u.test(pid)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const megabytes = Number(/VmRSS:\s+(\d+)/u.exec(status)?.[1] ?? 0) / 1024;
      host += command.includes('--type=extensionHost') ? megabytes : 0;
      renderers += command.includes('--type=renderer') ? megabytes : 0;
    }
  }
  return { host, renderers };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

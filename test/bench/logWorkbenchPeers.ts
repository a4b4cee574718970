import { join } from 'node:path';

import { writeBigLog } from '../fixtures/log/bigLog.ts';
import type { Window } from '../workbench/workbench.ts';
import { median, percentile } from './median.ts';
import { choose, moment } from './paintWatch.ts';
import { peerCommand } from './peers.ts';
import { newLineAges } from './tailWatch.ts';

const opens = 5;
const asked = 200;
const editorLines = 1_000_000;
const outputSeconds = 8;

/**
 * Beside Aloft's viewer, in the same window: the least that a page takes to be shown and to be answered, VS Code's own editor on a
 * tenth of the log, and its output channel at 100,000 lines a second. Times in ms.
 */
export async function peersInWorkbench(window: Window, base: string): Promise<Record<string, number>> {
  return {
    ...(await measured('an empty webview', async () => await emptyWebview(window, base))),
    ...(await measured('the output channel', async () => {
      const ages = await outputAges(window);
      return {
        'log.tail.p50.ms.peer.OutputChannel': percentile(ages, 0.5),
        'log.tail.p95.ms.peer.OutputChannel': percentile(ages, 0.95),
      };
    })),
    ...(await measured("VS Code's editor", async () => ({
      'log.open.paint.ms.peer.editor (a tenth)': await editorMs(window, base),
    }))),
  };
}

/** Nothing, and a word about it, when it cannot be measured. */
async function measured(name: string, measure: () => Promise<Record<string, number>>): Promise<Record<string, number>> {
  try {
    const figures = await measure();
    if (Object.values(figures).some(Number.isNaN)) {
      throw new Error('nothing was seen');
    }
    return figures;
  } catch (error) {
    console.log(`${name} was not measured:`, error);
    return {};
  }
}

async function emptyWebview(window: Window, base: string): Promise<Record<string, number>> {
  const painted: number[] = [];
  const small = join(base, 'workspace', 'train.py');
  for (let round = 0; round < opens; round += 1) {
    if (round > 0) {
      await window.closeEditors();
    }
    const pressed = await choose(window, peerCommand('panel'), small);
    painted.push((await moment(window, 'painted', pressed)) - pressed);
  }
  const answers = await (await window.webview('.peer')).evaluate(answerTimes, asked);
  await window.closeEditors();
  return {
    'log.open.paint.ms.peer.empty webview': median(painted),
    'log.jump.p50.ms.peer.echo and a frame': percentile(answers, 0.5),
    'log.jump.p95.ms.peer.echo and a frame': percentile(answers, 0.95),
    'log.jump.p99.ms.peer.echo and a frame': percentile(answers, 0.99),
  };
}

/** Runs in the peer's page: as a jump, which begins at any time, is told in the next frame, asks, and draws the answer. */
async function answerTimes(count: number): Promise<number[]> {
  const ask: unknown = Reflect.get(globalThis, 'ask');
  const times: number[] = [];
  if (typeof ask !== 'function') {
    return times;
  }
  const frame = async (): Promise<void> => {
    await new Promise((resolve) => {
      requestAnimationFrame(resolve);
    });
  };
  for (let round = 0; round < count; round += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20 + 20 * Math.random());
    });
    const start = performance.now();
    await frame();
    await ask();
    await frame();
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
    times.push(performance.now() - start);
  }
  return times;
}

async function editorMs(window: Window, base: string): Promise<number> {
  const tenth = join(base, 'tenth.log');
  await writeBigLog(tenth, { lines: editorLines, seed: 1 });
  const pressed = await choose(window, peerCommand('editor'), tenth);
  await window.page.locator('.editor-instance .view-line', { hasText: 'loss' }).first().waitFor();
  const shown = await window.page.evaluate(paintedNow);
  await window.closeEditors();
  return shown - pressed;
}

/** Runs in the page. */
async function paintedNow(): Promise<number> {
  await new Promise<void>((resolve) => {
    requestAnimationFrame(() => {
      setTimeout(resolve);
    });
  });
  return Date.now();
}

async function outputAges(window: Window): Promise<readonly number[]> {
  await window.command(peerCommand('output'));
  const ages = await newLineAges(window.page.mainFrame(), '.part.panel .view-line', outputSeconds);
  await window.command('View: Hide Panel');
  return ages;
}

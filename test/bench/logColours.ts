import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AnsiUp } from 'ansi_up';

import { styledLine } from '../../webview/log/ansi.ts';
import { writeBigLog } from '../fixtures/log/bigLog.ts';
import { median } from './median.ts';

const lines = 300_000;
const rounds = 5;

/** Coloured lines a second whose escape sequences are read, by ours and by a library for that. */
export async function benchLogColours(): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-bench-colours-'));
  try {
    const path = join(folder, 'log');
    await writeBigLog(path, { lines, seed: 1 });
    // It takes a carriage return for a part of the text.
    const coloured = (await readFile(path, 'utf8'))
      .split('\n')
      .filter((line) => line.includes('\u001b') && !line.includes('\r'));
    const ours = (line: string): string => styledLine(line).reduce((text, run) => text + run.text, '');
    const peer = new AnsiUp();
    peer.escape_html = false;
    const theirs = (line: string): string => peer.ansi_to_html(line);
    for (const line of coloured.slice(0, 1_000)) {
      if (theirs(line).replaceAll(/<[^>]*>/gu, '') !== ours(line)) {
        throw new Error(`not the same is seen of ${JSON.stringify(line)}`);
      }
    }
    const [own, other]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      own.push(linesPerSecond(coloured, ours));
      other.push(linesPerSecond(coloured, theirs));
    }
    return {
      'log.colours.lines.per.s': median(own),
      'log.colours.lines.per.s.peer.ansi_up': median(other),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function linesPerSecond(all: readonly string[], seen: (line: string) => string): number {
  const started = performance.now();
  let length = 0;
  for (const line of all) {
    length += seen(line).length;
  }
  const ms = performance.now() - started;
  if (length === 0) {
    throw new Error('nothing was seen');
  }
  return (all.length * 1000) / ms;
}

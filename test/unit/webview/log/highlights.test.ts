import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { LineQuery } from '../../../../src/core/logRow.ts';
import { Highlights } from '../../../../webview/log/highlights.ts';
import type { MatchReply, MatchRequest, MatchWorker } from '../../../../webview/log/matchWorker.ts';

/** Answers when it is told to. */
class SlowWorker implements MatchWorker {
  readonly requests: MatchRequest[] = [];
  readonly reply: (reply: MatchReply) => void;
  isTerminated = false;

  constructor(reply: (reply: MatchReply) => void) {
    this.reply = reply;
  }

  postMessage(request: MatchRequest): void {
    this.requests.push(request);
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

describe('Highlights', () => {
  let workers: SlowWorker[];
  let news: number;
  let highlights: Highlights;

  const search = (text: string, change: Partial<LineQuery> = {}): void => {
    highlights.search({ text, isRegex: false, matchCase: false, wholeWord: false, ...change });
  };
  const found = (line: string): readonly string[] | null =>
    highlights.of(line)?.map(([start, end]) => line.slice(start, end)) ?? null;
  const worker = (index: number): SlowWorker => {
    const one = workers[index];
    if (one === undefined) {
      throw new Error(`there is no thread ${index}`);
    }
    return one;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    workers = [];
    news = 0;
    highlights = new Highlights({
      found: () => {
        news += 1;
      },
      start: (receive) => {
        const started = new SlowWorker(receive);
        workers.push(started);
        return started;
      },
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('marks text as it is written at once, with or without its case, wherever it is on a line', () => {
    search('loss-a.b/');
    expect(found('Loss-A.B/ loss-axb/')).toEqual(['Loss-A.B/']);
    search('loss', { matchCase: true });
    expect(found(`Loss ${' '.repeat(9_000)} loss`)).toEqual(['loss']);
    search('err', { wholeWord: true });
    expect(found('error err')).toEqual(['err']);
    search('');
    expect(found('anything')).toEqual([]);
    expect(workers).toEqual([]);
  });

  it('marks at most some on a line', () => {
    search('a');
    expect(found('a'.repeat(16_000))).toHaveLength(200);
  });

  it('leaves every pattern to a thread, and marks nothing for one that is none', () => {
    search('(', { isRegex: true });
    expect(found('line (')).toEqual([]);
    expect(workers).toEqual([]);
    search(String.raw`\d+`, { isRegex: true });
    expect(found('step 12 of 345')).toBeNull();
    worker(0).reply(null);
    expect(worker(0).requests).toEqual([{ source: String.raw`\d+`, flags: 'gimu', text: 'step 12 of 345', most: 200 }]);
    worker(0).reply([5, 7, 11, 14]);
    expect(news).toBe(1);
    expect(found('step 12 of 345')).toEqual(['12', '345']);
  });

  it('ends a thread that a pattern keeps busy, and goes on with the next line', () => {
    search('a*a*b', { isRegex: true });
    expect([found('slow'), found('quick')]).toEqual([null, null]);
    worker(0).reply(null);
    vi.advanceTimersByTime(1_000);
    expect(worker(0).isTerminated).toBe(true);
    expect(found('slow')).toEqual([]);
    expect(highlights.isGivenUp).toBe(true);
    worker(1).reply(null);
    expect(worker(1).requests.map(({ text }) => text)).toEqual(['quick']);
    worker(1).reply([0, 1]);
    expect(found('quick')).toEqual(['q']);
  });

  it('gives a pattern up after some lines, until another is looked for', () => {
    search('a*a*b', { isRegex: true });
    for (let line = 0; line < 60; line += 1) {
      found(`line ${line}`);
    }
    for (let index = 0; index < 3; index += 1) {
      worker(index).reply(null);
      vi.advanceTimersByTime(1_000);
    }
    expect(found('line 59')).toEqual([]);
    expect(workers.map(({ isTerminated }) => isTerminated)).toEqual([true, true, true]);
    search('b', { isRegex: true });
    expect(highlights.isGivenUp).toBe(false);
    expect(found('line 59')).toBeNull();
  });
});

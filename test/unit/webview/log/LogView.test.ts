import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { noFilter } from '../../../../src/core/logRow.ts';
import type { LogRowView, LogToHost } from '../../../../src/protocol/logView.ts';
import { LogView } from '../../../../webview/log/LogView.ts';
import type { LogPlace } from '../../../../webview/log/rememberedPlace.ts';
import { defaultSettings, type LogSettings } from '../../../../webview/log/viewerState.ts';
import { logRow, logState } from './logRows.ts';

const literal = (text: string) => ({ text, isRegex: false, matchCase: false, wholeWord: false });

/** 20 rows of 18 px. */
const height = 360;

describe('LogView', () => {
  let view: LogView;
  let sent: LogToHost[];
  let empty: boolean[];
  let remembered: LogSettings | undefined;
  let updates: number;

  const show = (settings?: Partial<LogSettings>, place?: LogPlace): void => {
    view = new LogView({
      send: (message) => {
        sent.push(message);
      },
      settings: { ...defaultSettings, times: 'off', ...settings },
      place,
      remember: () => {
        remembered = view.settings;
      },
      onEmpty: (isEmpty) => {
        empty.push(isEmpty);
      },
    });
    document.body.replaceChildren(view.element);
  };
  const frame = async (): Promise<void> => {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await new Promise((resolve) => requestAnimationFrame(resolve));
  };
  const rowsFrom = (from: number, to: number, change?: Partial<LogRowView>) =>
    Array.from({ length: to - from }, (_, index) => logRow(from + index, change));
  const grow = async (lines: number, change: Partial<ReturnType<typeof logState>> = {}): Promise<void> => {
    const from = Math.max(0, lines - 200);
    updates += 1;
    view.receive({
      type: 'logState',
      id: updates,
      state: logState(lines, change),
      tail: { from, rows: rowsFrom(from, lines), partial: [] },
    });
    await frame();
  };
  const answer = async (): Promise<void> => {
    for (const message of sent.splice(0)) {
      if (message.type === 'logRows') {
        const rows = rowsFrom(message.from, message.from + message.count);
        view.receive({ type: 'logRows', view: message.view, from: message.from, rows });
      }
    }
    await frame();
  };
  const scroller = (): HTMLElement => {
    const found = view.element.querySelector<HTMLElement>('.log-scroller');
    if (found === null) {
      throw new Error('the viewer has no rows');
    }
    return found;
  };
  const press = async (key: string, change: KeyboardEventInit = {}): Promise<void> => {
    scroller().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...change }));
    await frame();
  };
  const wheel = async (px: number): Promise<void> => {
    scroller().dispatchEvent(new WheelEvent('wheel', { deltaY: px, bubbles: true, cancelable: true }));
    await frame();
  };
  const shown = (): readonly string[] =>
    [...view.element.querySelectorAll('.log-rows .row .text')].map((text) => text.textContent ?? '');
  const button = (name: string): HTMLElement => {
    const found = view.element.querySelector<HTMLElement>(`button[aria-label^="${name}"]`);
    if (found === null) {
      throw new Error(`there is no button ${name}`);
    }
    return found;
  };
  const ofType = <T extends LogToHost['type']>(type: T) =>
    sent.filter((message): message is Extract<LogToHost, { readonly type: T }> => message.type === type);
  const goTo = async (line: string): Promise<void> => {
    await press(':');
    const input = view.element.querySelector<HTMLInputElement>('#log-go-to');
    expect(document.activeElement).toBe(input);
    if (input !== null) {
      input.value = line;
      input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    }
    await frame();
  };
  const note = (): string | undefined => view.element.querySelector('.log-note')?.textContent;
  const said = (): string | undefined => view.element.querySelector('.visually-hidden[role="status"]')?.textContent;
  const newLines = (): HTMLElement | null => view.element.querySelector('.new-lines:not([hidden])');

  beforeEach(() => {
    sent = [];
    empty = [];
    remembered = undefined;
    updates = 0;
    vi.stubGlobal(
      'ResizeObserver',
      class {
        observe(): void {}
      },
    );
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
    vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(height);
    show();
  });

  afterEach(() => {
    document.body.replaceChildren();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  it('asks for the rows that come in sight early, by few messages', { timeout: 30_000 }, async () => {
    await grow(1_000_000);
    await press('g');
    await answer();
    let messages = 0;
    for (let step = 0; step < 20; step += 1) {
      await wheel(150 * 18);
      messages += ofType('logRows').length;
      await answer();
      expect(view.element.querySelector('.row.loading')).toBeNull();
    }
    expect(messages).toBeLessThan(16);
  });

  it('shows the end of ten million lines without a question, and says when it is on the screen', async () => {
    await grow(10_000_000);
    expect(shown().at(-1)).toBe('line 9999999');
    expect(shown()).toHaveLength(20);
    expect(sent).toEqual([{ type: 'logPainted', id: 1 }]);
    expect(view.element.querySelector('.log-size')?.textContent).toContain('10,000,000 lines');
  });

  describe('shown again after it was hidden', () => {
    const before: LogPlace = {
      identity: 'one',
      top: 500,
      into: 0.5,
      cursor: 3,
      match: 7,
      opened: [{ line: 501, stream: 0 }],
    };
    const found = async (row: number): Promise<void> => {
      view.receive({ type: 'logRestored', line: 500, found: { row, line: 500 } });
      await frame();
    };

    it('goes back to the lines in sight, the cursor and the match, and opens again what was open', async () => {
      show(undefined, before);
      await grow(1_000);
      expect(view.place).toEqual(before);
      expect(ofType('logRestore')).toEqual([{ type: 'logRestore', line: 500 }]);
      await grow(1_001);
      expect(ofType('logRestore')).toHaveLength(1);
      await found(500);
      expect(ofType('logWhole')).toEqual([{ type: 'logWhole', line: 501, stream: 0 }]);
      await answer();
      expect(view.element.querySelector('.row.cursor .text')?.textContent).toBe('line 503');
      expect(view.place).toEqual(before);
    });

    it('stays at the end when the log is another, and where the person went meanwhile', async () => {
      show(undefined, before);
      await grow(1_000, { identity: '' });
      await grow(1_000, { identity: 'another', view: 2 });
      expect(ofType('logRestore')).toEqual([]);
      expect(view.place?.top).toBeNull();
      show(undefined, before);
      await grow(1_000);
      await wheel(-1_800);
      await found(500);
      expect(shown()[0]).toBe('line 880');
    });

    it('remembers where the person is', async () => {
      await grow(1_000);
      expect(view.place).toMatchObject({ identity: 'one', top: null, cursor: null });
      await wheel(-1_809);
      expect(view.place).toMatchObject({ top: 879, into: 0.5, cursor: null });
      await press('ArrowDown');
      await press('ArrowDown');
      expect(view.place).toMatchObject({ top: 879, cursor: 2 });
    });
  });

  it('reaches the first line and any other', async () => {
    await grow(10_000_000);
    await press('g');
    await answer();
    expect(shown()[0]).toBe('line 0');
    await goTo('7,654,321');
    expect(ofType('logGoTo')).toEqual([{ type: 'logGoTo', line: 7_654_320 }]);
    view.receive({ type: 'logReveal', line: 7_654_320, found: { row: 7_654_320, line: 7_654_320 } });
    await frame();
    await answer();
    expect(note()).toBeUndefined();
    expect(view.element.querySelector('.row.cursor .text')?.textContent).toBe('line 7654320');
  });

  it('leaves what was in sight before a jump until rows come, or none came for some time', async () => {
    await grow(10_000_000);
    const before = shown();
    await press('g');
    expect(shown()).toEqual(before);
    await vi.waitFor(() => {
      expect(view.element.querySelectorAll('.row.loading').length).toBeGreaterThan(0);
    });
    await answer();
    expect(shown()[0]).toBe('line 0');
    expect(view.element.querySelectorAll('.row.loading')).toHaveLength(0);
  });

  it('asks for what a turn of the wheel brings in sight before it is drawn, and leaves what was there until it comes', async () => {
    await grow(10_000_000);
    const before = shown();
    scroller().dispatchEvent(new WheelEvent('wheel', { deltaY: -18_000, bubbles: true, cancelable: true }));
    expect(ofType('logRows')).toMatchObject([{ from: 9_998_976 }]);
    await frame();
    expect(shown()).toEqual(before);
    await answer();
    expect(shown()[0]).toBe('line 9998980');
    expect(view.element.querySelectorAll('.row.loading')).toHaveLength(0);
  });

  it('shows which lines are on their way when they do not come for some time', async () => {
    await grow(10_000_000);
    await wheel(-18_000);
    await vi.waitFor(() => {
      expect(view.element.querySelectorAll('.row.loading').length).toBeGreaterThan(0);
    });
  });

  it('asks for what is in sight once somebody stops whom answers came too late for', { timeout: 30_000 }, async () => {
    await grow(10_000_000);
    for (let turn = 0; turn < 10; turn += 1) {
      await wheel(-1_000 * 18);
      await new Promise((resolve) => setTimeout(resolve, 30));
      await answer();
    }
    await wheel(-1_000 * 18);
    await answer();
    await answer();
    expect(shown()[0]).toBe(`line ${10_000_000 - 20 - 11_000}`);
  });

  it('fetches upwards what is nearest first', async () => {
    await grow(10_000_000);
    await goTo('5,000,001');
    view.receive({ type: 'logReveal', line: 5_000_000, found: { row: 5_000_000, line: 5_000_000 } });
    await frame();
    await answer();
    await wheel(-1_800);
    const ends = ofType('logRows').map(({ from, count }) => from + count);
    expect(ends.length).toBeGreaterThan(1);
    expect(ends).toEqual(ends.toSorted((one, other) => other - one));
  });

  it('fetches ahead at once when somebody goes on after a jump', async () => {
    await grow(10_000_000);
    await press('g');
    await answer();
    await wheel(1_800);
    expect(ofType('logRows').some(({ from, count }) => from <= 512 && from + count > 600)).toBe(true);
  });

  it('goes to a line of the log while a filter is on, and says when it is hidden', async () => {
    const filter = { ...noFilter, levels: ['error'] as const };
    await grow(10_000, { filter, rows: 1_000 });
    await goTo('500');
    expect(ofType('logGoTo')).toEqual([{ type: 'logGoTo', line: 499 }]);
    view.receive({ type: 'logReveal', line: 499, found: { row: 50, line: 511 } });
    await frame();
    expect(note()).toBe('line 500 is not shown, the next is 512');
    expect(view.element.querySelector('[role="status"]')?.textContent).toContain('line 500 is not shown');
    await answer();
    expect(view.element.querySelector('.row.cursor .text')?.textContent).toBe('line 50');
    await press('ArrowDown');
    expect(note()).toBeUndefined();
    view.receive({ type: 'logReveal', line: 9_999, found: { row: 999, line: 9_000 } });
    await frame();
    expect(note()).toBe('line 10,000 is not shown, the last is 9,001');
    view.receive({ type: 'logReveal', line: 0, found: null });
    await frame();
    expect(note()).toBe('line 1 is not shown');
    await grow(10_000, { view: 2 });
    expect(note()).toBeUndefined();
  });

  it('says the line that the cursor goes to, what it is beside its text, and one that comes later once it is there', async () => {
    const changes: readonly Partial<LogRowView>[] = [
      { text: 'Epoch 1\u001b[0m' },
      { text: '', gap: 'the node had rotated the log' },
      { text: '', gap: 'these lines arrived late', gapCause: 'late' },
      { text: 'RuntimeError: out of memory', level: 'error' },
      { text: '\u001b[33mslow\u001b[0m disk', level: 'warning' },
      { text: '  ' },
    ];
    const rows = changes.map((change, line) => logRow(line, change));
    view.receive({ type: 'logState', id: 1, state: logState(rows.length), tail: { from: 0, rows, partial: [] } });
    await frame();
    const heard: (string | undefined)[] = [];
    for (const _row of rows) {
      await press('ArrowUp');
      heard.unshift(said());
    }
    expect(heard).toEqual([
      'Epoch 1',
      'Gap: the node had rotated the log',
      'these lines arrived late',
      'error: RuntimeError: out of memory',
      'warning: slow disk',
      'blank',
    ]);
    await grow(10_000_000);
    view.receive({ type: 'logReveal', line: 5_000, found: { row: 5_000, line: 5_000 } });
    await frame();
    expect(said()).not.toContain('line 5000');
    await answer();
    expect(said()).toBe('line 5000');
  });

  it('lets go of the end on any way up, counts what comes, and returns', async () => {
    await grow(1_000);
    await wheel(-54);
    const before = shown();
    await grow(2_204);
    expect(shown()).toEqual(before);
    expect(newLines()?.textContent).toBe('1,204 new lines');
    newLines()?.click();
    await frame();
    expect(shown().at(-1)).toBe('line 2203');
    expect(newLines()).toBeNull();
    await press('ArrowUp');
    await grow(2_205);
    expect(newLines()?.textContent).toBe('1 new line');
    await press('End');
    expect(shown().at(-1)).toBe('line 2204');
  });

  it('shows lines from the end before they are counted, and keeps its place once they are', async () => {
    show({ numbers: true });
    const tail = {
      from: null,
      rows: rowsFrom(0, 200).map((row) => ({ ...row, line: -1, text: `tail ${row.line}` })),
      partial: [],
    };
    view.receive({ type: 'logState', id: 1, state: logState(0, { counted: false, rows: 0 }), tail });
    await frame();
    expect(shown().at(-1)).toBe('tail 199');
    expect(view.element.querySelector('.row .number')?.textContent).toBe('?');
    await wheel(-36);
    await grow(50_000);
    expect(shown()[0]).toBe('line 49978');
  });

  it('leaves answers to a view of before out', async () => {
    await grow(1_000);
    await grow(1_000, { view: 2, rows: 500 });
    view.receive({ type: 'logRows', view: 1, from: 0, rows: rowsFrom(0, 256, { text: 'stale' }) });
    await press('g');
    expect(shown().filter((text) => text === 'stale')).toEqual([]);
  });

  it('searches for what is typed and goes to the first match', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await grow(1_000);
      await press('/');
      const input = view.element.querySelector<HTMLInputElement>('#log-find');
      expect(document.activeElement).toBe(input);
      for (const text of ['l', 'lo', 'loss']) {
        if (input !== null) {
          input.value = text;
          input.dispatchEvent(new InputEvent('input', { bubbles: true }));
        }
      }
      vi.runAllTimers();
    } finally {
      vi.useRealTimers();
    }
    const asked = ofType('logFind');
    expect(asked).toEqual([
      { type: 'logFind', id: 1, query: { text: 'loss', isRegex: false, matchCase: false, wholeWord: false } },
    ]);
    expect(remembered?.query.text).toBe('loss');
    view.receive({
      type: 'logFound',
      find: { id: 1, done: true, matches: 1_204, problem: null, isPartial: false, ruler: [1, 2] },
    });
    expect(ofType('logFindStep')).toEqual([{ type: 'logFindStep', row: 1_000, backward: true }]);
    view.receive({ type: 'logStep', row: 990, position: 2 });
    await frame();
    expect(view.element.querySelector('.log-matches')?.textContent).toBe('3 of 1,204');
    expect(view.element.querySelector('.row.cursor .text')?.textContent).toBe('line 990');
    await press('N');
    expect(ofType('logFindStep').at(-1)).toEqual({ type: 'logFindStep', row: 990, backward: true });
    await press('Escape');
    expect(view.element.querySelector('#log-find')).toBeNull();
  });

  it('goes to the next error and traceback', async () => {
    await grow(1_000);
    await press('g');
    await press('e');
    await press('T', { shiftKey: true });
    expect(ofType('logMarkStep')).toEqual([
      { type: 'logMarkStep', kind: 'error', row: -1, backward: false },
      { type: 'logMarkStep', kind: 'failure', row: 20, backward: true },
    ]);
  });

  it('selects lines that are not loaded, and copies them', async () => {
    await grow(1_000_000);
    await press('a', { ctrlKey: true });
    await press('c', { ctrlKey: true });
    expect(ofType('logCopy')).toEqual([{ type: 'logCopy', from: 0, to: 999_999, numbers: false }]);
    await press('g');
    await answer();
    await press('ArrowDown');
    await press('PageDown', { shiftKey: true });
    await press('PageDown', { shiftKey: true });
    await press('c', { ctrlKey: true });
    button('More').click();
    await frame();
    const item = [...view.element.querySelectorAll('.log-menu button')].find(({ textContent }) =>
      textContent.includes('Copy selected lines with numbers'),
    );
    item?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    expect(ofType('logCopy')).toEqual([
      { type: 'logCopy', from: 0, to: 38, numbers: false },
      { type: 'logCopy', from: 0, to: 38, numbers: true },
    ]);
  });

  it('leaves rows in sight until they come again with their links', async () => {
    show();
    await grow(10_000);
    await press('g');
    await answer();
    const before = shown();
    expect(before).toContain('line 0');
    await grow(10_000, { view: 2 });
    await frame();
    expect(shown()).toEqual(before);
    expect(view.element.querySelector('.row.loading')).toBeNull();
    for (const { from, count } of ofType('logRows').filter((message) => message.view === 2)) {
      const links = [{ start: 0, end: 4, path: 'train.py', line: 1 }];
      view.receive({ type: 'logRows', view: 2, from, rows: rowsFrom(from, from + count, { links }) });
    }
    await frame();
    expect(view.element.querySelectorAll('.log-rows .target').length).toBeGreaterThan(0);
    expect(shown()).toEqual(before);
  });

  it('keeps the cursor when the same rows come again with their links', async () => {
    await grow(1_000);
    await press('g');
    await answer();
    await press('ArrowDown');
    await press('ArrowDown');
    await grow(1_000, { view: 2 });
    await answer();
    expect(view.element.querySelector('.row.cursor .text')?.textContent).toBe('line 1');
  });

  it('copies the line at the cursor when nothing is selected', async () => {
    await grow(1_000);
    await press('g');
    await answer();
    await press('ArrowDown');
    await press('ArrowDown');
    await press('c', { ctrlKey: true });
    expect(ofType('logCopy')).toEqual([{ type: 'logCopy', from: 1, to: 1, numbers: false }]);
  });

  it('opens no line for its match before it is drawn', async () => {
    show({ findOpen: true, query: { text: 'loss', isRegex: false, matchCase: false, wholeWord: false } });
    view.restore();
    await grow(100_000);
    const give = (from: number, to: number): void => {
      const rows = rowsFrom(from, to, { cutBytes: 9, text: 'loss 0.1 and so on' });
      view.receive({ type: 'logRows', view: 1, from, rows });
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      view.receive({ type: 'logStep', row: 5_000, position: 7 });
      await frame();
      // Others in sight are still on their way, so that what was in sight stays.
      give(5_000, 5_001);
      await frame();
      expect(view.element.querySelector('.row.cursor')).toBeNull();
      expect(ofType('logWhole')).toEqual([]);
      give(4_900, 5_100);
      await frame();
      expect(view.element.querySelector('.row.cursor .found')?.textContent).toBe('loss');
      expect(ofType('logWhole')).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('tells of no position among matches that are counted anew', async () => {
    show({ findOpen: true, query: literal('line') });
    view.restore();
    await grow(1_000);
    const counted = async (matches: number): Promise<void> => {
      view.receive({
        type: 'logFound',
        find: { id: 1, done: true, matches, problem: null, isPartial: false, ruler: [] },
      });
      await frame();
    };
    const matches = (): string | undefined => view.element.querySelector('.log-matches')?.textContent;
    await counted(1_000);
    view.receive({ type: 'logStep', row: 999, position: 999 });
    await frame();
    expect(matches()).toBe('1,000 of 1,000');
    await grow(2, { generation: 2, view: 2 });
    await counted(2);
    expect(matches()).toBe('2 lines');
    view.receive({ type: 'logStep', row: 1, position: 1 });
    await frame();
    expect(matches()).toBe('2 of 2');
    await grow(2, { generation: 2, view: 3, rows: 1, filter: { ...noFilter, include: literal('1') } });
    await counted(1);
    expect(matches()).toBe('1 line');
  });

  it('tells of a pattern that is none at the box it is in', async () => {
    const broken = { ...literal('('), isRegex: true };
    show({ filterOpen: true, filter: { ...noFilter, include: literal('a'), exclude: broken } });
    await grow(10, { filterProblem: 'Invalid regular expression' });
    const attribute = (id: string) => view.element.querySelector(`#${id}`)?.getAttribute('aria-invalid');
    expect([attribute('log-include'), attribute('log-exclude')]).toEqual(['false', 'true']);
  });

  it('shows where groups of lines around matches are apart', async () => {
    const filter = { ...noFilter, include: literal('x'), context: 1 };
    const rows = [3, 4, 5, 9, 10, 11].map((line) => logRow(line));
    const tail = { from: 0, rows, partial: [] };
    view.receive({ type: 'logState', id: 1, state: logState(20, { rows: 6, filter }), tail });
    await frame();
    const apart = (): readonly string[] =>
      [...view.element.querySelectorAll('.row.apart .text')].map(({ textContent }) => textContent ?? '');
    expect(apart()).toEqual(['line 9']);
    const other = { ...filter, context: 0 };
    view.receive({ type: 'logState', id: 2, state: logState(20, { view: 2, rows: 6, filter: other }), tail });
    await frame();
    expect(apart()).toEqual([]);
  });

  it('says when there is no such line', async () => {
    await grow(2_000);
    view.receive({ type: 'logReveal', line: 999_998, found: { row: 1_999, line: 1_999 } });
    await frame();
    expect(note()).toBe('there is no line 999,999, the last is 2,000');
  });

  it('folds a bar to its last version and shows all of them when asked', async () => {
    const bar = logRow(0, { text: '100%', rewrites: 120 });
    view.receive({ type: 'logState', id: 1, state: logState(1), tail: { from: 0, rows: [bar], partial: [] } });
    await frame();
    const fold = view.element.querySelector<HTMLElement>('.expand');
    expect(fold?.textContent).toBe('⟳ 120 updates');
    fold?.click();
    expect(ofType('logWhole')).toEqual([{ type: 'logWhole', line: 0, stream: 0 }]);
    view.receive({ type: 'logWhole', line: 0, stream: 0, text: '0%\r50%\r100%', cutBytes: 0, cutAt: 'end' });
    await frame();
    expect([...view.element.querySelectorAll('.whole > div')].map((version) => version.textContent)).toEqual([
      '0%',
      '50%',
      '100%',
    ]);
    view.element.querySelector<HTMLElement>('.expand')?.click();
    await frame();
    expect(shown()).toEqual(['100%']);
  });

  it('shows all of a line that is not complete, keeps it up to date, and closes it when it is complete', async () => {
    const living = async (percent: number): Promise<void> => {
      const bar = logRow(-1, { text: `${percent}%`, rewrites: percent, stream: 1 });
      const tail = { from: 0, rows: rowsFrom(0, 2), partial: [bar] };
      view.receive({ type: 'logState', id: percent, state: logState(2), tail });
      await frame();
    };
    const whole = async (...versions: readonly string[]): Promise<void> => {
      view.receive({
        type: 'logWhole',
        line: -1,
        stream: 1,
        text: versions.join('\n'),
        cutBytes: 2_000_000,
        cutAt: 'start',
      });
      await frame();
    };
    await living(1);
    view.element.querySelector<HTMLElement>('.expand')?.click();
    expect(ofType('logWhole')).toEqual([{ type: 'logWhole', line: -1, stream: 1 }]);
    await whole('0%', '1%');
    const cut = '… 2 MB before this: save the log to see it';
    expect(shown()).toEqual(['line 0', 'line 1', `${cut}0%1%`]);
    await living(2);
    await vi.waitFor(() => {
      expect(ofType('logWhole')).toHaveLength(2);
    });
    await whole('0%', '1%', '2%');
    expect(shown().at(-1)).toBe(`${cut}0%1%2%`);
    await grow(3);
    expect(shown()).toEqual(['line 0', 'line 1', 'line 2']);
    await living(3);
    expect(shown().at(-1)).toBe('3%');
  });

  it('shortens the folder of a frame to what can be told apart, and keeps the real text to be copied', async () => {
    const folder = '/home/me/.vscode/data/aloft/local/runs/01M8C857XXGFBXF52THXAJZVNG/code/';
    const texts = [
      `File "${folder}src/train.py", line 3`,
      'File "/short/train.py", line 3',
      `File "${folder}other.py"`,
    ];
    const rows = texts.map((text, line) =>
      logRow(line, {
        text,
        links: [{ start: 6, end: text.lastIndexOf('"'), path: line === 1 ? 'train.py' : 'src/train.py', line: 3 }],
      }),
    );
    view.receive({ type: 'logState', id: 1, state: logState(3), tail: { from: 0, rows, partial: [] } });
    await frame();
    expect(shown()).toEqual(texts);
    const folders = [...view.element.querySelectorAll<HTMLElement>('.folder')];
    expect(folders.map(({ textContent, dataset }) => [textContent, dataset['seen']])).toEqual([[folder, '…/']]);
    expect(view.element.querySelector<HTMLElement>('.target')?.title).toBe(`src/train.py:3\n${folder}src/train.py`);
  });

  it('opens links by click and by key', async () => {
    const row = logRow(0, {
      text: 'File "train.py" https://a.b/c',
      links: [{ start: 6, end: 14, path: 'train.py', line: 88 }],
    });
    view.receive({ type: 'logState', id: 1, state: logState(1), tail: { from: 0, rows: [row], partial: [] } });
    await frame();
    view.element.querySelector<HTMLElement>('[data-url]')?.click();
    await press('ArrowUp');
    await press('Enter');
    expect(ofType('logOpenLink')).toEqual([{ type: 'logOpenLink', url: 'https://a.b/c' }]);
    expect(ofType('logOpenFile')).toEqual([{ type: 'logOpenFile', path: 'train.py', line: 88 }]);
  });

  it('turns what a hostile line says into text and nothing else', async () => {
    const text =
      '<img src=x onerror=alert(1)>\u001b]8;;javascript:alert(1)\u0007<a href=x>\u001b]8;;\u0007\u001b[31m<script>';
    view.receive({
      type: 'logState',
      id: 1,
      state: logState(1),
      tail: { from: 0, rows: [logRow(0, { text })], partial: [] },
    });
    await frame();
    const line = view.element.querySelector('.row .text');
    expect(line?.textContent).toBe('<img src=x onerror=alert(1)><a href=x><script>');
    expect([...(line?.querySelectorAll('*') ?? [])].every(({ tagName }) => tagName === 'SPAN')).toBe(true);
  });

  it('sends the filter once typing rests, and shows everything again when it is closed', async () => {
    await grow(1_000);
    await press('f');
    expect(ofType('logFilter')).toEqual([]);
    const input = view.element.querySelector<HTMLInputElement>('#log-exclude');
    if (input !== null) {
      input.value = 'debug';
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }
    await vi.waitFor(() => {
      expect(ofType('logFilter')).toHaveLength(1);
    });
    expect(ofType('logFilter')[0]).toMatchObject({ filter: { exclude: { text: 'debug' }, include: null } });
    await press('f');
    await vi.waitFor(() => {
      expect(ofType('logFilter').at(-1)).toEqual({ type: 'logFilter', filter: null });
    });
  });

  it('narrows to some streams and to a stretch of time, and says so where these are chosen', async () => {
    const time = new Date(2026, 10, 26, 14, 5).getTime();
    const streams = ['stdout', 'stderr'].map((name) => ({ name, task: 0, node: 0 }));
    const rows = rowsFrom(0, 10, { time });
    view.receive({ type: 'logState', id: 1, state: logState(10, { streams }), tail: { from: 0, rows, partial: [] } });
    await frame();
    await press('f');
    const choice = (label: string): HTMLElement | undefined =>
      [...view.element.querySelectorAll<HTMLElement>('.choice')].find(({ textContent }) =>
        textContent?.startsWith(label),
      );
    const fields = (type: string) => [...view.element.querySelectorAll<HTMLInputElement>(`input[type="${type}"]`)];
    choice('Streams')?.click();
    await frame();
    fields('checkbox')[1]?.click();
    await frame();
    choice('Time')?.click();
    await frame();
    const [from, to] = fields('datetime-local');
    for (const [field, value] of [
      [from, '2026-11-26T14:05:00'],
      [to, '2026-11-26T14:06:00'],
    ] as const) {
      if (field !== undefined) {
        field.value = value;
        field.dispatchEvent(new Event('change', { bubbles: true }));
      }
      await frame();
    }
    await vi.waitFor(() => {
      expect(ofType('logFilter').at(-1)).toEqual({
        type: 'logFilter',
        filter: { ...noFilter, streams: [1], from: time, to: time + 60_999 },
      });
    });
    expect(choice('Streams')?.textContent).toContain('stderr');
    expect(choice('Time')?.classList.contains('narrowed')).toBe(true);
  });

  it('keeps the line at the cursor in sight when the filter is taken away', async () => {
    const filter = { ...defaultSettings.filter, levels: ['error' as const] };
    show({ filterOpen: true, filter });
    const errors = { view: 2, filter, rows: 100 };
    updates += 1;
    const rows = rowsFrom(0, 100).map((row) => ({ ...row, line: row.line * 10 }));
    view.receive({
      type: 'logState',
      id: updates,
      state: logState(1_000, errors),
      tail: { from: 0, rows, partial: [] },
    });
    await frame();
    await press('g');
    await press('ArrowDown');
    for (let times = 0; times < 30; times += 1) {
      await press('ArrowDown');
    }
    await press('f');
    await vi.waitFor(() => {
      expect(ofType('logFilter').at(-1)).toEqual({ type: 'logFilter', filter: null });
    });
    await grow(1_000, { view: 3 });
    await answer();
    expect(view.element.querySelector('.row.cursor .text')?.textContent).toBe('line 300');
  });

  it('tells an extension that begins anew what was searched for and filtered by', () => {
    const query = { text: 'loss', isRegex: false, matchCase: false, wholeWord: false };
    const filter = { ...defaultSettings.filter, ranks: [3] };
    show({ findOpen: true, query, filterOpen: true, filter });
    view.restore();
    expect(sent).toEqual([
      { type: 'logFind', id: 1, query },
      { type: 'logFilter', filter },
    ]);
  });

  it('says when there is nothing to show', async () => {
    await grow(0);
    await grow(1);
    await grow(0, { problem: 'The file is gone.' });
    expect(empty).toEqual([true, false, false]);
    expect(view.element.querySelector('.log-status')?.textContent).toBe('The file is gone.');
  });
});

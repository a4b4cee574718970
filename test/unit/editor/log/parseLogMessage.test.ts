import { describe, expect, test } from 'vitest';

import { parseLogMessage, parseLogPageMessage } from '../../../../src/editor/log/parseLogMessage.ts';

const query = { text: 'loss', isRegex: false, matchCase: false, wholeWord: false };
const filter = {
  include: query,
  exclude: null,
  context: 2,
  levels: ['error'],
  streams: null,
  ranks: [0, 3],
  from: null,
  to: null,
};

describe('messages of a log viewer', () => {
  test.each([
    { type: 'logPainted', id: 1 },
    { type: 'logRows', view: 2, from: 0, count: 256 },
    { type: 'logFind', id: 1, query },
    { type: 'logFind', id: 1, query: null },
    { type: 'logFindStep', row: -1, backward: true },
    { type: 'logMarkStep', kind: 'failure', row: 0, backward: false },
    { type: 'logGoTo', line: 0 },
    { type: 'logFilter', filter },
    { type: 'logCopy', from: 0, to: 9, numbers: true },
    { type: 'logOpenFile', path: 'train.py', line: 3 },
    { type: 'logExport', what: 'view' },
  ])('are taken as they are: %j', (message) => {
    expect(parseLogMessage(message)).toEqual(message);
  });

  test.each([
    undefined,
    null,
    'logRows',
    {},
    { type: 'logRows', view: 2, from: -1, count: 256 },
    { type: 'logRows', view: 2, from: 0.5, count: 256 },
    { type: 'logFind', id: 1, query: { ...query, text: 'x'.repeat(20_000) } },
    { type: 'logFilter', filter: { ...filter, levels: ['fatal'] } },
    { type: 'logFilter', filter: { ...filter, context: 1e9 } },
    { type: 'logGoTo', line: -1 },
    { type: 'logExport', what: '/etc/passwd' },
    { type: 'ready' },
  ])('are refused when they are none: %j', (message) => {
    expect(parseLogMessage(message)).toBeUndefined();
  });

  test('of its page, begin with one that it is ready', () => {
    expect(parseLogPageMessage({ type: 'ready' })).toEqual({ type: 'ready' });
    expect(parseLogPageMessage({ type: 'logPainted', id: 1 })).toEqual({ type: 'logPainted', id: 1 });
    expect(parseLogPageMessage({ type: 'tab', tab: 'metrics' })).toEqual({ type: 'tab', tab: 'metrics' });
    expect(parseLogPageMessage({ type: 'metricsCompare' })).toEqual({ type: 'metricsCompare' });
    expect(parseLogPageMessage({ type: 'tab', tab: 'files' })).toBeUndefined();
    expect(parseLogPageMessage({ type: 'cancel' })).toBeUndefined();
  });
});

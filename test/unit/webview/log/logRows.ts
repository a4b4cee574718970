import type { LogRowView, LogState } from '../../../../src/protocol/logView.ts';

export function logRow(line: number, change: Partial<LogRowView> = {}): LogRowView {
  return {
    line,
    stream: 0,
    time: null,
    text: `line ${line}`,
    cutBytes: 0,
    rewrites: 0,
    gap: null,
    level: null,
    links: [],
    ...change,
  };
}

export function logState(lines: number, change: Partial<LogState> = {}): LogState {
  return {
    identity: 'one',
    generation: 1,
    lines,
    counted: true,
    bytes: lines * 100,
    truth: 'following',
    gaps: [],
    streams: [{ name: 'stdout', task: 0, node: 0 }],
    ranks: [],
    startedAt: null,
    writtenAt: null,
    problem: null,
    view: 1,
    filter: null,
    rows: lines,
    filtering: false,
    filterProblem: null,
    ...change,
  };
}

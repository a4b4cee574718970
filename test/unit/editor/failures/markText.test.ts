import { describe, expect, it } from 'vitest';

import {
  frameText,
  headline,
  hoverCommands,
  hoverText,
  inlineText,
  problemText,
} from '../../../../src/editor/failures/markText.ts';
import { mark } from './failureParts.ts';

const endedAt = mark().run.endedAt;

describe('what is said of a failure', () => {
  it('is its type and the first line of its message', () => {
    expect(headline(mark({ message: '\n\nshape mismatch\nmore' }))).toBe('RuntimeError: shape mismatch');
    expect(headline(mark({ message: '' }))).toBe('RuntimeError');
    expect(headline(mark({ type: 'Check failed', message: 'Check failed: n > 0' }))).toBe('Check failed: n > 0');
  });

  it('tells how long ago it was, in rough words', () => {
    expect(inlineText(mark(), endedAt + 1_000)).toBe('RuntimeError: shape mismatch · run train.py, just now');
    expect(inlineText(mark(), endedAt + 180_000)).toBe('RuntimeError: shape mismatch · run train.py, 3 min ago');
    expect(inlineText(mark(), endedAt + 2 * 3_600_000)).toBe('RuntimeError: shape mismatch · run train.py, 2 h ago');
  });

  it('names the run in the Problems view, and says when the line is another one by now', () => {
    expect(problemText(mark(), true)).toBe('run train.py failed here: RuntimeError: shape mismatch');
    expect(problemText(mark(), false)).toMatch(/shape mismatch \(this line was changed since\)$/u);
    expect(mark().frames.map((frame) => frameText(mark(), frame))).toEqual([
      'in project, in run train.py',
      'called from here in run train.py',
    ]);
  });

  it('has links for the frames, the log, the comparison and to clear it, and no others', () => {
    const { title, error, actions } = hoverText(mark(), endedAt, true);
    expect(title).toBe('$(error) Run ` train.py ` failed here, just now.');
    expect(error).toBeNull();
    expect(hoverText(mark({ message: 'shape mismatch\nat layer 3' }), endedAt, true).error).toBe(
      '```text\nRuntimeError: shape mismatch\nat layer 3\n```',
    );
    const commands = [...actions.matchAll(/\(command:([\w.]+)\?/gu)].map((match) => match[1]);
    expect(commands).toEqual([
      'aloft.openFrame',
      'aloft.openFrame',
      'aloft.openJob',
      'aloft.compareWithRun',
      'aloft.clearFailureMarks',
    ]);
    expect(commands.filter((command) => !hoverCommands.some((allowed) => allowed === command))).toEqual([]);
  });

  it('keeps what the run printed away from the links', () => {
    const injected = '](command:aloft.deleteJob?[]) `$(error)` [x](https://example.org)';
    const place = { path: 'model/layers.py', line: 10, function: injected, logLine: 7 };
    const shown = hoverText(
      mark({ type: injected, message: `\`\`\`\n${injected}`, place, frames: [place] }),
      endedAt,
      true,
    );
    expect(shown.title).not.toContain('deleteJob');
    expect(shown.error).toMatch(/^````text\n/u);
    expect(shown.actions).toContain('` ](command:aloft.deleteJob?[])');
    expect(shown.actions.replaceAll(/`[^`]*`/gu, '')).not.toContain('deleteJob');
  });
});

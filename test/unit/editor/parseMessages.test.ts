import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseFormMessage, parsePanelMessage, parsePanelState } from '../../../src/editor/parseMessages.ts';
import type { PanelToHost } from '../../../src/protocol/jobPanel.ts';
import { emptyDraft, type FormToHost } from '../../../src/protocol/submitForm.ts';
import { runId } from '../../fixtures/editor/jobs.ts';

const formMessages: readonly FormToHost[] = [
  { type: 'ready' },
  { type: 'draft', draft: emptyDraft, revision: 3 },
  { type: 'submit', draft: emptyDraft },
  { type: 'cancelSubmit' },
  { type: 'preview', draft: emptyDraft },
  { type: 'reset' },
  { type: 'refreshOffers' },
  { type: 'includeFile', path: '.env', include: true },
  { type: 'setSecret', name: 'TOKEN' },
  { type: 'resolveBlocked' },
];

const panelMessages: readonly PanelToHost[] = [
  { type: 'ready' },
  { type: 'tab', tab: 'details' },
  { type: 'logPainted', id: 7 },
  { type: 'cancel' },
  { type: 'submitAgain' },
  { type: 'copyRunId' },
  { type: 'reveal' },
  { type: 'refreshFiles' },
  { type: 'download', paths: ['a', 'b'] },
  { type: 'openFile', path: 'a' },
];

interface Parser {
  readonly name: string;
  readonly parse: (message: unknown) => FormToHost | PanelToHost | undefined;
  readonly messages: readonly (FormToHost | PanelToHost)[];
}

const parsers: readonly Parser[] = [
  { name: 'parseFormMessage', parse: parseFormMessage, messages: formMessages },
  { name: 'parsePanelMessage', parse: parsePanelMessage, messages: panelMessages },
];

describe.each(parsers)('$name', ({ parse, messages }) => {
  it.each(messages)('understands $type', (message) => {
    expect(parse(structuredClone(message))).toEqual(message);
  });

  it('takes nothing over that the message does not have', () => {
    for (const message of messages) {
      expect(parse({ ...message, extra: 'x' })).toEqual(message);
    }
  });

  it('drops what it does not understand', () => {
    fc.assert(
      fc.property(fc.anything(), (message) => {
        expect(parse(message)).toBeUndefined();
      }),
    );
  });

  it('makes a sound message of a known type with nonsense in it, or drops it', () => {
    const types = messages.map(({ type }) => type);
    const hostile = fc.record(
      {
        type: fc.constantFrom(...types),
        draft: fc.anything(),
        revision: fc.anything(),
        path: fc.anything(),
        include: fc.anything(),
        name: fc.anything(),
        tab: fc.anything(),
        id: fc.anything(),
        paths: fc.anything(),
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(hostile, (message) => {
        const parsed = parse(message);
        if (parsed !== undefined) {
          const sound = messages.find(({ type }) => type === parsed.type);
          expect(shape(parsed)).toEqual(shape(sound));
        }
      }),
    );
  });
});

/** The fields of a message with the types of their values. */
function shape(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key, shape(field)]))
    : Array.isArray(value)
      ? 'array'
      : typeof value;
}

describe('parsePanelState', () => {
  it('gives back a run id and a tab', () => {
    expect(parsePanelState({ runId, tab: 'files' })).toEqual({ runId, tab: 'files' });
    expect(parsePanelState({ runId, tab: 'nonsense' })).toEqual({ runId, tab: 'log' });
  });

  it('is undefined for anything else', () => {
    expect(parsePanelState({ runId: '../../etc' })).toBeUndefined();
    fc.assert(
      fc.property(fc.anything(), (state) => {
        expect(parsePanelState(state)).toBeUndefined();
      }),
    );
  });
});

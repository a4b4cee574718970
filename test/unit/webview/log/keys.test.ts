import { describe, expect, it } from 'vitest';

import { commandElsewhere, commandOf } from '../../../../webview/log/keys.ts';

const key = (name: string, ...modifiers: ('ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey')[]) => ({
  key: name,
  ctrlKey: modifiers.includes('ctrlKey'),
  metaKey: modifiers.includes('metaKey'),
  shiftKey: modifiers.includes('shiftKey'),
  altKey: modifiers.includes('altKey'),
});

describe('commandOf', () => {
  it('knows the keys of less', () => {
    expect(commandOf(key('/'))).toEqual({ kind: 'find' });
    expect(commandOf(key('n'))).toEqual({ kind: 'match', backward: false });
    expect(commandOf(key('N', 'shiftKey'))).toEqual({ kind: 'match', backward: true });
    expect(commandOf(key('g'))).toEqual({ kind: 'start' });
    expect(commandOf(key('G', 'shiftKey'))).toEqual({ kind: 'end' });
    expect(commandOf(key(' '))).toEqual({ kind: 'page', pages: 1 });
    expect(commandOf(key(' ', 'shiftKey'))).toEqual({ kind: 'page', pages: -1 });
    expect(commandOf(key('d'))).toEqual({ kind: 'page', pages: 0.5 });
    expect(commandOf(key('u'))).toEqual({ kind: 'page', pages: -0.5 });
    expect(commandOf(key('F', 'shiftKey'))).toEqual({ kind: 'end' });
    expect(commandOf(key(':', 'shiftKey'))).toEqual({ kind: 'goTo' });
  });

  it('knows the keys of the editor', () => {
    expect(commandOf(key('f', 'ctrlKey'))).toEqual({ kind: 'find' });
    expect(commandOf(key('f', 'metaKey'))).toEqual({ kind: 'find' });
    expect(commandOf(key('F3', 'shiftKey'))).toEqual({ kind: 'match', backward: true });
    expect(commandOf(key('End', 'ctrlKey', 'shiftKey'))).toEqual({ kind: 'selectTo', edge: 'end' });
    expect(commandOf(key('PageDown', 'shiftKey'))).toEqual({ kind: 'select', rows: 0, pages: 1 });
    expect(commandOf(key('z', 'altKey'))).toEqual({ kind: 'wrap' });
  });

  it('leaves the rest to VS Code', () => {
    expect(commandOf(key('p', 'ctrlKey'))).toBeUndefined();
    expect(commandOf(key('F', 'ctrlKey', 'shiftKey'))).toBeUndefined();
    expect(commandOf(key('ArrowDown', 'altKey'))).toBeUndefined();
    expect(commandOf(key('x'))).toBeUndefined();
  });

  it('takes no letter from who types', () => {
    expect(commandElsewhere(key('n'))).toBeUndefined();
    expect(commandElsewhere(key('a', 'ctrlKey'))).toBeUndefined();
    expect(commandElsewhere(key('F3'))).toEqual({ kind: 'match', backward: false });
    expect(commandElsewhere(key('f', 'ctrlKey'))).toEqual({ kind: 'find' });
  });
});

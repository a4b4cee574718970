import { render } from 'preact';
import { act } from 'preact/test-utils';
import { beforeEach, describe, expect, it } from 'vitest';

import type { JobOption } from '../../../src/core/provider.ts';
import { emptyDraft, type FormDraft, type FormState } from '../../../src/protocol/submitForm.ts';
import { OptionFields } from '../../../webview/submit/OptionFields.tsx';
import { usePage } from './page.ts';

const queue: JobOption = {
  name: 'queue',
  label: 'Queue',
  help: 'Which queue it waits in.',
  choices: [
    { value: 'batch', description: 'up to 3 days' },
    { value: 'debug', description: 'up to 1 hour' },
  ],
  mayType: false,
  fallback: 'batch',
};
const account: JobOption = { ...queue, name: 'account', label: 'Account', mayType: true, fallback: null };
const comment: JobOption = { ...account, name: 'comment', label: 'Comment', choices: [], fallback: 'nothing' };

const page = usePage();
let draft: FormDraft;
let state: Partial<FormState>;
let refreshed = 0;

const whole = (): FormState => ({
  draft,
  revision: 0,
  activeFile: null,
  folder: null,
  connections: [],
  removedConnection: null,
  silent: [],
  accelerators: null,
  acceleratorsError: null,
  options: { options: [queue, account, comment], isAsking: false, problem: null },
  problems: [],
  cost: null,
  upload: { kind: 'none' },
  submission: { kind: 'idle' },
  storedSecrets: [],
  interpreter: null,
  blocked: null,
  ...state,
});

function draw(): void {
  void act(() => {
    render(
      <OptionFields
        state={whole()}
        place="lab"
        edit={(part) => {
          draft = { ...draft, ...part };
          draw();
        }}
        refresh={() => {
          refreshed += 1;
        }}
      />,
      page.root,
    );
  });
}

function input(name: string): HTMLInputElement {
  const found = page.root.querySelector<HTMLInputElement>(`[id="field-options.${name}"]`);
  if (found === null) {
    throw new Error(`no field ${name}`);
  }
  return found;
}

function press(element: HTMLElement, key: string): void {
  void act(() => {
    element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  });
}

function type(element: HTMLInputElement, text: string): void {
  void act(() => {
    element.value = text;
    element.dispatchEvent(new InputEvent('input', { bubbles: true }));
  });
}

const rows = (): readonly string[] =>
  [...page.root.querySelectorAll('[role="option"]')].map((row) => row.querySelector('.picker-name')?.textContent ?? '');
const chosen = (): Readonly<Record<string, string>> => draft.options['lab-1'] ?? {};

beforeEach(() => {
  Element.prototype.scrollIntoView = () => undefined;
  draft = { ...emptyDraft, connection: 'lab-1' };
  state = {};
  refreshed = 0;
  draw();
});

describe('the options of a connection', () => {
  it('are fields with what they fall back to and what they are for', () => {
    expect(page.root.querySelector('summary')?.textContent).toBe('Options of lab');
    expect(input('queue').placeholder).toBe('batch');
    expect(input('account').placeholder).toBe('none');
    expect(page.root.textContent).toContain('Which queue it waits in.');
  });

  it('are chosen with the keyboard alone, and can be taken back', () => {
    press(input('queue'), 'ArrowDown');
    expect(rows()).toEqual(['Default', 'batch', 'debug']);
    press(input('queue'), 'ArrowDown');
    press(input('queue'), 'ArrowDown');
    press(input('queue'), 'ArrowDown');
    press(input('queue'), 'Enter');
    expect(chosen()).toEqual({ queue: 'debug' });
    expect(input('queue').value).toBe('debug');
    expect(rows()).toEqual([]);
    expect(page.root.querySelector('summary')?.textContent).toContain('1 set');
    press(input('queue'), 'ArrowDown');
    press(input('queue'), 'ArrowUp');
    press(input('queue'), 'ArrowUp');
    press(input('queue'), 'Enter');
    expect(chosen()).toEqual({ queue: '' });
  });

  it('are narrowed by typing; what is not in the list counts only where it may be typed', () => {
    type(input('queue'), '1 hour');
    expect(rows()).toEqual(['debug']);
    expect(chosen()).toEqual({});
    press(input('queue'), 'Escape');
    expect(input('queue').value).toBe('');
    type(input('account'), 'mine');
    expect(chosen()).toEqual({ account: 'mine' });
    expect(rows()).toEqual([]);
  });

  it('keep those of other connections', () => {
    draft = { ...draft, options: { far: { queue: 'x' } } };
    draw();
    type(input('account'), 'mine');
    expect(draft.options).toEqual({ far: { queue: 'x' }, 'lab-1': { account: 'mine' } });
  });

  it('are not there for any connection, nor for one that has none', () => {
    draft = { ...draft, connection: '' };
    draw();
    expect(page.root.textContent).toBe('');
    draft = { ...draft, connection: 'lab-1' };
    state = { options: { options: [], isAsking: false, problem: null } };
    draw();
    expect(page.root.textContent).toBe('');
  });

  it('that cannot be had leave a quiet word and a way to ask again; what was chosen can be seen', () => {
    draft = { ...draft, options: { 'lab-1': { account: 'mine' } } };
    state = { options: { options: [], isAsking: false, problem: 'No route to lab.' } };
    draw();
    expect(page.root.textContent).toContain('lab did not say which options it has. No route to lab.');
    expect(page.root.querySelector('[id="field-options.account"]')?.getAttribute('value') ?? '').toBe('mine');
    void act(() => {
      page.root.querySelector<HTMLButtonElement>('button.link')?.click();
    });
    expect(refreshed).toBe(1);
  });

  it('that were chosen once and are not offered any more can be seen and emptied', () => {
    draft = { ...draft, options: { 'lab-1': { oldQueue: 'x' } } };
    draw();
    expect(page.root.querySelector('[id="field-options.oldQueue"]')).not.toBeNull();
    expect(page.root.textContent).toContain('It is not offered any more.');
  });

  it('have their problems beside them, or below where they have no field', () => {
    state = {
      problems: [
        { field: 'options.queue', row: null, message: 'That queue is closed.' },
        { field: 'options.unknown', row: null, message: 'There is no such option.' },
        { field: 'nodes', row: null, message: 'Elsewhere.' },
      ],
    };
    draw();
    expect(input('queue').closest('.field')?.querySelector('.problem')?.textContent).toBe('That queue is closed.');
    expect(input('queue').getAttribute('aria-invalid')).toBe('true');
    expect(page.root.textContent).toContain('There is no such option.');
    expect(page.root.textContent).not.toContain('Elsewhere.');
  });
});

import { afterEach, expect, it } from 'vitest';

import { keepFocus } from '../../../webview/ui/keepFocus.ts';

afterEach(() => {
  document.body.replaceChildren();
});

const button = (): HTMLButtonElement => {
  const element = document.createElement('button');
  document.body.append(element);
  return element;
};

it('gives the keyboard to what had it in the page, unless something has it or that is gone', () => {
  keepFocus();
  globalThis.dispatchEvent(new Event('focus'));
  expect(document.activeElement).toBe(document.body);
  const [cancel, again] = [button(), button()];
  cancel.focus();
  cancel.blur();
  globalThis.dispatchEvent(new Event('focus'));
  expect(document.activeElement).toBe(cancel);
  again.focus();
  globalThis.dispatchEvent(new Event('focus'));
  expect(document.activeElement).toBe(again);
  again.remove();
  globalThis.dispatchEvent(new Event('focus'));
  expect(document.activeElement).toBe(document.body);
});

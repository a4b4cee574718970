import { render } from 'preact';
import { afterEach, beforeEach } from 'vitest';

/** Where each test draws: an element of the page that is new for it and gone after it. */
export function usePage(): { readonly root: HTMLElement } {
  const page = { root: document.createElement('div') };
  beforeEach(() => {
    page.root = document.createElement('div');
    document.body.append(page.root);
  });
  afterEach(() => {
    render(null, page.root);
    page.root.remove();
  });
  return page;
}

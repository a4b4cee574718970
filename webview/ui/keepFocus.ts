/**
 * VS Code gives the keyboard back to a page after a question, a dialog or another view had it, but not to what had it in the page:
 * this does. Called once per page.
 */
export function keepFocus(): void {
  let last: HTMLElement | null = null;
  document.addEventListener('focusin', ({ target }) => {
    last = target instanceof HTMLElement ? target : null;
  });
  globalThis.addEventListener('focus', () => {
    if (document.activeElement === document.body) {
      last?.focus({ preventScroll: true });
    }
  });
}

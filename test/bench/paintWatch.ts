import { basename } from 'node:path';

import type { Window } from '../workbench/workbench.ts';

const patience = 60_000;

/** What is waited for in the pages of webviews. */
export interface Wanted {
  /** An element that is painted; a selector. */
  readonly painted: string;
  /** An element whose text begins with what is known at last; a selector. */
  readonly counted: string;
  readonly count: string;
}

/** Chooses a file in the dialog that a command asks with. Resolves to when the button was pressed. */
export async function choose(window: Window, command: string, path: string): Promise<number> {
  await window.page.evaluate(noteClick);
  await window.command(command);
  await window.chooseFile(path, 'Open Log', basename(path));
  return await window.page.evaluate(() => Number(document.body.dataset['clicked']));
}

/** Runs in the page: keeps the time of the next click. */
function noteClick(): void {
  const note = (): void => {
    document.body.dataset['clicked'] = String(Date.now());
  };
  globalThis.addEventListener('click', note, { capture: true, once: true });
}

/** From now on every page of a webview notes itself when it shows what is wanted: to look for the page from outside takes too long. */
export async function watchPages(window: Window, wanted: Wanted): Promise<void> {
  await window.page.context().addInitScript(noteMoments, wanted);
}

/** When the page that came after `since` showed what is wanted. All by the clock of `Date.now`. */
export async function moment(window: Window, what: 'painted' | 'counted', since: number): Promise<number> {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    for (const frame of window.page.frames()) {
      const at = await frame.evaluate((name) => Number(Reflect.get(globalThis, name)), what).catch(() => 0);
      if (at > since) {
        return at;
      }
    }
    await window.page.waitForTimeout(50);
  }
  throw new Error(`it was not ${what} within ${patience} ms`);
}

/** Runs in every frame before anything else does. In that of a webview lies another, which VS Code names so when it shows it. */
function noteMoments(wanted: Wanted): void {
  if (!location.pathname.includes('/webview/')) {
    return;
  }
  const times = { painted: 0, counted: 0 };
  const look = (): void => {
    const frame = document.querySelector<HTMLIFrameElement>('iframe#active-frame');
    const page = frame?.contentDocument ?? undefined;
    const isPainted = (page?.querySelector(wanted.painted) ?? null) !== null;
    const counted = page?.querySelector(wanted.counted)?.textContent;
    setTimeout(() => {
      times.painted ||= isPainted ? Date.now() : 0;
      times.counted ||= counted?.startsWith(wanted.count) === true ? Date.now() : 0;
      Object.assign(globalThis, times);
    });
    if (times.painted === 0 || times.counted === 0) {
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
}

import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { type Browser, type BrowserContext, errors, type Frame, type Locator, type Page } from 'playwright-core';

import { launchBrowser } from './browser.ts';
import { type ServerOptions, startServer, type WorkbenchServer } from './server.ts';

const screenshots = join(import.meta.dirname, '..', '..', 'out', 'screenshots');
const patience = 60_000;

/** Themes that are looked at, and what they are called in the names of pictures. */
export const lookedAtIn = [
  ['Light 2026', 'light'],
  ['Dark High Contrast', 'contrast'],
  ['Dark 2026', 'dark'],
] as const;

export interface WorkbenchOptions extends ServerOptions {
  readonly folder: string;
  /** Opened when the window opens. */
  readonly file?: string;
  readonly size?: { readonly width: number; readonly height: number };
  /** What each message between the window and its extension host takes on its way, in ms, as over a link to a machine far away. */
  readonly linkDelay?: number;
}

/** Those of this test file that have not been closed. */
export const openWindows = new Set<Window>();

/** A VS Code server with a browser; each window on it has an extension host of its own. */
export class Workbench {
  readonly #server: WorkbenchServer;
  readonly #browser: Browser;
  readonly #options: WorkbenchOptions;

  private constructor(server: WorkbenchServer, browser: Browser, options: WorkbenchOptions) {
    this.#server = server;
    this.#browser = browser;
    this.#options = options;
  }

  static async start(options: WorkbenchOptions): Promise<Workbench> {
    const server = await startServer(options);
    try {
      return new Workbench(server, await launchBrowser(), options);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Another window, with its own storage as a browser profile has it. */
  async open(change: { readonly folder?: string; readonly file?: string } = {}): Promise<Window> {
    const { folder, file, size, linkDelay } = { ...this.#options, ...change };
    const context = await this.#browser.newContext({ viewport: size ?? { width: 1440, height: 900 } });
    context.setDefaultTimeout(patience);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    if (linkDelay !== undefined) {
      await slowDown(page, linkDelay);
    }
    const payload: [string, string][] = file === undefined ? [] : [['openFile', this.#server.remoteUri(file)]];
    await page.goto(this.#server.url(folder, payload));
    const window = new Window(page, context, this.#server.url(folder, []));
    openWindows.add(window);
    await window.ready();
    return window;
  }

  /** Jobs of this machine go on; the windows and their extension hosts end. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    openWindows.clear();
    await this.#server.stop(signal);
    await this.#browser.close();
  }
}

async function slowDown(page: Page, delay: number): Promise<void> {
  await page.routeWebSocket(/./u, (client) => {
    const server = client.connectToServer();
    client.onMessage((message) => {
      setTimeout(() => {
        server.send(message);
      }, delay);
    });
    server.onMessage((message) => {
      setTimeout(() => {
        client.send(message);
      }, delay);
    });
  });
}

/** One window, driven the way a person drives it. */
export class Window {
  readonly page: Page;
  /** What the page and its webviews complained about: violated content policies and errors nobody caught. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;
  readonly #plainUrl: string;

  /** `plainUrl`: without a file to open, which would keep VS Code from restoring its editors. */
  constructor(page: Page, context: BrowserContext, plainUrl: string) {
    this.page = page;
    this.#context = context;
    this.#plainUrl = plainUrl;
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content.Security.Policy|Uncaught/u.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    page.on('pageerror', (error) => {
      this.complaints.push(String(error.stack));
    });
  }

  /** The workbench is there and the extension has registered its views. */
  async ready(): Promise<void> {
    await this.page.waitForSelector('.monaco-workbench', { timeout: patience });
    await this.page.waitForSelector('.activitybar [aria-label^="Aloft"]', { timeout: patience });
  }

  /** As "Reload Window" does: the extension host goes, the job panel comes back. */
  async reload(): Promise<void> {
    await this.#panelWrittenDown();
    await this.page.goto(this.#plainUrl);
    await this.ready();
  }

  /** In a browser VS Code writes its open editors down every few seconds, not when it closes. */
  async #panelWrittenDown(): Promise<void> {
    const end = Date.now() + patience;
    while (!(await this.page.evaluate(readWrittenState)).some((state) => /aloft\.job.*runId/su.test(state))) {
      if (Date.now() > end) {
        throw new Error('VS Code did not write down that a job panel is open');
      }
      await this.page.waitForTimeout(200);
    }
  }

  async close(): Promise<void> {
    openWindows.delete(this);
    await this.#context.close();
  }

  /** Runs a command by its title in the palette, which is opened again when what ran before takes the focus and so closes it. */
  async command(title: string): Promise<void> {
    const end = Date.now() + patience;
    do {
      await this.page.keyboard.press('F1');
    } while (Date.now() < end && !((await this.#isOffered(title, '>', patience / 10)) && (await this.#choose(title))));
  }

  /** Chooses from the list that VS Code shows at the top. */
  async pick(label: string): Promise<void> {
    if (!((await this.#isOffered(label, '', patience)) && (await this.#choose(label)))) {
      throw new Error(`the list does not offer ${label}`);
    }
  }

  /** Types what is looked for. False when the list does not show it within so many ms. */
  async #isOffered(label: string, prefix: string, timeout: number): Promise<boolean> {
    try {
      await this.page.locator('.quick-input-widget input[type="text"]').fill(`${prefix}${label}`, { timeout });
      await this.#offer(label).waitFor({ timeout });
      return true;
    } catch (error) {
      if (error instanceof errors.TimeoutError) {
        return false;
      }
      throw error;
    }
  }

  /** False when the list has gone before, as it does when something else takes the keyboard. */
  async #choose(label: string): Promise<boolean> {
    const row = this.#offer(label);
    const box = this.page.locator('.quick-input-widget input:focus');
    while ((await row.getAttribute('class'))?.includes('focused') !== true) {
      await this.page.keyboard.press('ArrowDown');
    }
    if ((await box.count()) === 0) {
      return false;
    }
    await this.page.keyboard.press('Enter');
    return true;
  }

  /** A label may be followed by the keys that do the same. */
  #offer(label: string): Locator {
    return this.page
      .locator('.quick-input-list')
      .locator(`.monaco-list-row[aria-label="${label}"], .monaco-list-row[aria-label^="${label},"]`)
      .first();
  }

  /** The inner document of the webview that holds an element matching the selector and, if given, a text. */
  async webview(selector: string, text = ''): Promise<Frame> {
    const end = Date.now() + patience;
    while (Date.now() < end) {
      for (const frame of this.page.frames()) {
        const found = await frame
          .locator(selector, { hasText: text })
          .count()
          .catch(() => 0);
        if (found > 0) {
          return frame;
        }
      }
      await this.page.waitForTimeout(100);
    }
    throw new Error(`no webview shows ${selector} ${text}`);
  }

  /** The New Job form. */
  async form(): Promise<Frame> {
    return await this.webview('form.form');
  }

  /** The panel of the job with this name. */
  async panel(name: string): Promise<Frame> {
    return await this.webview('.panel h1', name);
  }

  /** Opens a log file by the command that asks for one. */
  async openLogFile(path: string): Promise<void> {
    await this.command('Aloft: Open Log File…');
    await this.chooseFile(path, 'Open Log', basename(path));
  }

  /**
   * Answers VS Code's own file dialog with a path. `neighbour` is in the folder of that path and not in the one where the dialog
   * begins: the dialog writes over what is typed until it shows its first folder, and takes what is accepted before it shows the folder
   * that was typed for a wish to go there.
   */
  async chooseFile(path: string, button: string, neighbour: string): Promise<void> {
    const dialog = this.page.locator('.quick-input-widget');
    const accept = dialog.getByRole('button', { name: button, exact: true });
    const rows = dialog.locator('.monaco-list-row');
    await accept.waitFor();
    await rows.first().waitFor();
    await dialog.locator('input[type="text"]').fill(path);
    await this.#scrollUntil(dialog.locator('.quick-input-list'), async () => {
      return (await rows.filter({ hasText: neighbour }).count()) > 0;
    });
    await accept.click();
    await accept.waitFor({ state: 'hidden' });
  }

  /** Of a long list only what is in sight is there. Goes through it again and again, as it may be another by now. */
  async #scrollUntil(list: Locator, isSo: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + patience;
    for (let step = 0; !(await isSo()); step += 1) {
      if (Date.now() > end) {
        throw new Error('the list does not show what is waited for');
      }
      await list.hover();
      await this.page.mouse.wheel(0, step % 40 === 39 ? -100_000 : 150);
      await this.page.waitForTimeout(50);
    }
  }

  /** Types a command into the form and presses Submit. */
  async submit(command: string): Promise<void> {
    const form = await this.form();
    await form.locator('#field-command input').fill(command);
    await form.locator('#submit').click();
  }

  /** The lines of the log in this panel, without their times: goes through all of it, then back to its end. */
  async logLines(panel: Frame): Promise<readonly string[]> {
    return await panel.evaluate(readRows);
  }

  /** Rows of the Jobs tree, found by what a screen reader would say. */
  row(label: string | RegExp): Locator {
    return this.page.getByRole('treeitem', { name: label });
  }

  /** Presses a key on a row. What ran before may still take the focus, which is then given to the row once more. */
  async pressOn(label: string | RegExp, key: string): Promise<void> {
    const row = this.row(label);
    const list = this.page.locator('.monaco-list:focus', { has: row });
    do {
      await this.#reveal(row);
      await row.click();
      await this.page.waitForTimeout(200);
    } while ((await list.count()) === 0 || (await row.getAttribute('aria-selected')) !== 'true');
    await this.page.keyboard.press(key);
  }

  /** Presses the button that a row shows while the mouse is on it. The row may move while its list is drawn anew. */
  async clickOn(label: string | RegExp, action: string): Promise<void> {
    const row = this.row(label);
    const button = row.getByRole('button', { name: action });
    do {
      await this.#reveal(row);
      await row.hover();
      await this.page.waitForTimeout(200);
    } while (!(await button.isVisible()));
    await button.click();
  }

  /** VS Code moves the rows of its lists itself; the browser does not know that one is cut off at the edge. */
  async #reveal(row: Locator): Promise<void> {
    const list = this.page.locator('.monaco-list', { has: row });
    for (;;) {
      const [inner, outer] = [await row.boundingBox(), await list.boundingBox()];
      const above = outer === null || inner === null ? 0 : outer.y - inner.y;
      const below = outer === null || inner === null ? 0 : inner.y + inner.height - outer.y - outer.height;
      if (above <= 0 && below <= 0) {
        return;
      }
      await list.hover();
      await this.page.mouse.wheel(0, below > 0 ? 22 : -22);
      await this.page.waitForTimeout(50);
    }
  }

  /** The New Job form, which has the keyboard. */
  async showAloft(): Promise<void> {
    await this.command('Aloft: New Job');
    await (await this.form()).locator('#field-command :focus, #field-command:focus').first().waitFor();
  }

  /** Changes the colour theme, named as VS Code names it to a person; resolves once the form has it. */
  async theme(name: string): Promise<void> {
    await this.page.keyboard.press('Control+K');
    await this.page.keyboard.press('Control+T');
    await this.pick(name);
    const kinds: Readonly<Record<string, string>> = {
      'Dark 2026': 'vscode-dark',
      'Light 2026': 'vscode-light',
      'Dark High Contrast': 'vscode-high-contrast',
      'Light High Contrast': 'vscode-high-contrast-light',
    };
    await (await this.form()).locator(`body.${kinds[name] ?? ''}`).waitFor();
  }

  /** A picture in light, high contrast and dark, which it stays in. */
  async inThemes(name: string): Promise<void> {
    for (const [theme, short] of lookedAtIn) {
      await this.theme(theme);
      await this.screenshot(`${name}-${short}`);
    }
  }

  dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  async closeEditors(): Promise<void> {
    await this.command('View: Close All Editors');
    await this.page.locator('.tabs-container .tab').first().waitFor({ state: 'detached' });
  }

  /** Answers a modal question. */
  async answer(button: string): Promise<void> {
    await this.dialog().getByRole('button', { name: button, exact: true }).click();
    await this.dialog().waitFor({ state: 'detached' });
  }

  /** All notifications with this text, in VS Code's own list of them. */
  async notification(text: string | RegExp): Promise<Locator> {
    await this.command('Notifications: Show Notifications');
    return this.page.locator('.notifications-center .notification-list-item', { hasText: text });
  }

  /** What a screen reader would find in the lists, the open question and the notifications. */
  async describe(): Promise<string> {
    const names = await this.page
      .locator('[role="treeitem"], .quick-input-list .monaco-list-row, .monaco-dialog-box, .notification-list-item')
      .evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-label') ?? element.textContent));
    return names.map((name) => `  ${name}`).join('\n');
  }

  async screenshot(name: string): Promise<void> {
    await mkdir(screenshots, { recursive: true });
    await this.page.screenshot({ path: join(screenshots, `${name}.png`) });
  }
}

/** Runs in the page: the values that VS Code's workbench keeps about its open editors, in all its databases. */
async function readWrittenState(): Promise<string[]> {
  const settled = async <T>(request: IDBRequest<T>): Promise<T> =>
    await new Promise((resolve, reject) => {
      request.addEventListener('success', () => {
        resolve(request.result);
      });
      request.addEventListener('error', () => {
        reject(request.error ?? new Error('the database cannot be read'));
      });
    });
  const states: string[] = [];
  for (const { name } of await indexedDB.databases()) {
    if (name?.startsWith('vscode-web-state-db') === true) {
      const database = await settled(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const value: unknown = await settled(
          database.transaction(store).objectStore(store).get('memento/workbench.parts.editor'),
        );
        states.push(String(value));
      }
      database.close();
    }
  }
  return states;
}

/** Runs in a panel: only the rows in sight are elements, so it scrolls through them all. */
async function readRows(): Promise<string[]> {
  const scroller = document.querySelector('.log-scroller');
  const rows = new Map<number, string>();
  const settled = async (): Promise<void> => {
    do {
      for (let frame = 0; frame < 3; frame += 1) {
        await new Promise((resolve) => {
          requestAnimationFrame(resolve);
        });
      }
    } while (document.querySelector('.log .row.loading') !== null);
  };
  const read = (): void => {
    for (const row of document.querySelectorAll('.log .row')) {
      rows.set(Number(row.getAttribute('data-row')), row.querySelector('.text')?.textContent ?? '');
    }
  };
  if (scroller === null || scroller.clientHeight === 0) {
    return [];
  }
  for (let top = 0; ; top += scroller.clientHeight * 0.8) {
    scroller.scrollTop = top;
    await settled();
    read();
    if (top >= scroller.scrollHeight - scroller.clientHeight - 1) {
      break;
    }
  }
  scroller.scrollTop = scroller.scrollHeight;
  return [...rows].toSorted(([one], [other]) => one - other).map(([, text]) => text);
}

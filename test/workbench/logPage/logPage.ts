import { join } from 'node:path';

import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';

import type { LogPageToHost } from '../../../src/protocol/logView.ts';
import type { FakeExtension, FakeLogOptions } from './fakeExtension.ts';

const built = join(import.meta.dirname, '..', '..', '..', 'dist', 'webview');
const origin = 'http://viewer.test';

declare global {
  var fake: FakeExtension;
}

/** The viewer's page as it is built, in a browser, with an extension that is played inside the page. */
export async function openLogPage(browser: Browser, options: FakeLogOptions, style = ''): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1_100, height: 760 } });
  const html = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<link rel="stylesheet" href="log.css"><style>${style}</style></head>
<body data-strings="" data-icons="codicon.css"><div id="root"></div><script src="fake.js"></script><script src="log.js"></script></body></html>`;
  const fake = await bundledFake(options);
  await page.route(`${origin}/**`, async (route) => {
    const file = new URL(route.request().url()).pathname.slice(1);
    if (file === '') {
      await route.fulfill({ contentType: 'text/html', body: html });
    } else if (file === 'fake.js') {
      await route.fulfill({ contentType: 'text/javascript', body: fake });
    } else {
      await route.fulfill({ path: join(built, file) });
    }
  });
  await page.goto(`${origin}/`);
  await page.locator('.row:not(.loading)').first().waitFor();
  return page;
}

/** What the viewer has sent so far. */
export async function received(page: Page): Promise<readonly LogPageToHost[]> {
  return await page.evaluate(() => globalThis.fake.received);
}

/** Rows that can be seen, if only a part of them, from the top. */
export async function rowsInSight(page: Page): Promise<readonly number[]> {
  const area = await page.locator('.log-scroller').boundingBox();
  const rows = await page.locator('.row').evaluateAll((elements) =>
    elements.map((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return [Number(element.getAttribute('data-row')), top, bottom] as const;
    }),
  );
  const [from, to] = [area?.y ?? 0, (area?.y ?? 0) + (area?.height ?? 0)];
  return rows.filter(([, top, bottom]) => bottom > from + 1 && top < to - 1).map(([row]) => row);
}

/** Resolves once what was done before is drawn. */
export async function nextFrame(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame += 1) {
      await new Promise((resolve) => {
        requestAnimationFrame(resolve);
      });
    }
  });
}

async function bundledFake(options: FakeLogOptions): Promise<string> {
  const module = join(import.meta.dirname, 'fakeExtension.ts');
  const contents = `import { FakeExtension } from ${JSON.stringify(module)};
globalThis.fake = new FakeExtension(${JSON.stringify(options)});
globalThis.acquireVsCodeApi = () => globalThis.fake.api;`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  });
  return outputFiles[0]?.text ?? '';
}

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { launchBrowser } from '../workbench/browser.ts';
import { nextFrame, openLogPage, received, rowsInSight } from '../workbench/logPage/logPage.ts';

const lines = 10_000_000;

describe('the log viewer in a browser', () => {
  let browser: Browser;
  let page: Page;

  const open = async (count = lines): Promise<void> => {
    page = await openLogPage(browser, { lines: count, delay: 3 });
    await page.locator('.log-scroller').focus();
  };
  const goToLine = async (line: number): Promise<void> => {
    await page.keyboard.press(':');
    await page.keyboard.type(String(line));
    await page.keyboard.press('Enter');
    await page.locator(`.row.cursor:not(.loading)[data-row="${line - 1}"]`).waitFor();
  };
  /** The last message of a kind. */
  const last = async (type: string) => (await received(page)).findLast((message) => message.type === type);

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterEach(async () => {
    await page.close();
  });

  afterAll(async () => {
    await browser.close();
  });

  it('reaches the first, the last and any line of ten million', async () => {
    await open();
    expect((await rowsInSight(page)).at(-1)).toBe(lines - 1);
    await page.keyboard.press('Home');
    await expect.poll(async () => (await rowsInSight(page))[0]).toBe(0);
    for (const line of [1, 5_000_001, 7_654_321, lines - 1, lines]) {
      await goToLine(line);
      expect(await rowsInSight(page)).toContain(line - 1);
    }
  });

  it('goes through the log with the scrollbar, from end to end', async () => {
    await open();
    const scrollTo = async (share: number): Promise<void> => {
      await page.locator('.log-scroller').evaluate((scroller, part) => {
        scroller.scrollTop = part * (scroller.scrollHeight - scroller.clientHeight);
      }, share);
    };
    await scrollTo(0);
    await expect.poll(async () => (await rowsInSight(page))[0]).toBe(0);
    await scrollTo(0.5);
    await expect.poll(async () => Math.abs(((await rowsInSight(page))[0] ?? 0) - lines / 2) < 100).toBe(true);
    await scrollTo(1);
    await expect.poll(async () => (await rowsInSight(page)).at(-1)).toBe(lines - 1);
  });

  it('holds few elements however much went by', async () => {
    await open();
    await page.keyboard.press('Home');
    for (let press = 0; press < 150; press += 1) {
      await page.keyboard.press('PageDown');
    }
    await expect.poll(async () => (await rowsInSight(page))[0]).toBeGreaterThan(4_000);
    expect(await page.locator('.row').count()).toBeLessThan(60);
    await page.keyboard.press('End');
    await expect.poll(async () => (await rowsInSight(page)).at(-1)).toBe(lines - 1);
  });

  it('follows a fast log without a row that is not there, and without asking for one', async () => {
    await open();
    const asked = (await received(page)).filter(({ type }) => type === 'logRows').length;
    const missing = await page.evaluate(async () => await globalThis.fake.growFor(60, 3_300));
    expect(missing).toBe(0);
    await expect.poll(async () => (await rowsInSight(page)).at(-1)).toBe(lines + 60 * 3_300 - 1);
    expect((await received(page)).filter(({ type }) => type === 'logRows')).toHaveLength(asked);
  });

  it('stays where the person reads while the log grows, also when a bar opens', async () => {
    await open();
    await page.mouse.move(400, 400);
    await page.mouse.wheel(0, -2_000);
    await page.locator('.new-lines').waitFor();
    const top = page.locator('.row').nth(10);
    const [text, before] = [await top.textContent(), await top.boundingBox()];
    await page.evaluate(() => {
      globalThis.fake.grow(1_204);
    });
    await page.getByText('1,204 new lines').waitFor();
    expect([await top.textContent(), await top.boundingBox()]).toEqual([text, before]);
    await page.keyboard.press('/');
    await page.locator('#log-find').waitFor();
    const same = page.locator('.row', { hasText: text ?? '' });
    await expect.poll(async () => Math.abs(((await same.boundingBox())?.y ?? 0) - (before?.y ?? 0)) < 1).toBe(true);
  });

  it('copies what is selected, also beyond what is loaded', async () => {
    await open();
    await page.keyboard.press('Home');
    const line = page.locator('.row:not(.loading)[data-row="2"] .text');
    await line.waitFor();
    const box = await line.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 2, (box?.y ?? 0) + 8);
    await page.mouse.down();
    await page.mouse.move((box?.x ?? 0) + 40, (box?.y ?? 0) + 50, { steps: 4 });
    await page.mouse.up();
    expect(await page.evaluate(() => String(globalThis.getSelection()))).toMatch(
      /^\[rank6\] step 0 .*\n\[rank5\] .*\n\[/u,
    );
    await page.mouse.wheel(0, 20_000);
    await page.locator('.row[data-row="2"]').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+C');
    await expect.poll(async () => await last('logCopy')).toEqual({ type: 'logCopy', from: 2, to: 4, numbers: false });
    await page.keyboard.press('Home');
    await line.waitFor();
    await page.mouse.move((box?.x ?? 0) + 2, (box?.y ?? 0) + 8);
    await page.mouse.down();
    await page.mouse.move(400, 900, { steps: 4 });
    await expect.poll(async () => (await rowsInSight(page))[0]).toBeGreaterThan(300);
    await page.mouse.up();
    await page.keyboard.press('Control+C');
    await expect.poll(async () => await last('logCopy')).toMatchObject({ type: 'logCopy', from: 2 });
  });

  it('goes through wrapped lines up and down without leaving one out', async () => {
    await open(2_000);
    await page.keyboard.press('w');
    await page.locator('.log-layer.wrap').waitFor();
    for (const [key, edge] of [
      ['PageUp', 0],
      ['PageDown', 1_999],
    ] as const) {
      const seen = new Set(await rowsInSight(page));
      await expect
        .poll(
          async () => {
            await page.keyboard.press(key);
            await nextFrame(page);
            for (const row of await rowsInSight(page)) {
              seen.add(row);
            }
            return seen.has(edge);
          },
          { interval: 20 },
        )
        .toBe(true);
      expect(seen.size).toBe(2_000);
    }
  });
  it('stays in hand while a pattern takes for ever on its lines', async () => {
    await open(200);
    await page.evaluate(() => {
      globalThis.fake.say('a'.repeat(2_000));
    });
    await page.locator('.row', { hasText: 'aaaa' }).first().waitFor();
    await page.keyboard.press('/');
    await page.getByRole('button', { name: 'Use Regular Expression' }).click();
    await page.locator('#log-find').fill('a*a*b|a*a*c');
    await page.locator('.log-unmarked').waitFor();
    await page.locator('#log-find').fill('a{5}');
    await page.locator('.row .found').first().waitFor();
    expect(await page.locator('.row .found').first().textContent()).toBe('aaaaa');
  });

  it('brings a match in sight, however far to the right it is, and opens a line for one that is cut off', async () => {
    await open();
    const isInSight = async (): Promise<boolean> =>
      await page.evaluate(() => {
        const area = document.querySelector('.log-scroller')?.getBoundingClientRect();
        const box = document.querySelector('.row.cursor .found')?.getBoundingClientRect();
        return (
          area !== undefined &&
          box !== undefined &&
          box.left >= area.left &&
          box.right <= area.right &&
          box.top >= area.top &&
          box.bottom <= area.bottom
        );
      });
    await page.evaluate(() => {
      globalThis.fake.say(`${'x '.repeat(3_000)}needle ${'x '.repeat(900)}`);
    });
    await page.locator('.row', { hasText: 'needle' }).first().waitFor();
    await page.keyboard.press('/');
    await page.locator('#log-find').fill('needle');
    await expect.poll(isInSight).toBe(true);
    await page.locator('#log-find').press('Escape');
    await page.evaluate(() => {
      globalThis.fake.say('begins', `${' y'.repeat(20_000)} thread ${'y '.repeat(900)}`);
    });
    await page.locator('.row .expand').first().waitFor();
    await page.keyboard.press('/');
    await page.locator('#log-find').fill('thread');
    await expect.poll(isInSight).toBe(true);
    expect(await page.locator('.row.cursor .whole').count()).toBe(1);
  });

  it('draws signs for what cannot be seen, and copies the real text', async () => {
    await open();
    const text = 'a\u0000b\u0007c \u202Egnp.exe\u202C d\u2028e\ufeff \ufffd end';
    await page.evaluate((said) => {
      globalThis.fake.say(said);
    }, text);
    const line = page.locator('.row .text', { hasText: 'end' }).first();
    await line.waitFor();
    const seen = await line
      .locator('.sign')
      .evaluateAll((signs) => signs.map((sign) => getComputedStyle(sign, '::before').content));
    expect(seen).toEqual(['"␀"', '"␇"', '"<U+202E>"', '"<U+202C>"', '"<U+2028>"', '"<U+FEFF>"', '"\ufffd"']);
    const height = (await page.locator('.row').first().boundingBox())?.height;
    expect((await line.boundingBox())?.height).toBeLessThanOrEqual(height ?? 0);
    await line.evaluate((element) => {
      globalThis.getSelection()?.selectAllChildren(element);
    });
    const copied = await page.evaluate(
      async () =>
        await new Promise<string>((resolve) => {
          document.addEventListener('copy', () => {
            resolve(String(globalThis.getSelection()));
          });
          document.execCommand('copy');
        }),
    );
    expect(copied).toBe(text);
  });
});

import type { Frame } from 'playwright-core';

/** In each frame that is drawn for so many seconds, the age in ms of the newest line that says when it was printed, when it is a new one. */
export async function newLineAges(frame: Frame, lines: string, seconds: number): Promise<readonly number[]> {
  return await frame.evaluate(watchAges, { lines, ms: seconds * 1000 });
}

/** Runs in the page. */
async function watchAges({ lines, ms }: { readonly lines: string; readonly ms: number }): Promise<number[]> {
  const ages: number[] = [];
  const end = performance.now() + ms;
  let newest = 0;
  while (performance.now() < end) {
    await new Promise<void>((resolve) => {
      requestAnimationFrame(() => {
        setTimeout(resolve);
      });
    });
    const texts = [...document.querySelectorAll(lines)].map((line) => line.textContent);
    const printed = Math.max(0, ...texts.map((text) => Number(/printed\s(\d+)/u.exec(text)?.[1] ?? 0)));
    if (printed > newest) {
      newest = printed;
      ages.push(Date.now() - printed);
    }
  }
  return ages;
}

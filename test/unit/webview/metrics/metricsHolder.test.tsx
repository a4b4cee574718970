import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { MetricsHolder } from '../../../../webview/metrics/MetricsHolder.tsx';
import { noMetrics } from '../../../../webview/metrics/metricsState.ts';
import { usePage } from '../page.ts';

const page = usePage();

beforeEach(() => {
  document.body.dataset['metrics'] = 'https://page.test/metrics.js';
  document.head.innerHTML = '<meta name="csp-nonce" content="once">';
});

afterEach(() => {
  globalThis.drawMetrics = undefined;
});

function show(smoothing = 0): void {
  const state = { ...noMetrics, settings: { ...noMetrics.settings, smoothing } };
  render(<MetricsHolder state={state} set={() => undefined} send={() => undefined} />, page.root);
}

/** The script that the page asked for. */
async function asked(): Promise<HTMLScriptElement> {
  return await vi.waitFor(() => {
    const script = document.head.querySelector('script');
    if (script === null) {
      throw new Error('no script was asked for');
    }
    return script;
  });
}

describe('the curves of a page', () => {
  test('are drawn once their script is there, again with what is new, and taken out at the end', async () => {
    show();
    const script = await asked();
    expect([script.src, script.nonce]).toEqual(['https://page.test/metrics.js', 'once']);
    const draw = vi.fn<NonNullable<typeof globalThis.drawMetrics>>();
    globalThis.drawMetrics = draw;
    script.dispatchEvent(new Event('load'));
    await vi.waitFor(() => {
      expect(draw).toHaveBeenCalled();
    });
    show(0.5);
    expect(draw.mock.lastCall?.[1]?.state.settings.smoothing).toBe(0.5);
    render(null, page.root);
    expect(draw.mock.lastCall?.[1]).toBeNull();
    show(0.7);
    expect(draw.mock.lastCall?.[0]).toBe(page.root.firstElementChild);
    expect(draw.mock.lastCall?.[1]?.state.settings.smoothing).toBe(0.7);
    expect(document.head.querySelectorAll('script')).toHaveLength(1);
  });

  test('that cannot be loaded are told of, and asked for again the next time', async () => {
    show();
    (await asked()).dispatchEvent(new Event('error'));
    await vi.waitFor(() => {
      expect(page.root.textContent).toBe('The curves cannot be loaded: close this tab and open it again.');
    });
    expect(document.head.querySelector('script')).toBeNull();
    render(null, page.root);
    show();
    expect((await asked()).src).toBe('https://page.test/metrics.js');
  });
});

import type { MetricsProps } from './Metrics.tsx';

/** Draws the curves into an element, or takes them out of it. */
export type DrawMetrics = (into: Element, props: MetricsProps | null) => void;

declare global {
  /** There once the script of the curves has run, see index.tsx. */
  var drawMetrics: DrawMetrics | undefined;
}

let loading: Promise<DrawMetrics> | undefined;

/**
 * The curves are half of what a page would load, and mostly are not looked at: they are a script of their own. Rejects when it cannot
 * be had, as when another version of the extension has taken the place of this one.
 */
export async function loadMetrics(): Promise<DrawMetrics> {
  if (globalThis.drawMetrics !== undefined) {
    return globalThis.drawMetrics;
  }
  loading ??= load().finally(() => {
    loading = undefined;
  });
  return await loading;
}

async function load(): Promise<DrawMetrics> {
  const script = document.createElement('script');
  script.src = document.body.dataset['metrics'] ?? '';
  script.nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
  await new Promise<void>((resolve) => {
    script.addEventListener('load', () => {
      resolve();
    });
    script.addEventListener('error', () => {
      resolve();
    });
    document.head.append(script);
  });
  if (globalThis.drawMetrics === undefined) {
    script.remove();
    throw new Error('the script of the curves did not load');
  }
  return globalThis.drawMetrics;
}

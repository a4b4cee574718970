import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { t } from '../ui/l10n.ts';
import type { MetricsProps } from './Metrics.tsx';
import { type DrawMetrics, loadMetrics } from './metricsPart.ts';

/** Where the curves are shown once what draws them is loaded. */
export function MetricsHolder(props: MetricsProps) {
  const into = useRef<HTMLDivElement>(null);
  const [draw, setDraw] = useState<DrawMetrics | null>(() => globalThis.drawMetrics ?? null);
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    loadMetrics().then(
      (loaded) => {
        setDraw(() => loaded);
      },
      () => {
        setMissing(true);
      },
    );
  }, []);
  useLayoutEffect(() => {
    if (into.current !== null) {
      draw?.(into.current, props);
    }
  });
  useLayoutEffect(() => {
    const element = into.current;
    return () => {
      if (element !== null) {
        draw?.(element, null);
      }
    };
  }, [draw]);
  return isMissing ? (
    <p class="metrics-note" role="alert">
      {t('The curves cannot be loaded: close this tab and open it again.')}
    </p>
  ) : (
    <div class="metrics-holder" ref={into} />
  );
}

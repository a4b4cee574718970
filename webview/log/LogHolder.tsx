import { useLayoutEffect, useRef } from 'preact/hooks';

import type { LogView } from './LogView.ts';

/** Where a log is shown among other things. */
export function LogHolder({ log, hidden }: { readonly log: LogView; readonly hidden: boolean }) {
  const holder = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    holder.current?.append(log.element);
  }, [log]);
  return <div class="log-holder" ref={holder} hidden={hidden} />;
}

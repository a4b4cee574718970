import { render } from 'preact';

import { Metrics } from './Metrics.tsx';

/** The curves of a page, see metricsPart.ts. */
globalThis.drawMetrics = (into, props) => {
  render(props === null ? null : <Metrics {...props} />, into);
};

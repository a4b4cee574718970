import './page.css';

import { render } from 'preact';

import { type LogPageTab, logPageTabs, type LogPageToHost, type LogPageToWebview } from '../../src/protocol/logView.ts';
import { unpacked } from '../../src/protocol/packedRows.ts';
import { noMetrics, received } from '../metrics/metricsState.ts';
import { connectHost } from '../ui/host.ts';
import { FilePage } from './FilePage.tsx';
import { LogView } from './LogView.ts';
import { type LogPlace, rememberedPlace } from './rememberedPlace.ts';
import { rememberedSettings } from './rememberedSettings.ts';
import type { LogSettings } from './viewerState.ts';

/** The page of a log file that is no job's. */

interface Remembered {
  readonly path: string;
  readonly tab: LogPageTab;
  readonly log: LogSettings;
  readonly place: LogPlace | undefined;
}

const root = document.querySelector('#root');
let path: string | undefined;
let metrics = noMetrics;

const host = connectHost<LogPageToWebview, LogPageToHost, Remembered>((message) => {
  switch (message.type) {
    case 'file':
      ({ path } = message);
      remember();
      break;
    case 'metricsRuns':
    case 'metricsSeries':
    case 'metricsSettings':
      metrics = received(metrics, message);
      draw();
      break;
    case 'logReveal':
      show('log');
      log.receive(message);
      break;
    default:
      log.receive(unpacked(message));
  }
});

let tab = rememberedTab(host.recall());

const log = new LogView({
  send: (message) => {
    host.send(message);
  },
  settings: rememberedSettings(host.recall()),
  place: rememberedPlace(host.recall()),
  remember,
  onEmpty: () => undefined,
});

function rememberedTab(state: unknown): LogPageTab {
  const known = typeof state === 'object' && state !== null && 'tab' in state ? state.tab : undefined;
  return logPageTabs.find((one) => one === known) ?? 'log';
}

function remember(): void {
  if (path !== undefined) {
    host.remember({ path, tab, log: log.settings, place: log.place });
  }
}

function show(next: LogPageTab): void {
  if (next !== tab) {
    tab = next;
    remember();
    host.send({ type: 'tab', tab });
    draw();
  }
}

function draw(): void {
  if (root !== null) {
    render(
      <FilePage
        tab={tab}
        show={show}
        log={log}
        metrics={metrics}
        setMetrics={(settings) => {
          metrics = { ...metrics, settings };
          host.send({ type: 'metricsSet', settings });
          draw();
        }}
        send={(message) => {
          host.send(message);
        }}
      />,
      root,
    );
  }
}

draw();
document.body.classList.add('ready');
host.send({ type: 'ready' });
host.send({ type: 'tab', tab });
log.restore();
log.focus();

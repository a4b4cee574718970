import './job.css';

import { render } from 'preact';

import type { FilesState, JobTab, JobView, PanelToHost, PanelToWebview } from '../../src/protocol/jobPanel.ts';
import { unpacked } from '../../src/protocol/packedRows.ts';
import { registerComponents } from '../ui/components.ts';
import { connectHost } from '../ui/host.ts';
import { LogView } from '../log/LogView.ts';
import { type LogPlace, rememberedPlace } from '../log/rememberedPlace.ts';
import { rememberedSettings } from '../log/rememberedSettings.ts';
import type { LogSettings } from '../log/viewerState.ts';
import { noMetrics, received } from '../metrics/metricsState.ts';
import { Panel } from './Panel.tsx';

registerComponents();

interface Remembered {
  readonly runId: string;
  readonly tab: JobTab;
  readonly log: LogSettings;
  readonly place: LogPlace | undefined;
}

const root = document.querySelector('#root');
/** How often running times are drawn again, in ms. */
const tick = 1_000;
let job: JobView | undefined;
let gone: string | undefined;
let tab: JobTab = 'log';
let files: FilesState = { kind: 'unknown' };
let isLogEmpty = true;
let metrics = noMetrics;

const host = connectHost<PanelToWebview, PanelToHost, Remembered>((message) => {
  switch (message.type) {
    case 'job':
      if (job === undefined) {
        tab = message.tab;
      }
      job = message.job;
      remember();
      break;
    case 'gone':
      gone = message.message;
      break;
    case 'files':
      files = message.files;
      break;
    case 'metricsRuns':
    case 'metricsSeries':
    case 'metricsSettings':
      metrics = received(metrics, message);
      break;
    case 'logReveal':
      show('log');
      log.receive(message);
      return;
    default:
      log.receive(unpacked(message));
      return;
  }
  draw();
});

const log = new LogView({
  send: (message) => {
    host.send(message);
  },
  settings: rememberedSettings(host.recall()),
  place: rememberedPlace(host.recall()),
  remember,
  onEmpty: (empty) => {
    if (empty !== isLogEmpty) {
      isLogEmpty = empty;
      draw();
    }
  },
});

function remember(): void {
  if (job !== undefined) {
    host.remember({ runId: job.runId, tab, log: log.settings, place: log.place });
  }
}

function draw(): void {
  if (root === null || (job === undefined && gone === undefined)) {
    return;
  }
  render(
    <Panel
      job={job}
      gone={gone}
      tab={tab}
      files={files}
      log={log}
      isLogEmpty={isLogEmpty}
      now={Date.now()}
      metrics={metrics}
      setMetrics={(settings) => {
        metrics = { ...metrics, settings };
        host.send({ type: 'metricsSet', settings });
        draw();
      }}
      send={(message) => {
        host.send(message);
      }}
      show={show}
    />,
    root,
  );
  document.body.classList.add('ready');
}

function show(next: JobTab): void {
  if (next !== tab) {
    tab = next;
    remember();
    host.send({ type: 'tab', tab });
    draw();
  }
}

setInterval(() => {
  if (job !== undefined && job.group !== 'finished') {
    draw();
  }
}, tick);

host.send({ type: 'ready' });
log.restore();

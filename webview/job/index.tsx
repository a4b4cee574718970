import './job.css';

import { render } from 'preact';

import type { FilesState, JobTab, JobView, PanelToHost, PanelToWebview } from '../../src/protocol/jobPanel.ts';
import { registerComponents } from '../ui/components.ts';
import { connectHost } from '../ui/host.ts';
import { type LogStatus, LogTail } from './LogTail.ts';
import { Panel } from './Panel.tsx';

registerComponents();

interface Remembered {
  readonly runId: string;
  readonly tab: JobTab;
}

const root = document.querySelector('#root');
/** How often running times are drawn again, in ms. */
const tick = 1_000;
let job: JobView | undefined;
let gone: string | undefined;
let tab: JobTab = 'log';
let files: FilesState = { kind: 'unknown' };
let logStatus: LogStatus = { text: '', kind: 'none', empty: true };

const log = new LogTail((status) => {
  if (status.text !== logStatus.text || status.empty !== logStatus.empty) {
    logStatus = status;
    draw();
  }
});

const host = connectHost<PanelToWebview, PanelToHost, Remembered>((message) => {
  switch (message.type) {
    case 'job':
      if (job === undefined) {
        tab = message.tab;
      }
      job = message.job;
      host.remember({ runId: job.runId, tab });
      break;
    case 'gone':
      gone = message.message;
      break;
    case 'files':
      files = message.files;
      break;
    case 'log':
      log.apply(message.update);
      requestAnimationFrame(() => {
        host.send({ type: 'logPainted', id: message.id });
      });
      return;
  }
  draw();
});

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
      logStatus={logStatus}
      now={Date.now()}
      send={(message) => {
        host.send(message);
      }}
      show={(next) => {
        tab = next;
        if (job !== undefined) {
          host.remember({ runId: job.runId, tab });
        }
        host.send({ type: 'tab', tab });
        draw();
      }}
    />,
    root,
  );
  document.body.classList.add('ready');
}

setInterval(() => {
  if (job !== undefined && job.group !== 'finished') {
    draw();
  }
}, tick);

host.send({ type: 'ready' });

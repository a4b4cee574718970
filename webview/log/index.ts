import './page.css';

import type { LogPageToHost, LogPageToWebview } from '../../src/protocol/logView.ts';
import { connectHost } from '../ui/host.ts';
import { LogView } from './LogView.ts';
import { rememberedSettings } from './rememberedSettings.ts';
import type { LogSettings } from './viewerState.ts';

/** The page of a log file that is no job's. */

interface Remembered {
  readonly path: string;
  readonly log: LogSettings;
}

let path: string | undefined;

const host = connectHost<LogPageToWebview, LogPageToHost, Remembered>((message) => {
  if (message.type === 'file') {
    ({ path } = message);
    remember();
  } else {
    log.receive(message);
  }
});

const log = new LogView({
  send: (message) => {
    host.send(message);
  },
  settings: rememberedSettings(host.recall()),
  remember,
  onEmpty: () => undefined,
});

function remember(): void {
  if (path !== undefined) {
    host.remember({ path, log: log.settings });
  }
}

document.querySelector('#root')?.append(log.element);
document.body.classList.add('ready');
host.send({ type: 'ready' });
log.restore();
log.focus();

import { keepFocus } from './keepFocus.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export interface Host<ToHost, State> {
  readonly send: (message: ToHost) => void;
  /** Navigation only: what a reload of the window must find again. */
  readonly remember: (state: State) => void;
  /** What was remembered last; not to be trusted. */
  readonly recall: () => unknown;
}

/** The extension's side, as this webview sees it. Called once per page. */
export function connectHost<ToWebview, ToHost, State>(receive: (message: ToWebview) => void): Host<ToHost, State> {
  const api = acquireVsCodeApi();
  keepFocus();
  globalThis.addEventListener('load', addIcons, { once: true });
  globalThis.addEventListener('message', (event: MessageEvent<ToWebview>) => {
    receive(event.data);
  });
  return {
    send: (message) => {
      api.postMessage(message);
    },
    remember: (state) => {
      api.setState(state);
    },
    recall: () => api.getState(),
  };
}

/** Not before: until a page is loaded, VS Code keeps it hidden and its messages back. */
function addIcons(): void {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = document.body.dataset['icons'] ?? '';
  document.head.prepend(link);
}

import type * as vscode from 'vscode';

import type { Logger } from '../core/ports.ts';

/**
 * One side of a conversation with a webview. What comes in is unknown until `parse` accepted it; what cannot be parsed is
 * logged and dropped.
 */
export class WebviewChannel<ToWebview, ToHost> {
  readonly #webview: vscode.Webview;
  readonly #subscription: vscode.Disposable;

  constructor(
    webview: vscode.Webview,
    parse: (message: unknown) => ToHost | undefined,
    handle: (message: ToHost) => void | Promise<void>,
    logger: Logger,
  ) {
    this.#webview = webview;
    this.#subscription = webview.onDidReceiveMessage(async (message: unknown) => {
      const parsed = parse(message);
      if (parsed === undefined) {
        logger.warn('a webview sent a message that is not understood');
        return;
      }
      try {
        await handle(parsed);
      } catch (error) {
        logger.error('a webview request failed', error);
      }
    });
  }

  /** Resolves to false when the webview is hidden or gone: it then gets a whole snapshot when it is shown again. */
  async post(message: ToWebview): Promise<boolean> {
    return await this.#webview.postMessage(message);
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

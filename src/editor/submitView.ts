import * as vscode from 'vscode';

import type { Logger } from '../core/ports.ts';
import type { FormDraft, FormField, FormToHost, FormToWebview } from '../protocol/submitForm.ts';
import { parseFormMessage } from './parseMessages.ts';
import type { SubmitModel } from './submitModel.ts';
import { WebviewChannel } from './webviewChannel.ts';
import { webviewHtml, webviewOptions } from './webviewPage.ts';

export interface SubmitViewActions {
  readonly submit: (draft: FormDraft) => Promise<void>;
  readonly preview: (draft: FormDraft) => Promise<void>;
  readonly setSecret: (name: string) => Promise<void>;
  readonly resolveBlocked: () => Promise<void>;
  /** The view came to the front: what it shows may be out of date. */
  readonly shown: () => void;
}

/** The New Job view: draws the model, hands the person's wishes on. */
export class SubmitView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #extensionUri: vscode.Uri;
  readonly #model: SubmitModel;
  readonly #actions: SubmitViewActions;
  readonly #logger: Logger;
  #channel: WebviewChannel<FormToWebview, FormToHost> | undefined;
  #focus: FormField | undefined;
  readonly #subscription: { dispose(): void };

  constructor(extensionUri: vscode.Uri, model: SubmitModel, actions: SubmitViewActions, logger: Logger) {
    this.#extensionUri = extensionUri;
    this.#model = model;
    this.#actions = actions;
    this.#logger = logger;
    this.#subscription = model.onDidChange(() => {
      this.#postState();
    });
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    view.webview.options = webviewOptions(this.#extensionUri);
    const channel = new WebviewChannel<FormToWebview, FormToHost>(
      view.webview,
      parseFormMessage,
      async (message) => {
        await this.#handle(message);
      },
      this.#logger,
    );
    this.#channel = channel;
    view.onDidDispose(() => {
      channel.dispose();
      this.#channel = undefined;
    });
    view.onDidChangeVisibility(() => {
      if (view.visible) {
        this.#actions.shown();
        this.#postState();
      }
    });
    view.webview.html = webviewHtml(view.webview, this.#extensionUri, {
      name: 'submit',
      title: vscode.l10n.t('New Job'),
    });
    this.#actions.shown();
  }

  /** Puts the keyboard into a field, now or as soon as the form is there. */
  focus(field: FormField): void {
    this.#focus = field;
    void this.#channel?.post({ type: 'focus', field });
  }

  async #handle(message: FormToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#postState();
        if (this.#focus !== undefined) {
          await this.#channel?.post({ type: 'focus', field: this.#focus });
          this.#focus = undefined;
        }
        break;
      case 'draft':
        this.#model.typeDraft(message.draft, message.revision);
        break;
      case 'submit':
        await this.#actions.submit(message.draft);
        break;
      case 'preview':
        await this.#actions.preview(message.draft);
        break;
      case 'cancelSubmit':
        this.#model.cancelSubmit();
        break;
      case 'reset':
        this.#model.reset();
        break;
      case 'refreshOffers':
        await this.#model.refreshOffers(new AbortController().signal);
        break;
      case 'includeFile':
        await this.#model.includeFile(message.path, message.include);
        break;
      case 'setSecret':
        await this.#actions.setSecret(message.name);
        break;
      case 'resolveBlocked':
        await this.#actions.resolveBlocked();
        break;
    }
  }

  #postState(): void {
    void this.#channel?.post({ type: 'state', state: this.#model.state });
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#channel?.dispose();
  }
}

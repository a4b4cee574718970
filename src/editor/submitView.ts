import * as vscode from 'vscode';

import type { Logger } from '../core/ports.ts';
import type { FormFocus, FormToHost, FormToWebview } from '../protocol/submitForm.ts';
import { parseFormMessage } from './parseMessages.ts';
import type { SubmitModel } from './submitModel.ts';
import { WebviewChannel } from './webviewChannel.ts';
import { webviewHtml, webviewOptions } from './webviewPage.ts';

/** What takes more than the form itself. */
export type FormWish = Extract<
  FormToHost,
  { readonly type: 'submit' | 'preview' | 'setSecret' | 'resolveBlocked' | 'addProvider' }
>;

/** The New Job view: draws the model, hands the person's wishes on. */
export class SubmitView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #extensionUri: vscode.Uri;
  readonly #model: SubmitModel;
  readonly #logger: Logger;
  #channel: WebviewChannel<FormToWebview, FormToHost> | undefined;
  #view: vscode.WebviewView | undefined;
  /** The form has said that it is there. */
  #ready = false;
  /** Where the keyboard goes as soon as it is. */
  #focus: FormFocus | undefined;
  readonly #subscription: { dispose(): void };
  readonly #wished = new vscode.EventEmitter<FormWish>();
  readonly #visibility = new vscode.EventEmitter<void>();

  readonly onDidWish = this.#wished.event;
  readonly onDidChangeVisibility = this.#visibility.event;

  constructor(extensionUri: vscode.Uri, model: SubmitModel, logger: Logger) {
    this.#extensionUri = extensionUri;
    this.#model = model;
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
    this.#view = view;
    this.#ready = false;
    view.onDidDispose(() => {
      channel.dispose();
      this.#channel = undefined;
      this.#view = undefined;
      this.#visibilityChanged();
    });
    view.onDidChangeVisibility(() => {
      this.#visibilityChanged();
    });
    view.webview.html = webviewHtml(view.webview, this.#extensionUri, {
      name: 'submit',
      title: vscode.l10n.t('New Job'),
    });
    this.#visibilityChanged();
  }

  get visible(): boolean {
    return this.#view?.visible === true;
  }

  #visibilityChanged(): void {
    this.#model.upload.setShown(this.visible);
    this.#model.options.setShown(this.visible);
    void this.#model.offers.setShown(this.visible);
    if (this.visible) {
      void this.#model.refreshSecrets();
      this.#postState();
    } else {
      this.#ready = false;
    }
    this.#visibility.fire();
  }

  /** Puts the keyboard into a field, now or as soon as the form is there. */
  focus(focus: FormFocus): void {
    if (this.#ready) {
      void this.#channel?.post(focus);
    } else {
      this.#focus = focus;
    }
  }

  async #handle(message: FormToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#postState();
        if (this.#focus !== undefined) {
          await this.#channel?.post(this.#focus);
          this.#focus = undefined;
        }
        break;
      case 'draft':
        this.#model.typeDraft(message.draft, message.revision);
        break;
      case 'cancelSubmit':
        this.#model.cancelSubmit();
        break;
      case 'reset':
        await this.#model.reset();
        break;
      case 'refreshOffers':
        await this.#model.offers.refresh();
        break;
      case 'refreshOptions':
        await this.#model.options.refresh();
        break;
      case 'includeFile':
        await this.#model.upload.include(message.path, message.include);
        break;
      case 'submit':
      case 'preview':
      case 'setSecret':
      case 'resolveBlocked':
      case 'addProvider':
        this.#wished.fire(message);
        break;
    }
  }

  #postState(): void {
    void this.#channel?.post({ type: 'state', state: this.#model.state });
  }

  dispose(): void {
    vscode.Disposable.from(this.#subscription, this.#wished, this.#visibility).dispose();
    this.#channel?.dispose();
  }
}

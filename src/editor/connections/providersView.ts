import * as vscode from 'vscode';

import type { ConnectionsPart } from './connectionsPart.ts';
import type { ProviderNode } from './providerTree.ts';

/** Answers come one by one; the view draws them together, this long after the first, in ms. */
const redrawAfter = 100;

/** The Providers view: a native tree that is empty until somebody looks at it. */
export class ProvidersView implements vscode.TreeDataProvider<ProviderNode>, vscode.Disposable {
  readonly #part: () => Promise<ConnectionsPart>;
  readonly #view: vscode.TreeView<ProviderNode>;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #visibility: vscode.Disposable;
  #shown: ConnectionsPart | undefined;
  #rows: { dispose(): void } | undefined;
  #redraw: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(part: () => Promise<ConnectionsPart>) {
    this.#part = part;
    this.#view = vscode.window.createTreeView('aloft.providers', { treeDataProvider: this });
    this.#visibility = this.#view.onDidChangeVisibility(({ visible }) => {
      this.#shown?.setVisible(visible);
    });
  }

  /** The row that commands of the keyboard are about. */
  get selected(): ProviderNode | undefined {
    return this.#view.selection[0];
  }

  async getChildren(node?: ProviderNode): Promise<ProviderNode[]> {
    return (await this.#show()).tree.children(node);
  }

  async getTreeItem(node: ProviderNode): Promise<vscode.TreeItem> {
    return (await this.#show()).tree.item(node);
  }

  async #show(): Promise<ConnectionsPart> {
    const part = await this.#part();
    if (this.#shown === undefined) {
      this.#shown = part;
      this.#rows = part.onDidChangeRows(() => {
        this.#redraw ??= setTimeout(() => {
          this.#redraw = undefined;
          this.#changed.fire(undefined);
        }, redrawAfter);
      });
      part.setVisible(this.#view.visible);
    }
    return part;
  }

  dispose(): void {
    clearTimeout(this.#redraw);
    this.#rows?.dispose();
    vscode.Disposable.from(this.#visibility, this.#view, this.#changed).dispose();
  }
}

import * as vscode from 'vscode';

import { settledSelection } from '../treeSelection.ts';
import type { ConnectionsPart } from './connectionsPart.ts';
import type { ProviderNode } from './providerTree.ts';

/** Answers come one by one; the view draws them together, this long after the first, in ms. */
const redrawAfter = 100;

/** The Providers view: a native tree that is empty until somebody looks at it. */
export class ProvidersView implements vscode.TreeDataProvider<ProviderNode>, vscode.Disposable {
  readonly #part: () => Promise<ConnectionsPart>;
  readonly #view: vscode.TreeView<ProviderNode>;
  readonly #changed = new vscode.EventEmitter<ProviderNode[] | undefined>();
  readonly #visibility: vscode.Disposable;
  #shown: ConnectionsPart | undefined;
  #rows: { dispose(): void } | undefined;
  #redraw: NodeJS.Timeout | undefined;
  #redrawnAt = 0;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(part: () => Promise<ConnectionsPart>) {
    this.#part = part;
    this.#view = vscode.window.createTreeView('aloft.providers', { treeDataProvider: this });
    this.#visibility = this.#view.onDidChangeVisibility(({ visible }) => {
      this.#shown?.setVisible(visible);
    });
  }

  /** The row that commands of the keyboard are about. */
  async selected(): Promise<ProviderNode | undefined> {
    const [row] = await settledSelection(this.#view, () => this.#redrawnAt);
    return row;
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
          this.#redrawnAt = Date.now();
          const rows = part.tree.sameRows;
          this.#changed.fire(rows === undefined ? undefined : [...rows]);
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

import * as vscode from 'vscode';

import type { Blocked } from '../protocol/submitForm.ts';
import { startOfDocument } from './fileStart.ts';
import { pathInside } from './pathInside.ts';

/** What the window around the form looks like. */
export interface Surroundings {
  /** The folder that is sent, absolute. */
  readonly folder: string | null;
  /** The file in the active editor relative to `folder`, `/` between parts; null when there is none in it. */
  readonly activePath: string | null;
  /** What that file begins with, where it is a shell script. */
  readonly activeStart: string;
  /** Why nothing can be run or uploaded; null when it can. */
  readonly blocked: Blocked | null;
}

/** Which folder and file of this window a job would be made of, and whether it may be. */
export class WorkspaceContext implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  #last: vscode.Uri | undefined;

  readonly onDidChange = this.#changed.event;

  constructor() {
    const changed = (): void => {
      this.#changed.fire();
    };
    this.#subscription = vscode.Disposable.from(
      this.#changed,
      vscode.window.onDidChangeActiveTextEditor(changed),
      vscode.workspace.onDidChangeWorkspaceFolders(changed),
      vscode.workspace.onDidSaveTextDocument(changed),
      vscode.workspace.onDidGrantWorkspaceTrust(changed),
    );
  }

  /** The folder of the file that was active last, so that looking at a job does not change it; else the first one. */
  get folder(): vscode.Uri | undefined {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const active = vscode.window.activeTextEditor?.document.uri;
    const owner = active === undefined ? undefined : this.folderOf(active);
    const last = folders.find(({ uri }) => uri.toString() === this.#last?.toString())?.uri;
    this.#last = owner ?? last ?? folders.find(({ uri }) => uri.scheme === 'file')?.uri;
    return this.#last;
  }

  /** The workspace folder on disk that holds a file. */
  folderOf(file: vscode.Uri): vscode.Uri | undefined {
    const folder = file.scheme === 'file' ? vscode.workspace.getWorkspaceFolder(file)?.uri : undefined;
    return folder?.scheme === 'file' ? folder : undefined;
  }

  /** Whether a folder, absolute, is open in this window. */
  isOpen(folder: string): boolean {
    return vscode.workspace.workspaceFolders?.some(({ uri }) => uri.fsPath === folder) === true;
  }

  get surroundings(): Surroundings {
    const { folder, blocked } = this;
    const active = vscode.window.activeTextEditor?.document.uri;
    const path =
      active?.scheme === 'file' && folder !== undefined ? pathInside(folder.fsPath, active.fsPath) : undefined;
    return {
      folder: folder?.fsPath ?? null,
      activePath: path ?? null,
      activeStart: startOfDocument(vscode.window.activeTextEditor?.document),
      blocked,
    };
  }

  get blocked(): Blocked | null {
    if (!vscode.workspace.isTrusted) {
      return {
        message: vscode.l10n.t('This workspace is not trusted, so nothing can be run or uploaded from it.'),
        action: 'trust',
        actionLabel: vscode.l10n.t('Manage trust'),
      };
    }
    if (this.folder === undefined) {
      return {
        message: vscode.l10n.t('Open the folder that holds your code; a job takes its files along.'),
        action: 'openFolder',
        actionLabel: vscode.l10n.t('Open folder'),
      };
    }
    return null;
  }

  /** Opens the place where what blocks can be changed. */
  async resolveBlocked(): Promise<void> {
    const action = this.blocked?.action;
    if (action === 'trust') {
      await vscode.commands.executeCommand('workbench.trust.manage');
    } else if (action === 'openFolder') {
      await vscode.commands.executeCommand('vscode.openFolder');
    }
  }

  /** True when something can be run here; else says why not. */
  async allowed(): Promise<boolean> {
    const { blocked } = this;
    if (blocked === null) {
      return true;
    }
    const chosen = await vscode.window.showWarningMessage(blocked.message, blocked.actionLabel);
    if (chosen === blocked.actionLabel) {
      await this.resolveBlocked();
    }
    return false;
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

import * as vscode from 'vscode';

/** One item: running, waiting, and what failed since the Jobs view was last looked at. Hidden when all are zero. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('aloft.status', vscode.StatusBarAlignment.Left, 10);

  constructor() {
    this.#item.name = vscode.l10n.t('Aloft Jobs');
    this.#item.command = 'aloft.jobs.focus';
  }

  show(counts: { readonly running: number; readonly waiting: number; readonly failed: number }): void {
    const parts = [
      { count: counts.running, icon: 'play', words: vscode.l10n.t('{0} running', counts.running) },
      { count: counts.waiting, icon: 'clock', words: vscode.l10n.t('{0} waiting', counts.waiting) },
      { count: counts.failed, icon: 'error', words: vscode.l10n.t('{0} failed', counts.failed) },
    ].filter(({ count }) => count > 0);
    if (parts.length === 0) {
      this.#item.hide();
      return;
    }
    const words = `Aloft: ${parts.map((part) => part.words).join(', ')}`;
    this.#item.text = parts.map(({ count, icon }) => `$(${icon}) ${count}`).join(' ');
    this.#item.tooltip = words;
    this.#item.accessibilityInformation = { label: words, role: 'button' };
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}

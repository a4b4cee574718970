import type * as vscode from 'vscode';

import { type Disposable, Emitter, type Event } from '../../core/event.ts';
import type { Shell, TerminalSize } from '../../core/provider.ts';
import { errorSentence } from '../errorSentence.ts';
import { t } from '../l10n.ts';

export interface ShellTerminalDeps {
  /** What it is opened in: `train.py, node 1`. */
  readonly where: string;
  /** The signal ends the shell. */
  readonly open: (size: TerminalSize, signal: AbortSignal) => Promise<Shell>;
  /** How the job is once it does not run any more, in a sentence; null while it does. */
  readonly jobEnd: () => string | null;
  readonly onDidChangeJob: Event<unknown>;
}

type Link =
  | { readonly kind: 'connecting' | 'open'; readonly controller: AbortController }
  /** Enter opens another shell, any other key closes the terminal. */
  | { readonly kind: 'ended' }
  /** Any key closes the terminal. */
  | { readonly kind: 'over' };

const enter = '\r';
const interrupt = '\u0003';
/** In UTF-16 code units. */
const mostTypedAhead = 65_536;
const red = 31;
const dim = 2;

/** A terminal of VS Code whose other end is a shell in a running job. It says why it ended, and what can be done then. */
export class ShellTerminal implements vscode.Pseudoterminal {
  readonly #deps: ShellTerminalDeps;
  readonly #wrote = new Emitter<string>();
  readonly #closed = new Emitter<number | void>();
  readonly #subscription: Disposable;
  #link: Link = { kind: 'ended' };
  #shell: Shell | undefined;
  #size: TerminalSize = { columns: 80, rows: 24 };
  /** What was typed while the shell was on its way. */
  #typedAhead = '';
  /** Nothing stands on the screen yet. */
  #isEmpty = true;

  readonly onDidWrite = this.#wrote.event;
  readonly onDidClose = this.#closed.event;

  constructor(deps: ShellTerminalDeps) {
    this.#deps = deps;
    this.#subscription = deps.onDidChangeJob(() => {
      this.#noticeJobEnd();
    });
  }

  open(size: vscode.TerminalDimensions | undefined): void {
    this.#size = size ?? this.#size;
    void this.#connect();
  }

  setDimensions({ columns, rows }: vscode.TerminalDimensions): void {
    this.#size = { columns, rows };
    this.#shell?.resize(this.#size);
  }

  handleInput(data: string): void {
    const { kind } = this.#link;
    if (kind === 'open') {
      this.#shell?.write(new TextEncoder().encode(data));
    } else if (kind === 'connecting' && data !== interrupt) {
      this.#typedAhead += data.slice(0, mostTypedAhead - this.#typedAhead.length);
    } else if (kind === 'ended' && data === enter) {
      void this.#connect();
    } else {
      this.#closed.fire();
    }
  }

  close(): void {
    this.#letGo();
    this.#link = { kind: 'over' };
    this.#subscription.dispose();
  }

  async #connect(): Promise<void> {
    const controller = new AbortController();
    this.#link = { kind: 'connecting', controller };
    this.#typedAhead = '';
    this.#say(dim, t('Opening a shell in {0}…', this.#deps.where));
    try {
      const shell = await this.#deps.open(this.#size, controller.signal);
      if (controller.signal.aborted) {
        shell.close();
        return;
      }
      await this.#follow(shell, controller);
    } catch (error) {
      if (!controller.signal.aborted) {
        this.#ended(errorSentence(error), red);
      }
    }
  }

  async #follow(shell: Shell, controller: AbortController): Promise<void> {
    this.#link = { kind: 'open', controller };
    this.#shell = shell;
    // It may have changed while the shell was on its way.
    shell.resize(this.#size);
    if (this.#typedAhead !== '') {
      shell.write(new TextEncoder().encode(this.#typedAhead));
    }
    try {
      const decoder = new TextDecoder();
      for await (const bytes of shell.output) {
        this.#wrote.fire(decoder.decode(bytes, { stream: true }));
      }
      this.#wrote.fire(decoder.decode());
    } finally {
      this.#shell = undefined;
    }
    if (!controller.signal.aborted) {
      this.#shellEnded(shell.exitCode?.() ?? null);
    }
  }

  #shellEnded(exitCode: number | null): void {
    if (exitCode === 0 && this.#deps.jobEnd() === null) {
      this.#closed.fire(0);
    } else {
      this.#ended(
        exitCode === null ? t('The shell has ended.') : t('The shell ended with exit code {0}.', exitCode),
        dim,
      );
    }
  }

  #ended(sentence: string, colour: number): void {
    this.#link = { kind: 'ended' };
    if (!this.#noticeJobEnd()) {
      this.#say(colour, sentence, t('Press Enter to open another one, any other key to close this terminal.'));
    }
  }

  /** A job that has ended takes its shells along, whatever their connection says. */
  #noticeJobEnd(): boolean {
    const end = this.#deps.jobEnd();
    if (end === null || this.#link.kind === 'over') {
      return false;
    }
    this.#letGo();
    this.#link = { kind: 'over' };
    this.#say(dim, end, t('Press any key to close this terminal.'));
    return true;
  }

  #letGo(): void {
    if (this.#link.kind === 'connecting' || this.#link.kind === 'open') {
      this.#link.controller.abort(new DOMException('closed', 'AbortError'));
    }
    this.#shell = undefined;
  }

  /** Lines of our own below what the shell printed; the first in a style, what can be done now is dim. */
  #say(style: number, ...sentences: readonly string[]): void {
    const lines = sentences.map((sentence, index) => {
      const plain = sentence.replaceAll(/\p{Cc}+/gu, ' ');
      return `\u001b[${index === 0 ? style : dim}m${plain}\u001b[0m\r\n`;
    });
    this.#wrote.fire(`${this.#isEmpty ? '' : '\r\n'}\u001b[0m${lines.join('')}`);
    this.#isEmpty = false;
  }
}

import type { LogToHost } from '../../../src/protocol/logView.ts';
import type { LogCommand } from '../keys.ts';
import type { BarState, LogSettings, Popup } from '../viewerState.ts';

export interface BarProps extends BarState {
  readonly set: (change: Partial<LogSettings>) => void;
  /** Opens one and closes the others. */
  readonly show: (popup: Popup) => void;
  readonly run: (command: LogCommand) => void;
  /** 0-based. */
  readonly goToLine: (line: number) => void;
  /** Rows, both included. */
  readonly copy: (from: number, to: number, numbers: boolean) => void;
  readonly send: (message: LogToHost) => void;
}
